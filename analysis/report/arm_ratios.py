"""The ratios of a report: opened cell by cell, closed with verdicts once all that answer one question are known.

ratio, ci95                null where there is none
half_width                 how far the interval reaches, as a fraction: ratio / (1 + h) to ratio · (1 + h)
verdict, more_blocks       at the report's own margin: equivalent, different, inconclusive; null where nothing may or
                           can be compared
comparable                 false: the reason says what differs; null: an arm is not part of the run
reason, blocks
p_different, q_different   of the test that the ratio is 1: alone, and adjusted over all ratios of the question
margins[]                  margin, verdict, q_equivalent, more_blocks at each margin (verdicts.py)
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from analysis.data.comparable import compare
from analysis.data.launches import Launch, good
from analysis.report.stats.ratios import LaunchMedians, Pair, difference, too_few
from analysis.report.stats.verdicts import MARGINS, judge

KEYS = (
    "ratio",
    "ci95",
    "half_width",
    "verdict",
    "more_blocks",
    "comparable",
    "reason",
    "blocks",
    "p_different",
    "q_different",
    "margins",
)
_OPEN = "difference"  # what a ratio holds until it is closed


def open_ratio(
    pair: Pair,
    by_arm: Mapping[str, list[Launch]],
    absent: Mapping[str, Any],
    *,
    meant: Collection[str] = (),
    wrong: str | None = None,
) -> dict[str, Any]:
    """A ratio of one cell without its verdicts.

    `by_arm` holds the launches of its arms; `absent` says of an arm that has none why, where that is known; `meant` is
    what the arms may differ in, `wrong` why nothing of this cell may be compared (comparable.py).
    """
    nothing = dict.fromkeys(KEYS) | {"margins": []}
    if missing := [arm for arm in pair if arm not in by_arm]:
        known = "; ".join(str(absent[arm]) for arm in missing if arm in absent)
        return nothing | {"reason": known or f"{' and '.join(missing)} not part of this run", "blocks": 0}
    used = _complete_blocks(pair, by_arm)
    blocks = len(used[pair.numerator])
    if not blocks:
        return nothing | {"blocks": 0, "verdict": "inconclusive", "reason": too_few(0)}
    if wrong:
        return nothing | {"comparable": False, "reason": wrong, "blocks": blocks}
    comparable, reason = compare({arm: [launch["identity"] for launch in rows] for arm, rows in used.items()}, meant)
    if not comparable:
        return nothing | {"comparable": False, "reason": reason, "blocks": blocks}
    found = difference(_medians(used[pair.numerator]), _medians(used[pair.denominator]))
    if found is None:
        return nothing | {"comparable": True, "blocks": blocks, "verdict": "inconclusive", "reason": too_few(blocks)}
    return nothing | {
        "ratio": found.ratio,
        "ci95": list(found.ci95),
        "half_width": found.half_width,
        "comparable": True,
        "blocks": blocks,
        "p_different": found.p_different,
        _OPEN: found,
    }


def margins(margin: float) -> list[float]:
    """The margins at which a report judges, from the narrowest: its own, and those that every report has."""
    return sorted({margin, *MARGINS})


def close_ratios(ratios: Sequence[dict[str, Any]], margin: float) -> None:
    """Add the verdicts of ratios that answer one question, at `margin` and at those that every report has."""
    unjudged = [ratio for ratio in ratios if _OPEN in ratio]
    differences = [ratio.pop(_OPEN) for ratio in unjudged]
    for each in margins(margin):
        for ratio, judged in zip(unjudged, judge(differences, each), strict=True):
            ratio["q_different"] = judged.q_different
            shown = {key: getattr(judged, key) for key in ("margin", "verdict", "q_equivalent", "more_blocks")}
            ratio["margins"].append(shown)
            if each == margin:
                ratio.update(verdict=judged.verdict, more_blocks=judged.more_blocks)


def _complete_blocks(pair: Pair, by_arm: Mapping[str, list[Launch]]) -> dict[str, list[Launch]]:
    """The launches of both arms with a number, of the blocks in which both have one."""
    counted = {arm: good(by_arm[arm]) for arm in pair}
    both = set.intersection(*({launch["block"] for launch in rows} for rows in counted.values()))
    return {arm: [launch for launch in rows if launch["block"] in both] for arm, rows in counted.items()}


def _medians(rows: list[Launch]) -> LaunchMedians:
    return LaunchMedians({launch["block"]: launch["median_ns"] for launch in rows})
