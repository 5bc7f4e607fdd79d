"""Verdicts over many ratios at once, at several margins, with false discoveries controlled.

Of a hundred pairs of arms that do not differ, five differ at 5 % by chance. Each kind of p value (of a difference; of
equivalence, at each margin) is therefore adjusted over all ratios of one question after Benjamini & Hochberg (1995):
of what is called different at most 5 % is not, on average, and the same for what is called equivalent. Intervals are
those of one ratio and not adjusted.

    equivalent    the adjusted tests of equivalence reject; also when the difference is real, and too small to matter
    different     not equivalent, and the adjusted test of a difference rejects
    inconclusive  neither
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import false_discovery_control

from analysis.report.stats.ratios import LEVEL, Difference, Verdict, verdict_of

MARGINS = (0.01, 0.05)  # what an engineer may notice, and what the literature calls negligible
ALPHA = 1 - LEVEL


@dataclass(frozen=True)
class Judged:
    """A ratio among others. `q` are its adjusted p values; `more_blocks` as in ratios.py, of an inconclusive one."""

    margin: float
    verdict: Verdict
    q_different: float
    q_equivalent: float
    more_blocks: int | None


def adjust(different: Sequence[float], equivalent: Sequence[float]) -> list[tuple[float, float, Verdict]]:
    """Adjusted p values of both kinds, and the verdict that follows, for each pair of p values."""
    if not different:
        return []
    adjusted = (false_discovery_control(different).tolist(), false_discovery_control(equivalent).tolist())
    return [(d, e, verdict_of(d, e)) for d, e in zip(*adjusted, strict=True)]


def judge(differences: Sequence[Difference], margin: float) -> list[Judged]:
    """The verdicts of ratios that answer one question, at one margin."""
    p_different = [each.p_different for each in differences]
    p_equivalent = [each.p_equivalent(margin) for each in differences]
    adjusted = adjust(p_different, p_equivalent)
    next_different = _next_level([d for d, _, _ in adjusted])
    next_equivalent = _next_level([e for _, e, _ in adjusted])
    return [
        Judged(
            margin,
            verdict,
            q_different,
            q_equivalent,
            each.more_blocks(margin, next_equivalent, next_different) if verdict == "inconclusive" else None,
        )
        for each, (q_different, q_equivalent, verdict) in zip(differences, adjusted, strict=True)
    ]


def _next_level(adjusted: Sequence[float]) -> float:
    """The p value at which one more would be rejected: the step of Benjamini & Hochberg after those that are."""
    rejected = sum(q <= ALPHA for q in adjusted)
    return ALPHA * min(rejected + 1, len(adjusted)) / len(adjusted) if adjusted else ALPHA
