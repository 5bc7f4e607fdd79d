"""Whether a sabotage was noticed, and the host quiet, in the launches of a self-test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.data.comparable import compare, short_quota
from analysis.data.fields import section
from bench.hosts.monitor import REPLACED_FOR

MOSTLY = 0.5  # of the launches: then it is how the arm, or the machine, is

Row = Mapping[str, Any]  # a launch, as analysis.data.launches has it


def noticed(arm: str, sabotaged: str, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """`outcome` (noticed, unnoticed, not-run) and `reason`, of an arm that was sabotaged beside the arm itself."""
    ordinary, spoiled = rows.get(arm) or [], rows.get(sabotaged) or []
    if not ordinary or not spoiled:
        return {"outcome": "not-run", "reason": "there is no launch of it"}
    comparable, refusal = compare({name: [row["identity"] for row in rows[name]] for name in (arm, sabotaged)})
    if not comparable:
        return {"outcome": "noticed", "reason": f"refused: {refusal}"}
    raised, anyway = mostly(spoiled), mostly(ordinary)
    if own := [flag for flag in raised if flag not in anyway]:
        return {"outcome": "noticed", "reason": f"flagged: {', '.join(own)}"}
    if raised:
        return {"outcome": "noticed", "reason": f"flagged: {', '.join(raised)} (and so is {arm} without it)"}
    return {"outcome": "unnoticed", "reason": "nothing refused and nothing flagged it"}


def mostly(rows: Sequence[Row]) -> list[str]:
    """The flags of more than MOSTLY of these launches, of those that a launch is replaced for."""
    counted = Counter(flag for row in rows for flag in row["flags"] if flag in REPLACED_FOR)
    return sorted(flag for flag, count in counted.items() if count > MOSTLY * len(rows))


def disturbed(rows: Sequence[Row], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`outcome` (quiet, disturbed) and `reason`, of the launches that nobody sabotaged and that count."""
    counted = Counter(flag for row in rows for flag in row["flags"])
    shares = [f"{flag} in {count} of {len(rows)} launches" for flag, count in counted.most_common()]
    quotas = sorted({quota for line in lines if (quota := short_quota(section(line, "hello")))})
    wrong = [f"a CPU quota of {quota} us" for quota in quotas]
    if mostly(rows) or wrong:
        return {"outcome": "disturbed", "reason": "; ".join([*wrong, *shares])}
    return {"outcome": "quiet", "reason": "; ".join(shares) or "no launch that counts was disturbed"}
