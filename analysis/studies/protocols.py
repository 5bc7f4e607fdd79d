"""What different protocols conclude about the same cell, and how long each takes. Nothing is measured here.

The profile of a run selects the protocol by which it is evaluated:

    edgebench   one launch of each arm and one mean over all of its inferences, including the first one, as in the 2019
                study's programs: a difference without an interval
    mlperf      one launch of each arm and the 90th percentile as LoadGen's early stopping estimates it: likewise
    ours        any other profile: the ratio of launch medians with its interval and its verdict

    schema, cells[]             cell, protocols[]
      protocol, run_id, profile, figure (mean, p90 early stopping, median)
      launches, minutes         of all arms in the result, from the request to the end of the launch
      values_ms                 maps an arm to the figure
      ratios.<name>             change as a ratio, ci95 (null: a protocol has none), verdict at ±5 %, and whether the
                                protocol would say that it is within 5 %
      left_out                  why a cell has no ratios because no comparison may use it (comparable.py); else null
      valid                     for mlperf, whether every test was valid by LoadGen's rules; else null
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.data.comparable import FORCED, disagreement
from analysis.data.launches import load
from analysis.report.build import build as report_of
from analysis.report.stats.ratios import MARGIN, RATIOS
from bench.journal.journal import Run, dumps

SCHEMA = 1
STUDY, MLPERF, OURS = "edgebench", "mlperf", "ours"
FIGURES = {STUDY: "mean", MLPERF: "p90, early stopping", OURS: "median"}

Line = Mapping[str, Any]


def build(runs: Sequence[Run]) -> dict[str, Any]:
    """Return every cell with the conclusion of each run, in the order of `runs`."""
    cells: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        for cell, said in _read(run).items():
            cells.setdefault(cell, []).append(said)
    report = {"schema": SCHEMA, "cells": [{"cell": cell, "protocols": said} for cell, said in cells.items()]}
    cleaned: dict[str, Any] = json.loads(dumps(report))
    return cleaned


def mean_of_all(line: Line) -> float | None:
    """Return the mean in ns of all inferences of a launch, including the first one and the warm-up."""
    first = (line.get("loaded") or {}).get("first_ns")
    times = [*([first] if first else []), *line.get("warmup", []), *line.get("samples", [])]
    return sum(times) / len(times) if times else None


def early_stopping(line: Line) -> float | None:
    """Return LoadGen's estimate of the 90th percentile in ns."""
    found = (line.get("loadgen") or {}).get("early_stopping_p90_ns")
    return float(found) if found else None


_OF_ONE: dict[str, Callable[[Line], float | None]] = {STUDY: mean_of_all, MLPERF: early_stopping}


def _read(run: Run) -> dict[str, dict[str, Any]]:
    profile = str((run.facts.get("plan") or {}).get("profile"))
    protocol = profile if profile in _OF_ONE else OURS
    loaded = load(run)
    good = set(loaded.launches.loc[loaded.launches["status"] == "ok", "launch"])
    lines = [line for line in run.launches if line["launch"] in good]
    cells = list(dict.fromkeys(line["cell"] for line in lines))
    reports = {cell["cell"]: cell for cell in report_of(run, MARGIN, loaded)["cells"]} if protocol == OURS else {}
    return {
        cell: {"protocol": protocol, "run_id": run.facts["run_id"], "profile": profile, "figure": FIGURES[protocol]}
        | (
            _ours(reports[cell], [line for line in lines if line["cell"] == cell])
            if protocol == OURS
            else _single(protocol, [line for line in lines if line["cell"] == cell])
        )
        | ({"left_out": FORCED, "ratios": {}} if disagreement(run.facts, cell) else {"left_out": None})
        for cell in cells
    }


def _single(protocol: str, lines: Sequence[Line]) -> dict[str, Any]:
    """Evaluate a run by a protocol that launches once: only the first launch of each arm counts."""
    first: dict[str, Line] = {}
    for line in sorted(lines, key=lambda each: int(each["block"])):
        first.setdefault(line["arm"], line)
    values = {arm: value for arm, line in first.items() if (value := _OF_ONE[protocol](line)) is not None}
    tests = [line.get("loadgen") or {} for line in first.values()]
    return {
        **_cost(list(first.values())),
        "values_ms": {arm: value / 1e6 for arm, value in values.items()},
        "ratios": {
            name: _ratio(values[pair.numerator] / values[pair.denominator])
            for name, pair in RATIOS.items()
            if {*pair} <= values.keys()
        },
        "valid": all(test.get("valid") is True for test in tests) if protocol == MLPERF else None,
    }


def _ours(cell: Mapping[str, Any], lines: Sequence[Line]) -> dict[str, Any]:
    ratios = {name: ratio for name, ratio in cell["ratios"].items() if ratio["ratio"] is not None}
    arms = {arm for name in ratios for arm in RATIOS[name]} or set(cell["arms"])
    return {
        **_cost([line for line in lines if line["arm"] in arms]),
        "values_ms": {arm: told["median_ms"] for arm, told in cell["arms"].items() if arm in arms},
        "ratios": {
            name: _ratio(ratio["ratio"]) | {"ci95": ratio["ci95"], "verdict": ratio["verdict"]}
            for name, ratio in ratios.items()
        },
        "valid": None,
    }


def _cost(lines: Sequence[Line]) -> dict[str, Any]:
    return {"launches": len(lines), "minutes": sum(line["wall_ns"] for line in lines) / 60e9}


def _ratio(ratio: float) -> dict[str, Any]:
    within = 1 / (1 + MARGIN) <= ratio <= 1 + MARGIN
    return {"ratio": ratio, "within": within, "ci95": None, "verdict": None}
