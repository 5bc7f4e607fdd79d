"""The sentences about a comparison that all its views share, as plain text."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from analysis.compare.compare import arms_of
from analysis.data.number_format import change, percent, plain_margin
from analysis.text.phrases import MOST_WARNINGS
from bench.core.terminal import short

UNJUDGED = ("refused", "failed", "too-few", "mean")  # both runs have the arm, but it has no verdict
_SHOWN = 6  # changes that a line names; the others are counted


def plain_threshold(threshold: float) -> str:
    """0.05 → `5 %`."""
    return f"{threshold * 100:g} %"


def verdict(arm: dict[str, Any]) -> str:
    """Return the verdict (`equivalent`, `slower`, `REGRESSION` …), or the status if there is no verdict."""
    if arm["regression"]:
        return "REGRESSION"
    if arm["verdict"] == "different":
        return "slower" if arm["ratio"] > 1 else "faster"
    return str(arm["verdict"] or arm["status"])


def head(report: dict[str, Any], side: str) -> str:
    """`A: 20261123T…, 2026-11-23T10:15:00Z, host, Intel…`."""
    said = (report[side][key] for key in ("run_id", "created", "device", "cpu_model"))
    return f"{side.upper()}: " + ", ".join(str(text) for text in said if text)


def summary(report: dict[str, Any]) -> list[str]:
    """Return the counts of verdicts, undetected slowdowns, changes, arms without a verdict, and warnings."""
    return [*_counts(report), *_hidden(report), *_changes(report), *_unjudged(report), *_distrust(report)]


def regressions(report: dict[str, Any]) -> list[str]:
    """Return lines such as `host/… container: +10.2 % [+9.1, +11.3]`, the worst first."""
    found = [(cell, name, arm) for cell, name, arm in arms_of(report) if arm["regression"]]
    found.sort(key=lambda entry: -entry[2]["ratio"])
    return [f"{cell['cell']} {name}: {change(arm)}" for cell, name, arm in found]


def unjudged(report: dict[str, Any]) -> list[str]:
    """Return the arms that both runs have but that have no verdict, with the reason."""
    return [
        f"{cell['cell']} {name}: {arm['status']}: {arm['reason']}"
        for cell, name, arm in arms_of(report)
        if arm["status"] in UNJUDGED
    ]


def _counts(report: dict[str, Any]) -> Iterator[str]:
    counted = Counter(verdict(arm) for _, _, arm in arms_of(report))
    beyond = plain_threshold(report["threshold"])
    words = {
        "equivalent": f"equivalent within {plain_margin(report['margin'])}",
        "REGRESSION": f"slower by more than {beyond}",
    }
    order = ("REGRESSION", "slower", "faster", "equivalent", "inconclusive", *UNJUDGED, "absent")
    said = ", ".join(f"{counted[key]} {words.get(key, key)}" for key in order if counted[key])
    yield f"B against A, cell by cell and arm by arm: {said}"


def _hidden(report: dict[str, Any]) -> Iterator[str]:
    open_ends = [arm for _, _, arm in arms_of(report) if arm["verdict"] == "inconclusive"]
    if hidden := [arm["ci95"][1] for arm in open_ends if arm["ci95"][1] > 1 + report["threshold"]]:
        most = percent(max(hidden))
        yield (
            f"{len(hidden)} of the inconclusive may hide a slowdown beyond {plain_threshold(report['threshold'])} "
            f"(up to {most} %): more blocks would tell"
        )


def _changes(report: dict[str, Any]) -> Iterator[str]:
    """Yield what differs, once for all cells with the same difference."""
    seen: dict[tuple[str, str, str], set[str]] = {}
    for cell, _, arm in arms_of(report):
        for key, (a, b) in arm["changed"].items():
            seen.setdefault((key, a, b), set()).add(cell["framework"])
    everywhere = {cell["framework"] for cell, _, arm in arms_of(report) if arm["changed"]}
    by_place: dict[str, list[str]] = {}
    for (key, a, b), frameworks in seen.items():
        place = "" if frameworks == everywhere else f" ({', '.join(sorted(frameworks))})"
        by_place.setdefault(place, []).append(f"{key} {short(a, 24)} → {short(b, 24)}")
    for place, texts in by_place.items():
        more = f"; and {len(texts) - _SHOWN} more, all of them in --json" if len(texts) > _SHOWN else ""
        yield f"changed{place}: " + "; ".join(texts[:_SHOWN]) + more


def _unjudged(report: dict[str, Any]) -> Iterator[str]:
    texts = unjudged(report)
    yield from texts[:MOST_WARNINGS]
    if len(texts) > MOST_WARNINGS:
        yield f"and {len(texts) - MOST_WARNINGS} more without a verdict, all of them in --json"
    absent = Counter(arm["reason"] for _, _, arm in arms_of(report) if arm["status"] == "absent")
    yield from (f"{reason} ({count} times)" for reason, count in absent.items())
    if report["across"]:
        yield f"compared by hand across: {', '.join(report['across'])}"


def _distrust(report: dict[str, Any]) -> Iterator[str]:
    for side in ("a", "b"):
        counts = [arm[f"{side}_failed"] for _, _, arm in arms_of(report)]
        if failed := sum(counts):
            where = sum(map(bool, counts))
            yield f"{side.upper()}: {failed} launches failed, in {where} arms of cells; what is compared are the others"
        warnings = report[side]["warnings"]
        yield from (f"{side.upper()}: {text}" for text in warnings[:MOST_WARNINGS])
        if len(warnings) > MOST_WARNINGS:
            yield f"{side.upper()}: and {len(warnings) - MOST_WARNINGS} more warnings, all of them in --json"
    if any(arm["status"] == "compared" for _, _, arm in arms_of(report)):
        yield (
            "the intervals hold how launches scatter within each run, not what set one run apart from the other "
            "as a whole; two runs of the same show how much that is"
        )
