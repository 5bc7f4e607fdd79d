"""What runs say in plain words, for the top of a page: what is fastest, what containers cost, what to distrust.

Everything returned is plain text; names come from journals.
"""

from collections.abc import Callable, Collection, Iterator
from math import nan
from typing import Any, NamedTuple

from analysis.data.fields import section
from analysis.data.number_format import change, is_nan, number, plural
from analysis.report.best import best_frameworks, least
from analysis.report.evidence import Evidence
from analysis.report.exclusions import sentences as left_out
from analysis.report.ratio_table import MEAN, ratio_table
from analysis.report.stats.ratios import RATIOS
from analysis.report.stats.tail import fewest
from analysis.text.energy_phrases import energy, energy_doubts, energy_facts
from analysis.text.host_phrases import disturbances
from analysis.text.overhead_phrases import attributions, cold_starts
from analysis.text.phrases import counts, missing, sentence, stops
from analysis.text.stability_phrases import remarks
from bench.core.terminal import short

BEST = "Best framework for each network"
MOST = 8  # lines that a list spells out
LINE = 400  # letters of a sentence
FEW = 5  # launches below which an interval says little
WIDE = 0.2  # half of an interval, relative, from which it says little


class Section(NamedTuple):
    """A heading and its sentences."""

    title: str
    lines: list[str]


def sections(evidence: Evidence) -> list[Section]:
    """The parts of the summary; a part without anything to say is left out."""
    parts = (
        Section(BEST, best(evidence)),
        Section("What containers cost", [*_costs(evidence)]),
        Section("Where the difference comes from", [*_told(evidence, attributions)]),
        Section("How long the first answer takes", [*_told(evidence, cold_starts)]),
        Section("What energy an inference takes", [*_energy(evidence)]),
        Section("What to distrust", [*_distrust(evidence)]),
    )
    return [part for part in parts if part.lines]


def best(evidence: Evidence) -> list[str]:
    """The fastest framework for each network, run by run, and what was left out of the choice."""
    found = best_frameworks(evidence)
    several = len({(row["run_id"], row["device"]) for row in found}) > 1
    lines = []
    for row in found[:MOST]:
        low, high = row["ci95_ms"] or (nan, nan)
        bounds = f" [{number(low)}, {number(high)}]" if not is_nan(low) else ", one launch"
        where = evidence.labels[row["run_id"]] if several else None
        lines.append(_choice(row, where, f"{number(row['ms'])} ms{bounds}", row["not_told_apart"]))
    if len(found) > MOST:
        lines.append(f"and {len(found) - MOST} more, all of them in the table of the best frameworks")
    return [*lines, *left_out(evidence, "ms")]


def _choice(row: Any, run: str | None, figure: str, near: list[str]) -> str:
    """`resnet-18 int8 on host a1b2c3: tflite, 12.1 ms [11.9, 12.3] in the native arm; not told apart from it: …`."""
    where = "" if run is None else f" on {row['device']} {run}".rstrip()
    others = f"; not told apart from it: {_some(near)}" if near else ""
    what = f"{row['model']}{'' if row['precision'] == 'fp32' else ' ' + row['precision']}{where}"
    return short(f"{what}: {row['framework']}, {figure} in the {row['arm']} arm{others}", LINE)


def _costs(evidence: Evidence) -> Iterator[str]:
    table = ratio_table(evidence)
    for report in evidence.reports:
        told = f"run {evidence.labels[report['run_id']]}: " if evidence.labels[report["run_id"]] else ""
        yield from (told + line for line in (*counts(report), *stops(report)))
        means = table[(table["model"] == MEAN) & (table["source"] == report["run_id"])]
        for row in means.to_dict("records"):
            if row["value"] == row["value"] and row["low"] == row["low"]:
                found = {"ratio": 1 + row["value"] / 100, "ci95": [1 + row[end] / 100 for end in ("low", "high")]}
                yield f"{told}{row['arm']} vs {row['baseline']}, geometric mean {row['note']}: {change(found)}"
        different = [
            f"{told}{cell['cell']}: {sentence(name, cell['ratios'][name])}"
            for cell in report["cells"]
            for name in RATIOS
            if cell["ratios"][name]["verdict"] == "different"
        ]
        yield from (short(line, LINE) for line in different[:MOST])
        if len(different) > MOST:
            yield f"{told}and {len(different) - MOST} more that differ, in the figure and the tables below"


def _told(evidence: Evidence, told: Callable[[dict[str, Any]], Iterator[str]]) -> Iterator[str]:
    """Some kind of sentence on every run."""
    for report in evidence.reports:
        label, lines = evidence.labels[report["run_id"]], [*told(report)]
        run = f"run {label}: " if label else ""
        yield from (short(run + line, LINE) for line in lines[:MOST])
        if len(lines) > MOST:
            yield f"{run}and {len(lines) - MOST} more, all of them on the terminal"


def _energy(evidence: Evidence) -> Iterator[str]:
    """What it is of, run by run, and the most frugal framework for each network."""
    cells = evidence.one_arm_with("energy_j")
    found = least(cells, ["run_id", "device", "model", "precision"], "energy_j")
    for report in evidence.reports:
        label = evidence.labels[report["run_id"]]
        told = f"run {label}: " if label else ""
        yield from (short(told + line, LINE) for line in energy_facts(report["energy"]))
        rows = found[found["run_id"] == report["run_id"]].to_dict("records")
        for row in rows[:MOST]:
            near = [str(cells.at[at, "framework"]) for at in row["near"]]
            yield _choice(row, label or None, f"{energy(row, 'energy_j')} mJ of the {row['scope']}", near)
        if len(rows) > MOST:
            yield f"{told}and {len(rows) - MOST} more, all of them in the study of energy"
    yield from left_out(evidence, "energy_j")


def _distrust(evidence: Evidence) -> Iterator[str]:
    for run, report in zip(evidence.runs, evidence.reports, strict=True):
        told = f"run {evidence.labels[report['run_id']]}: " if evidence.labels[report["run_id"]] else ""
        wrong = {cell for run_id, cell in evidence.left_out if run_id == report["run_id"]}
        said = [*_unlike(report, wrong), *missing(report), *energy_doubts(report["energy"]), *_machine(report)]
        said += [*disturbances(report), *remarks(report)]
        if section(run.facts, "imported"):
            said.append("its times are means that another program printed: no launches, no interval, no verdict")
        yield from (short(told + line, LINE) for line in said[: 2 * MOST])
        if len(said) > 2 * MOST:
            yield f"{told}and {len(said) - 2 * MOST} more, all of them in --json"
    cells = evidence.cells[evidence.cells["launches"] > 0]
    wide, few = cells["high_ms"] > (1 + WIDE) * cells["ms"], fewest("p99")
    doubts = {
        f"rest on fewer than {FEW} launches: their intervals say little": cells["launches"] < FEW,
        f"are known to no better than ±{100 * WIDE:g} %: more blocks would tell": wide,
        f"are of fewer than {few:,} samples a launch: too few for a p99": cells["samples"] < few * cells["launches"],
    }
    for what, where in doubts.items():
        if where.any():
            yield f"{int(where.sum())} of {plural(len(cells), 'time')} {what}"
    if len(evidence.runs) > 1:
        yield "what sets one run apart from another as a whole is in no interval: the machine, its load, the room"


def _unlike(report: dict[str, Any], wrong: Collection[str]) -> Iterator[str]:
    """Of the cells whose outputs are `wrong` other sentences say it."""
    unlike = [
        (cell["cell"], name)
        for cell in report["cells"]
        if cell["cell"] not in wrong
        for name in RATIOS
        if cell["ratios"][name]["comparable"] is False
    ]
    if unlike:
        cell, name = unlike[0]
        reason = next(entry for entry in report["cells"] if entry["cell"] == cell)["ratios"][name]["reason"]
        yield f"{plural(len(unlike), 'ratio')} without a number, since the arms did not run the same: {cell}: {reason}"


def _machine(report: dict[str, Any]) -> Iterator[str]:
    host = report["host"]
    if host.get("virtualization"):
        yield f"it ran in a virtual machine ({host['virtualization']}): ratios hold, times belong to that machine"
    if host.get("governor") not in (None, "performance"):
        yield f"the frequency governor was {host['governor']}, so the clock may have moved while it measured"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
