"""A self-test's answer as one dictionary with stable keys: what `bench measure selftest --json` prints.

schema, run_id, created, command, host, versions, warnings
cell, arms, sabotage        what was on for the whole run, or null
blocks, minutes             measured: blocks, and what their launches took
verdict                     passed, failed, nothing-shown (no check failed, and no dose was large enough to be found),
                            unfinished (cut short: not all was launched)
false_alarms, level         at most so many healthy instruments fail; the level of each interval for that
checks[]
  kind                      same (an arm against itself), known (slowed down on purpose), noticed (sabotaged),
                            host (the machine is quiet), launches (every one has a number)
  name, of                  what is checked; numerator and denominator, or the arms
  known, ratio, interval, blocks   of kinds same and known; interval has the level above
  outcome, failed, reason   see selftest_rule.py and sabotage_checks.py; refused: not the same code; not-run
resolution                  null where no pair of equal arms has an interval
  sd, pair_s                spread of log ratios between equal arms, and seconds of a launch of each
  half_width                that this run reached for equal arms: a fraction, the median over pairs
  rows[]                    half_width, blocks, minutes that it takes here; null when it takes too many
"""

import json
from collections.abc import Sequence
from statistics import median
from typing import Any

from analysis.data.comparable import compare
from analysis.data.fields import section
from analysis.data.launches import load
from analysis.data.number_format import is_nan
from analysis.experiments.sabotage_checks import Row, disturbed, noticed
from analysis.experiments.selftest_rule import FALSE, WIDTHS, blocks_for, judge, level_of, pooled
from analysis.report.stats.ratios import Difference, LaunchMedians, difference
from bench.journal.journal import Run, dumps
from bench.run.experiments.selftest_arms import DOSES, SLOW, TWIN

SCHEMA = 1
PASSED, FAILED, NOTHING, UNFINISHED = "passed", "failed", "nothing-shown", "unfinished"
INJECTION_NS = 1_000  # how exact a slowdown on purpose is: a reading of the clock and a call, and then some
SLOWED = "slowdown on purpose"


def build(run: Run) -> dict[str, Any]:
    """The report of a run of `bench measure selftest`."""
    loaded, plan = load(run), section(run.facts, "plan")
    rows: dict[str, list[Row]] = {}
    for row in loaded.launches.to_dict("records"):
        rows.setdefault(row["arm"], []).append({str(key): value for key, value in row.items()})
    good = {arm: [row for row in each if row["status"] == "ok"] for arm, each in rows.items()}
    base, slowed = [str(arm) for arm in plan.get("base") or []], str(plan.get("slowed"))
    level = level_of(len(base) + len(DOSES))
    same = [_known(good, arm + TWIN, arm, 1.0, level) for arm in base]
    doses = [_known(good, f"{slowed}{SLOW}{dose}", slowed, 1 + dose / 100, level) for dose in DOSES]
    compared = {arm for check in (*same, *doses) for arm in check["of"]}
    counting = [row for arm in compared for row in good.get(arm, [])]
    lines = [line for line in run.launches if line["arm"] in compared and line["status"] == "ok"]
    sabotages = {name: tuple(of) for name, of in section(plan, "sabotages").items()}
    seen = [
        {"kind": "noticed", "name": what, "of": [name, arm], **noticed(arm, name, good)}
        for name, (arm, what) in sabotages.items()
    ]
    quiet = {"kind": "host", "name": "the machine is quiet", "of": sorted(compared), **disturbed(counting, lines)}
    failures = [row for each in rows.values() for row in each if row["status"] != "ok"]
    checks = [*same, *doses, *seen, quiet, _launches(failures)]
    for check in checks:
        check["failed"] = check["outcome"] in _FAILING
    report = {
        "schema": SCHEMA,
        "run_id": run.facts["run_id"],
        **{key: run.facts.get(key) for key in ("created", "command")},
        **{key: section(run.facts, key) for key in ("host", "versions")},
        "warnings": loaded.warnings,
        "cell": next(iter(run.stops), None) or next((line["cell"] for line in run.launches), None),
        "arms": base,
        "sabotage": plan.get("sabotage"),
        "blocks": max((row["block"] for row in counting), default=0),
        "minutes": sum(_seconds(row) for row in counting) / 60,
        "verdict": _verdict(checks, complete=bool(run.stops) and _complete(seen)),
        "false_alarms": FALSE,
        "level": level,
        "checks": [{key: value for key, value in check.items() if key != "difference"} for check in checks],
        "resolution": _resolution([check["difference"] for check in same if "difference" in check], good, base),
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))
    return cleaned


_FAILING = ("unequal", "missed", "refused", "unnoticed", "disturbed", "without-number")


def _known(rows: dict[str, list[Row]], arm: str, base: str, known: float, level: float) -> dict[str, Any]:
    kind = "same" if known == 1 else "known"
    name = f"{base} against itself" if known == 1 else f"{base}, {known - 1:.0%} slower"
    check: dict[str, Any] = {"kind": kind, "name": name, "of": [arm, base], "known": known, "reason": None}
    check |= {"ratio": None, "interval": None, "blocks": 0, "outcome": "not-run"}
    used = {each: {row["block"]: row for row in rows.get(each, [])} for each in (arm, base)}
    blocks = used[arm].keys() & used[base].keys()
    identities = {each: [of[block]["identity"] for block in blocks] for each, of in used.items()}
    comparable, reason = compare(identities, () if known == 1 else (SLOWED,))
    if not comparable:
        return check | {"outcome": "refused", "reason": reason, "blocks": len(blocks)}
    medians = (LaunchMedians({block: of[block]["median_ns"] for block in blocks}) for of in used.values())
    found = difference(*medians)
    if found is None:
        return check | {"reason": "fewer than two blocks have both", "blocks": len(blocks)}
    inexact = 0.0 if known == 1 else INJECTION_NS / median(row["median_ns"] for row in used[base].values())
    judged = judge(found, known, level, inexact)
    check |= {"ratio": judged.ratio, "interval": list(judged.interval), "blocks": found.blocks}
    return check | {"outcome": judged.outcome, "difference": found}


def _launches(failures: Sequence[Row]) -> dict[str, Any]:
    said = sorted({f"{row['arm']}: {row['reason']}" for row in failures})
    reason = f"{len(failures)} have none: {'; '.join(said)}" if failures else None
    outcome = "without-number" if failures else "complete"
    return {"kind": "launches", "name": "every launch has a number", "of": [], "outcome": outcome, "reason": reason}


def _verdict(checks: Sequence[dict[str, Any]], *, complete: bool) -> str:
    if any(check["failed"] for check in checks):
        return FAILED
    if not complete:
        return UNFINISHED
    return PASSED if any(check["outcome"] == "found" for check in checks) else NOTHING


def _complete(seen: Sequence[dict[str, Any]]) -> bool:
    return all(check["outcome"] != "not-run" for check in seen)


def _resolution(equal: list[Difference], rows: dict[str, list[Row]], base: Sequence[str]) -> dict[str, Any] | None:
    if not equal:
        return None
    sd, pair_s = pooled(equal), 2 * median(_seconds(row) for arm in base for row in rows.get(arm, []))
    needed = {width: blocks_for(width, sd) for width in WIDTHS}
    table = [
        {"half_width": width, "blocks": blocks, "minutes": None if blocks is None else blocks * pair_s / 60}
        for width, blocks in needed.items()
    ]
    return {"sd": sd, "pair_s": pair_s, "half_width": median(each.half_width for each in equal), "rows": table}


def _seconds(row: Row) -> float:
    wall = row["wall_ns"]
    return 0.0 if is_nan(wall) else wall / 1e9
