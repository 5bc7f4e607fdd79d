"""A report in plain words: the sentences that the terminal and the page share. Everything returned is plain text."""

from collections import Counter
from collections.abc import Iterator
from math import floor, log10
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
    return [*_counts(report), *_details(report), *_energy(report["energy"]), *_missing(report)]


def energy(arm: dict[str, Any], name: str) -> str:
    """`11.4 ± 0.3` in mJ per inference, `≥` before the uncertainty where the vendor states no limits of error."""
    joules, uncertainty = arm[name], arm[name.replace("_j", "_uncertainty_j")]
    if joules is None:
        return "–"
    digits = max(0, 2 - floor(log10(abs(joules * 1e3)))) if joules else 2
    sign = "±" if arm["meter_stated"] else "± ≥"
    return f"{joules * 1e3:.{digits}f} {sign} {(uncertainty or 0) * 1e3:.{digits}f}".replace("-", "−")


def _verdict(ratio: dict[str, Any], margin: float) -> str:
    if ratio["verdict"] == "equivalent":
        return f"equivalent within {plain_margin(margin)}"
    if ratio["verdict"] == "different":
        return "different: " + ("slower" if ratio["ratio"] > 1 else "faster")
    more = ratio["more_blocks"]
    return "inconclusive: " + (
        f"about {more} more blocks would tell" if more else "too noisy for any sensible number of blocks"
    )


def _counts(report: dict[str, Any]) -> Iterator[str]:
    for name, pair in RATIOS.items():
        outcomes = Counter(cell["ratios"][name]["verdict"] or "not compared" for cell in report["cells"])
        if set(outcomes) <= {"not compared"}:
            continue  # the details say why
        said = ", ".join(f"{outcomes[key]} {text}" for key, text in _outcomes(report["margin"]) if outcomes[key])
        cells = _number(len(report["cells"]), "cell")
        yield f"{pair.numerator} vs {pair.denominator}, {MEANING[name]}: {said} ({cells})"


def _outcomes(margin: float) -> list[tuple[str, str]]:
    first = ("equivalent", f"equivalent within {plain_margin(margin)}")
    return [first, *((key, key) for key in ("different", "inconclusive", "not compared"))]


def _details(report: dict[str, Any]) -> Iterator[str]:
    absent: set[str] = set()
    for cell in report["cells"]:
        for name, ratio in cell["ratios"].items():
            if ratio["comparable"] is None and ratio["verdict"] is None:
                absent.add(sentence(name, ratio, report["margin"]))  # the same for every cell: once
            elif ratio["verdict"] != "equivalent" or len(report["cells"]) <= FEW:
                yield f"{cell['cell']}: {sentence(name, ratio, report['margin'])}"
    yield from sorted(absent)


def _energy(found: dict[str, Any] | None) -> Iterator[str]:
    if not found:
        return
    if found["reason"]:
        yield f"no energy: {found['reason']}"
        return
    yield (
        f"energy is of the {found['scope']} ({', '.join(map(str, found['meter']))}): active is all that it took per "
        "inference, idle subtracted what it took above rest; ± is about 95 %"
    )
    if not all(arm["meter_stated"] for arm in found["arms"]):
        yield "the meter's vendor states no limits of error: the uncertainty is at least what is shown"
    if found["sampler"]["ratio"] is not None:
        cost = {"ratio": found["sampler"]["ratio"], "ci95": found["sampler"]["ci95"]}
        pairs = _number(found["sampler"]["pairs"], "pair")
        said = change(cost) if cost["ci95"] else f"{percent(cost['ratio'])} %"
        yield f"reading the sensors changes the time of an inference by {said} ({pairs} of launches with and without)"
    for arm in found["arms"]:
        if arm["throttled"]:
            launches = _number(arm["throttled"], "energy launch", "energy launches")
            yield f"{arm['cell']}: {launches} of {arm['arm']} held back by heat or want of power"
    for failure in found["failures"]:
        launches = _number(failure["count"], "energy launch", "energy launches")
        yield f"{failure['cell']}: {launches} of {failure['arm']} without a number: {failure['message']}"


def _missing(report: dict[str, Any]) -> Iterator[str]:
    for cell in report["cells"]:
        for failure in cell["failures"]:
            launches = _number(failure["count"], "launch", "launches")
            said = f": {failure['message']}" if failure["message"] else ""
            yield f"{cell['cell']}: {launches} of {failure['arm']} failed, {failure['reason']}{said}"
        if cell["status"] == "not-run":
            yield f"{cell['cell']}: not run yet"
    yield from (f"forced: {text}" for text in report["forced"])
    warnings = report["warnings"]
    yield from warnings[:MOST_WARNINGS]
    if len(warnings) > MOST_WARNINGS:
        yield f"and {len(warnings) - MOST_WARNINGS} more warnings, all of them in --json"


def _number(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
