"""A report in plain words: the sentences that the terminal and the page share. Everything returned is plain text."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from analysis.data.number_format import change, plain_margin, plural
from analysis.report.stats.ratios import RATIOS
from analysis.report.stats.tail import QUANTILES
from analysis.text.energy_phrases import energy_doubts, energy_facts
from analysis.text.host_phrases import disturbances
from analysis.text.overhead_phrases import attributions, cold_starts
from analysis.text.stability_phrases import remarks

MEANING = {
    "virtualization": "what the container's isolation costs",
    "userland": "what the image's other user land costs",
    "total": "what a user of the container sees",
}
FEW = 4  # cells up to which the equivalent ones are spelled out too
MOST_WARNINGS = 10  # a journal of nothing but damage is not read out to its end


def figure(arm: dict[str, Any], name: str) -> float | None:
    """A figure of an arm in ms, as it is shown: a tail only where launches have the samples for it (tail.py)."""
    tail = arm["tail"].get(name) or {"ms": None}
    found: float | None = tail["ms"] if name in QUANTILES else arm[f"{name}_ms"]
    return found


def sentence(name: str, ratio: dict[str, Any]) -> str:
    """One ratio of one cell, with its verdict or why there is none."""
    pair = RATIOS[name]
    what = f"{pair.numerator} vs {pair.denominator}"
    if ratio["ratio"] is None:
        outcome = "incomparable" if ratio["comparable"] is False else ratio["verdict"] or "not compared"
        return f"{what}: {outcome}: {ratio['reason']}"
    return f"{what}: {change(ratio)} → {verdicts(ratio)}"


def summary(report: dict[str, Any]) -> list[str]:
    """What the run says: verdicts counted, what needs an eye, what launches say of themselves, what is missing."""
    found = report["energy"]
    costs = [*counts(report), *details(report), *attributions(report), *cold_starts(report)]
    sensed = [*energy_facts(found), *energy_doubts(found)]
    return [*costs, *sensed, *stops(report), *disturbances(report), *remarks(report), *missing(report)]


def verdicts(ratio: dict[str, Any]) -> str:
    """What a ratio is at every margin of the report: the narrowest within which it is equivalent says most."""
    judged = ratio["margins"]  # from the narrowest
    slower = "slower" if ratio["ratio"] > 1 else "faster"
    if not (within := [each["margin"] for each in judged if each["verdict"] == "equivalent"]):
        if judged[0]["verdict"] == "different":
            return f"different: {slower}"
        takes = [_more(each) for each in reversed(judged)]
        if len(set(takes)) > 1:
            takes = [
                f"{more} at {plain_margin(each['margin'])}" for more, each in zip(takes, reversed(judged), strict=True)
            ]
        return "inconclusive: it would take " + ", ".join(dict.fromkeys(takes))
    beyond = [
        f"different at {plain_margin(each['margin'])}: {slower}"
        if each["verdict"] == "different"
        else f"inconclusive at {plain_margin(each['margin'])}: it would take {_more(each)}"
        for each in judged
        if each["margin"] < within[0]
    ]
    return "; ".join([f"equivalent within {plain_margin(within[0])}", *beyond])


def _more(judged: dict[str, Any]) -> str:
    more = judged["more_blocks"]
    return f"about {plural(more, 'more block')}" if more else "more blocks than are sensible"


def counts(report: dict[str, Any]) -> Iterator[str]:
    """For each ratio how many cells have which verdict."""
    judged = 0
    for name, pair in RATIOS.items():
        ratios = [cell["ratios"][name] for cell in report["cells"]]
        outcomes = Counter(ratio["verdict"] or "not compared" for ratio in ratios)
        if set(outcomes) <= {"not compared"}:
            continue  # the details say why
        said = ", ".join(f"{outcomes[key]} {text}" for key, text in _outcomes(report["margin"]) if outcomes[key])
        cells = plural(len(report["cells"]), "cell")
        yield f"{pair.numerator} vs {pair.denominator}, {MEANING[name]}: {said} ({cells}){_elsewhere(report, ratios)}"
        judged += sum(ratio["q_different"] is not None for ratio in ratios)
    if judged > 1:
        yield (
            f"these {judged} verdicts are adjusted for one another (Benjamini and Hochberg): of those that say "
            "equivalent at most 5 % are wrong, on average, and of those that say different likewise"
        )


def _elsewhere(report: dict[str, Any], ratios: list[dict[str, Any]]) -> str:
    """How many are equivalent at the report's other margins; nothing where none is at any."""
    found = Counter(
        judged["margin"] for ratio in ratios for judged in ratio["margins"] if judged["verdict"] == "equivalent"
    )
    margins = [margin for margin in report["margins"] if margin != report["margin"]]
    return "".join(f"; {found[margin]} equivalent within {plain_margin(margin)}" for margin in margins if found)


def _outcomes(margin: float) -> list[tuple[str, str]]:
    first = ("equivalent", f"equivalent within {plain_margin(margin)}")
    return [first, *((key, key) for key in ("different", "inconclusive", "not compared"))]


def details(report: dict[str, Any]) -> Iterator[str]:
    """What is not equivalent, cell by cell; with few cells what is, too."""
    absent: set[str] = set()
    for cell in report["cells"]:
        for name, ratio in cell["ratios"].items():
            if ratio["comparable"] is None and ratio["verdict"] is None:
                absent.add(sentence(name, ratio))  # the same for every cell: once
            elif ratio["verdict"] != "equivalent" or len(report["cells"]) <= FEW:
                yield f"{cell['cell']}: {sentence(name, ratio)}"
    yield from sorted(absent)


def stops(report: dict[str, Any]) -> Iterator[str]:
    """Whether the intervals became as narrow as was asked."""
    if reached := [cell["stop"] for cell in report["cells"] if cell["stop"]["reason"] == "reached"]:
        blocks = sorted({stop["blocks"] for stop in reached})
        took = f"{blocks[0]} blocks" if len(blocks) == 1 else f"{blocks[0]} to {blocks[-1]} blocks"
        whose = "their" if len(reached) > 1 else "its"
        width = plain_margin(reached[0]["half_width"])
        yield f"{plural(len(reached), 'cell')} measured until {whose} intervals were {width} or narrower ({took})"
    for cell in report["cells"]:
        stop = cell["stop"]
        if stop["reason"] == "max-blocks":
            wide = {name: each for name, each in stop["half_widths"].items() if not each or each > stop["half_width"]}
            found = ", ".join(f"{f'±{each * 100:.2g} %' if each else 'none'} ({name})" for name, each in wide.items())
            asked, blocks = plain_margin(stop["half_width"]), stop["blocks"]
            yield f"{cell['cell']}: {asked} was asked for and not reached in the {blocks} blocks allowed: {found}"


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
