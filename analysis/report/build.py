"""A run's answer as one dictionary with stable keys: what `bench report --json` prints and every other view draws.

    schema, run_id, created, command, warnings, forced
    margin, margins              the one that was asked for, and all at which ratios are judged, from the narrowest
    host, versions, profile      as in run.json
    cells[]                      in the order of the plan
      cell, framework, model, precision
      status                     ok, partial (some launches failed or are missing), failed (none has a number), not-run
      arms.<arm>                 every arm that was planned or launched (arms.py)
      ratios.<name>              see arm_ratios.py; the verdicts are those over all cells and ratios
      attribution.<ablation>     container against it, likewise, and what changed (attribution.py); judged by themselves
      cold_start.<ratio or ablation>  ratio, ci95 and blocks of that total (coldstart.py)
      variance                   where the spread comes from, and what that asks for (variance.py); null with too few
      image.ref, image.digest, artifact.sha256, artifact.parity
      stop                       why there are no more blocks: `reason` (reached, max-blocks, fixed; null when cut
                                 short), `blocks`, `half_width` that was asked for, and the `half_widths` found then
      failures[]                 arm, reason, message, count
    energy                       the energy pass, see energy_report.py; null without one

All of it is valid JSON: what has no number is null. `bench report --json` adds to it, and has a form of its own for
several runs: report_json.py.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from analysis.data.comparable import disagreement
from analysis.data.fields import section
from analysis.data.launches import Launch, Loaded, arms_in_order, cell_names, good, load
from analysis.report import coldstart
from analysis.report.arm_ratios import close_ratios, margins, open_ratio
from analysis.report.arms import arm
from analysis.report.attribution import attribute
from analysis.report.energy_report import energy_report
from analysis.report.stats.ratios import MARGIN, RATIOS
from analysis.report.stats.stability import look
from analysis.report.stats.variance import split
from bench.journal.journal import Run, dumps

SCHEMA = 1


def build(run: Run, margin: float = MARGIN, loaded: Loaded | None = None) -> dict[str, Any]:
    """The report of a run. `margin` is the fraction within which arms count as equivalent."""
    loaded = loaded or load(run)
    facts, frame = run.facts, loaded.launches
    names = cell_names(facts) or {cell: {} for cell in frame["cell"].unique()}
    by_cell: dict[str, list[Launch]] = {}
    for launch in look(run, frame).to_dict("records"):
        by_cell.setdefault(launch["cell"], []).append(launch)
    replaced: dict[str, list[dict[str, Any]]] = {}
    for record in run.replaced:
        replaced.setdefault(record["cell"], []).append(record)
    cells = [_cell(cell, named, run, by_cell.get(cell, []), replaced.get(cell, [])) for cell, named in names.items()]
    for question in ("ratios", "attribution"):
        close_ratios([ratio for cell in cells for ratio in cell[question].values()], margin)
    report = {
        "schema": SCHEMA,
        "run_id": facts["run_id"],
        "created": facts.get("created"),
        "command": facts.get("command"),
        "margin": margin,
        "margins": margins(margin),
        "profile": section(facts, "plan").get("profile"),
        "host": section(facts, "host"),
        "versions": section(facts, "versions"),
        "forced": facts["forced"] if isinstance(facts.get("forced"), list) else [],
        "warnings": loaded.warnings,
        "cells": cells,
        "energy": energy_report(facts, loaded.energy),
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))  # what a damaged run.json holds must not break the views
    return cleaned


def _cell(
    cell: str, named: dict[str, str], run: Run, launches: list[Launch], replaced: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    facts = run.facts
    named = named or {key: str(launches[0][key]) for key in ("framework", "model", "precision")}
    image = section(section(facts, "images"), named["framework"])
    artifact = section(section(facts, "artifacts"), cell)
    armless = section(section(section(facts, "plan"), "armless"), named["framework"])
    by_arm: dict[str, list[Launch]] = {name: [] for name in _arms(facts, launches) if name not in armless}
    for launch in launches:
        if launch["arm"] in by_arm:
            by_arm[launch["arm"]].append(launch)
    stop, wrong = _stop(facts, run.stops.get(cell)), disagreement(facts, cell)
    return {
        "cell": cell,
        "framework": named["framework"],
        "model": named["model"],
        "precision": named["precision"],
        "status": _status(stop, by_arm),
        "arms": {
            name: arm(name, rows, [record for record in replaced if record["arm"] == name])
            for name, rows in by_arm.items()
        },
        "ratios": {name: open_ratio(pair, by_arm, armless, wrong=wrong) for name, pair in RATIOS.items()},
        "attribution": attribute(by_arm, armless, section(section(facts, "host"), "namespaces"), wrong),
        "cold_start": {} if wrong else coldstart.compare(good(launches)),
        "variance": split(launches),
        "stop": stop,
        "image": {"ref": image.get("ref"), "digest": image.get("digest")},
        "artifact": {"sha256": artifact.get("sha256"), "parity": artifact.get("parity")},
        "failures": _failures(launches),
    }


def _arms(facts: dict[str, Any], launches: list[Launch]) -> list[str]:
    """The arms that were planned or launched."""
    planned = section(facts, "plan").get("arms")
    seen = {str(arm) for arm in planned} if isinstance(planned, list) else set()
    seen |= {launch["arm"] for launch in launches}
    return arms_in_order(seen)


def _stop(facts: dict[str, Any], decided: dict[str, Any] | None) -> dict[str, Any]:
    plan = section(facts, "plan")
    blocks = plan.get("blocks") if isinstance(plan.get("blocks"), int) else 0
    asked = plan.get("half_width")
    stop: dict[str, Any] = {"reason": "fixed", "blocks": blocks, "half_width": asked, "half_widths": {}}
    if asked is None:
        return stop
    if decided is None:
        return stop | {"reason": None}
    widths = section(decided, "half_widths")
    return stop | {"reason": decided["reason"], "blocks": decided["block"], "half_widths": widths}


def _status(stop: dict[str, Any], by_arm: dict[str, list[Launch]]) -> str:
    numbers = [len(good(rows)) for rows in by_arm.values()]
    if not any(by_arm.values()):
        return "not-run"
    if not any(numbers):
        return "failed"
    whole = all(n == len(rows) and n >= stop["blocks"] for n, rows in zip(numbers, by_arm.values(), strict=True))
    return "ok" if whole else "partial"


def _failures(launches: list[Launch]) -> list[dict[str, Any]]:
    failed = [launch for launch in launches if launch["status"] != "ok"]
    said = ((launch["arm"], launch["reason"], _text(launch["message"])) for launch in failed)
    return [
        {"arm": arm, "reason": reason, "message": message, "count": count}
        for (arm, reason, message), count in Counter(said).most_common()
    ]


def _text(value: Any) -> str | None:
    """What a frame holds for no text is NaN or None."""
    return value if isinstance(value, str) else None
