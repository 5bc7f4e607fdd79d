"""A report in plain words: the sentences that the terminal and the page share. Everything returned is plain text."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.energy_arms import uncertainty_of
from analysis.numbers import plus_minus
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
    found = report["energy"]
    return [*counts(report), *details(report), *energy_facts(found), *energy_doubts(found), *missing(report)]


def energy(arm: Mapping[Any, Any], name: str) -> str:
    """`11.4 ± 0.3` in mJ per inference, of a row of energy_arms.py; a dash where there is no number."""
    if arm[name] is None or arm[name] != arm[name]:
        return "–"
    return plus_minus(1e3 * arm[name], 1e3 * (arm[uncertainty_of(name)] or 0), stated=bool(arm["meter_stated"]))


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


def energy_facts(found: dict[str, Any] | None) -> Iterator[str]:
    """What the energy of a run is of, or why there is none; nothing without an energy pass."""
    if found and found["reason"]:
        yield f"no energy: {found['reason']}"
    elif found:
        yield (
            f"energy is of the {found['scope']} ({', '.join(map(str, found['meter']))}): active is all that it took "
            "per inference, idle subtracted what it took above rest; ± is about 95 %"
        )


def energy_doubts(found: dict[str, Any] | None) -> Iterator[str]:
    """What a reader of the energies must know: unstated limits, the sampler's cost, what was held back or failed."""
    if not found or found["reason"]:
        return
    if not all(arm["meter_stated"] for arm in found["arms"]):
        yield "the meter's vendor states no limits of error: the uncertainty of energy is at least what is shown"
    if found["sampler"]["ratio"] is not None:
        cost = {"ratio": found["sampler"]["ratio"], "ci95": found["sampler"]["ci95"]}
        said = change(cost) if cost["ci95"] else f"{percent(cost['ratio'])} %"
        pairs = plural(found["sampler"]["pairs"], "pair")
        yield f"reading the sensors changes the time of an inference by {said} ({pairs} of launches with and without)"
    for arm in found["arms"]:
        if arm["throttled"]:
            launches = plural(arm["throttled"], "energy launch", "energy launches")
            yield f"{arm['cell']}: {launches} of {arm['arm']} held back by heat or want of power"
    for failure in found["failures"]:
        launches = plural(failure["count"], "energy launch", "energy launches")
        yield f"{failure['cell']}: {launches} of {failure['arm']} without a number: {failure['message']}"


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
