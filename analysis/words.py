"""A report in plain words: the sentences that the terminal and the page share. Everything returned is plain text."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from analysis.ratios import RATIOS

MEANING = {
    "virtualization": "what the container's isolation costs",
    "userland": "what the image's other user land costs",
    "total": "what a user of the container sees",
}
FEW = 4  # cells up to which the equivalent ones are spelled out too
MOST_WARNINGS = 10  # a journal of nothing but damage is not read out to its end


def percent(ratio: float, digits: int = 1) -> str:
    """1.012 → `+1.2`, with a true minus sign."""
    text = f"{(ratio - 1) * 100:+.{digits}f}"
    return ("0." + "0" * digits if float(text) == 0 else text).replace("-", "−")


def change(ratio: dict[str, Any]) -> str:
    """`+1.2 % [−0.4, +2.9]`, or a dash where there is no ratio."""
    if ratio["ratio"] is None:
        return "–"
    low, high = ratio["ci95"]
    return f"{percent(ratio['ratio'])} % [{percent(low)}, {percent(high)}]"


def plain_margin(margin: float) -> str:
    """0.05 → `±5 %`."""
    return f"±{margin * 100:g} %"


def sentence(name: str, ratio: dict[str, Any], margin: float) -> str:
    """One ratio of one cell, with its verdict or why there is none."""
    pair = RATIOS[name]
    what = f"{pair.numerator} vs {pair.denominator}"
    if ratio["ratio"] is None:
        outcome = "incomparable" if ratio["comparable"] is False else ratio["verdict"] or "not compared"
        return f"{what}: {outcome}: {ratio['reason']}"
    return f"{what}: {change(ratio)} → {_verdict(ratio, margin)}"


def summary(report: dict[str, Any]) -> list[str]:
    """What the run says: the count of verdicts for each ratio, then what needs a reader's eye, then what is missing."""
    return [*counts(report), *details(report), *missing(report)]


def _verdict(ratio: dict[str, Any], margin: float) -> str:
    if ratio["verdict"] == "equivalent":
        return f"equivalent within {plain_margin(margin)}"
    if ratio["verdict"] == "different":
        return "different: " + ("slower" if ratio["ratio"] > 1 else "faster")
    more = ratio["more_blocks"]
    return "inconclusive: " + (
        f"about {more} more blocks would tell" if more else "too noisy for any sensible number of blocks"
    )


def counts(report: dict[str, Any]) -> Iterator[str]:
    """For each ratio how many cells have which verdict."""
    for name, pair in RATIOS.items():
        outcomes = Counter(cell["ratios"][name]["verdict"] or "not compared" for cell in report["cells"])
        if set(outcomes) <= {"not compared"}:
            continue  # the details say why
        said = ", ".join(f"{outcomes[key]} {text}" for key, text in _outcomes(report["margin"]) if outcomes[key])
        cells = plural(len(report["cells"]), "cell")
        yield f"{pair.numerator} vs {pair.denominator}, {MEANING[name]}: {said} ({cells})"


def _outcomes(margin: float) -> list[tuple[str, str]]:
    first = ("equivalent", f"equivalent within {plain_margin(margin)}")
    return [first, *((key, key) for key in ("different", "inconclusive", "not compared"))]


def details(report: dict[str, Any]) -> Iterator[str]:
    """What is not equivalent, cell by cell; with few cells what is, too."""
    absent: set[str] = set()
    for cell in report["cells"]:
        for name, ratio in cell["ratios"].items():
            if ratio["comparable"] is None and ratio["verdict"] is None:
                absent.add(sentence(name, ratio, report["margin"]))  # the same for every cell: once
            elif ratio["verdict"] != "equivalent" or len(report["cells"]) <= FEW:
                yield f"{cell['cell']}: {sentence(name, ratio, report['margin'])}"
    yield from sorted(absent)


def missing(report: dict[str, Any]) -> Iterator[str]:
    """What failed, was not run, was forced, or was left out as damaged."""
    for cell in report["cells"]:
        for failure in cell["failures"]:
            launches = plural(failure["count"], "launch", "launches")
            said = f": {failure['message']}" if failure["message"] else ""
            yield f"{cell['cell']}: {launches} of {failure['arm']} failed, {failure['reason']}{said}"
        if cell["status"] == "not-run":
            yield f"{cell['cell']}: not run yet"
    yield from (f"forced: {text}" for text in report["forced"])
    warnings = report["warnings"]
    yield from warnings[:MOST_WARNINGS]
    if len(warnings) > MOST_WARNINGS:
        yield f"and {len(warnings) - MOST_WARNINGS} more warnings, all of them in --json"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 cell`, `2 cells`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
