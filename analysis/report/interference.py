"""Several instances at once: throughput and latency by setup of bench/run/experiments/groups.py, intervals over blocks.

Instances start one after another, so only the time in which all of a group are being timed counts: from the last begin
to the first end. In it, throughput is the number of inferences that end there, of all instances, over its length;
latency is the median over instances of each one's median, and p90 that of each one's 90 % quantile: instances that
share CPUs wait for one another now and then, which a median need not notice. A group is one observation, as a launch is
elsewhere: each figure is one number a block, and intervals are over blocks. Ratios are paired by block (ratios.py).

    schema, run_id, created, command, host, versions, warnings, forced
    absent                     setup → why it was left out
    cells[]
      cell
      setups.<setup>
        instances, cpus        how many, and the CPUs of each
        blocks, failed         groups that count, and those that do not: an instance failed, or there was no common time
        throughput, latency_ms, p90_ms
                               value and ci95: geometric mean over blocks, per second and in ms
        flagged                launches that the host disturbed
      ratios.<name>            ratio, ci95, blocks of `of` (two setups): throughput, latency and p90 of K instances
                               against one, and latency against one alone on as many CPUs
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.data.comparable import disagreement
from analysis.data.fields import section
from analysis.data.launches import Loaded, cell_names, flags_of, load
from analysis.report.stats.ratios import FEWEST, LEVEL, LaunchMedians, difference
from analysis.report.stats.student import t_factor
from bench.journal.journal import Run, dumps

SCHEMA = 1
ALONE = "alone"
SHORTEST = 0.25  # of what an instance was timed: a shorter common time says little


class Seen(NamedTuple):
    """One group: inferences per second of all instances, and times of one in ns."""

    throughput: float
    latency: float
    p90: float


Observed = dict[int, Seen]  # by block


def build(run: Run, loaded: Loaded | None = None) -> dict[str, Any]:
    """The report of a run of `bench measure interference`."""
    loaded = loaded or load(run)
    plan = section(run.facts, "plan")
    setups = section(plan, "setups")
    good = set(loaded.launches.loc[loaded.launches["status"] == "ok", "launch"])
    report = {
        "schema": SCHEMA,
        "run_id": run.facts["run_id"],
        **{key: run.facts.get(key) for key in ("created", "command")},
        **{key: section(run.facts, key) for key in ("host", "versions")},
        "warnings": loaded.warnings,
        "forced": run.facts["forced"] if isinstance(run.facts.get("forced"), list) else [],
        "absent": section(plan, "absent"),
        "cells": [_cell(cell, setups, run, good) for cell in cell_names(run.facts)],
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))
    return cleaned


def observe(lines: list[dict[str, Any]]) -> Seen | None:
    """What a group did in the time that its instances had in common; None where that is none or too short."""
    timed = [each for line in lines if (each := _timed(line)) is not None]
    if len(timed) < len(lines):
        return None
    begin = max(int(ends[0] - samples[0]) for samples, ends in timed)
    end = min(int(ends[-1]) for _, ends in timed)
    longest = max(int(ends[-1] - ends[0]) for _, ends in timed)
    inside = [(begin < ends) & (ends <= end) for _, ends in timed]
    if end - begin < SHORTEST * longest or not all(each.any() for each in inside):
        return None
    throughput = sum(int(each.sum()) for each in inside) / (end - begin) * 1e9
    shared = [samples[each] for (samples, _), each in zip(timed, inside, strict=True)]
    median, p90 = (float(np.median([np.quantile(each, part) for each in shared])) for part in (0.5, 0.9))
    return Seen(throughput, median, p90)


def _timed(line: dict[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """The samples of an instance in ns, and when each ended, of the monotonic clock: the last one with the window."""
    closed = section(section(line, "host_window"), "timed").get("end_ns")
    if type(closed) is not int:
        return None
    samples = np.asarray(line["samples"], dtype=np.int64)
    taken = np.cumsum(samples)
    return samples, closed - (taken[-1] - taken)


def _cell(cell: str, setups: Mapping[str, Any], run: Run, good: set[str]) -> dict[str, Any]:
    of_cell = [line for line in run.launches if line["cell"] == cell]
    observed, shown = {}, {}
    for name, cpus in setups.items():
        lines = [line for line in of_cell if line["arm"].rpartition(".")[0] == name]
        by_block: dict[int, list[dict[str, Any]]] = {}
        for line in lines:
            by_block.setdefault(line["block"], []).append(line)
        whole = {
            block: group
            for block, group in by_block.items()
            if len(group) == len(cpus) and all(line["launch"] in good for line in group)
        }
        observed[name] = {block: seen for block, group in whole.items() if (seen := observe(group)) is not None}
        shown[name] = {
            "instances": len(cpus),
            "cpus": list(cpus),
            "blocks": len(observed[name]),
            "failed": len(by_block) - len(observed[name]),
            "throughput": _over_blocks([each.throughput for each in observed[name].values()]),
            "latency_ms": _over_blocks([each.latency / 1e6 for each in observed[name].values()]),
            "p90_ms": _over_blocks([each.p90 / 1e6 for each in observed[name].values()]),
            "flagged": sum(bool(flags_of(line)) for line in lines),
        }
    return {"cell": cell, "setups": shown, "ratios": {} if disagreement(run.facts, cell) else _ratios(observed)}


def _over_blocks(values: list[float]) -> dict[str, Any]:
    """Geometric mean and its 95 % interval."""
    if not values:
        return {"value": None, "ci95": None}
    logs = np.log(values)
    if len(values) < FEWEST:
        return {"value": float(np.exp(logs.mean())), "ci95": None}
    reach = float(t_factor(len(values), LEVEL)) * float(stats.sem(logs))
    value, low, high = (float(np.exp(logs.mean() + step)) for step in (0.0, -reach, reach))
    return {"value": value, "ci95": [low, high]}


def _ratios(observed: Mapping[str, Observed]) -> dict[str, dict[str, Any]]:
    found = {}
    for name in observed:
        kind, _, count = name.partition("-")
        if kind not in ("shared", "split"):
            continue
        for figure in Seen._fields:
            found[f"{figure} {name}"] = _ratio(observed, name, ALONE, figure)
        if kind == "split":
            found[f"latency {name} on its CPUs"] = _ratio(observed, name, f"part-{count}", "latency")
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def _ratio(observed: Mapping[str, Observed], name: str, base: str, figure: str) -> dict[str, Any] | None:
    sides = [LaunchMedians({b: getattr(seen, figure) for b, seen in observed.get(each, {}).items()})
             for each in (name, base)]  # fmt: skip
    between = difference(*sides)
    if between is None:
        return None
    return {"of": [name, base], "ratio": between.ratio, "ci95": list(between.ci95), "blocks": between.blocks}
