"""What a container costs and where it comes from, in plain words. Everything returned is plain text."""

from collections.abc import Iterator, Sequence
from typing import Any

from analysis.data.number_format import change, plain_margin
from analysis.data.phases import PHASES
from analysis.report.stats.ratios import RATIOS

# For a reader who knows no statistics.
EXPLAINED = (
    "Each line compares one program run in two ways, many times and in turns: +2 % means that the first way takes 2 % "
    "longer for one answer of the network, and the numbers in brackets say between which values the true difference "
    "most likely lies.",
    "Equivalent within ±5 % means that any difference is, as good as surely, smaller than 5 %; different means that "
    "there is one, not shown to be so small; inconclusive means that only more measuring would tell.",
    "Where the difference comes from, the lines further down say: each takes one thing away from the container, and "
    "shows how much longer the container with that thing takes.",
)


def explained(reports: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """What a reader of these reports must know of their ratios; nothing where there is none."""
    cells = [cell for report in reports for cell in report["cells"]]
    if any(cell["attribution"] for cell in cells):
        return EXPLAINED
    return EXPLAINED[:2] if any(ratio["ratio"] for cell in cells for ratio in cell["ratios"].values()) else ()


def attributions(report: dict[str, Any]) -> Iterator[str]:
    """For each cell with ablations: what costs something, what does not, and what cannot be told."""
    judged = [entry for cell in report["cells"] for entry in cell["attribution"].values() if entry["ratio"]]
    for cell in report["cells"]:
        entries = {name: entry for name, entry in cell["attribution"].items() if entry["verdict"] is not None}
        if not entries:
            continue
        by_verdict: dict[str, list[str]] = {}
        for name, entry in entries.items():
            by_verdict.setdefault(entry["verdict"], []).append(name)
        parts = [_costs(entries, by_verdict.get("different", []))]
        if same := by_verdict.get("equivalent"):
            parts.append(f"equivalent within {plain_margin(report['margin'])}: {', '.join(same)}")
        if open_ones := by_verdict.get("inconclusive"):
            parts.append(f"not told yet: {', '.join(open_ones)}")
        yield f"{cell['cell']}: where the difference comes from: {'; '.join(filter(None, parts))}"
    if len(judged) > 1:
        yield f"the {len(judged)} verdicts on single things are adjusted for one another likewise"
    yield from _doubts(report)


def cold_starts(report: dict[str, Any]) -> Iterator[str]:
    """For each cell: how long the first answer takes in a container, how much of it natively, and the longest phase."""
    for cell in report["cells"]:
        phases = cell["arms"].get("container", {}).get("phases", {})
        if not phases.get("total"):
            continue
        longest = max((name for name in PHASES if phases[name]), key=lambda name: phases[name])
        said = f"the first answer takes {phases['total']:.0f} ms in the container, most of it {longest}"
        yield f"{cell['cell']}: {said} ({phases[longest]:.0f} ms){_against(cell)}"


def _costs(entries: dict[str, Any], names: list[str]) -> str:
    ordered = sorted(names, key=lambda name: -entries[name]["ratio"])
    return ", ".join(f"{name} {change(entries[name])}" for name in ordered) or "no single thing that is sure"


def _against(cell: dict[str, Any]) -> str:
    for name in ("total", "virtualization"):
        if name in cell["cold_start"]:
            return f", {change(cell['cold_start'][name])} against {RATIOS[name].denominator}"
    return ""


def _doubts(report: dict[str, Any]) -> Iterator[str]:
    """Ablations that did not happen, or changed more than they should."""
    for cell in report["cells"]:
        for name, entry in cell["attribution"].items():
            if entry["comparable"] is False:
                yield f"{cell['cell']}: {name}: incomparable: {entry['reason']}"
            elif entry["unmeant"]:
                yield f"{cell['cell']}: {name} changed more than it is meant to: {', '.join(entry['unmeant'])}"
    absent = {
        f"left out: {name}: {entry['reason']}"
        for cell in report["cells"]
        for name, entry in cell["attribution"].items()
        if entry["comparable"] is None and entry["verdict"] is None
    }
    yield from sorted(absent)
