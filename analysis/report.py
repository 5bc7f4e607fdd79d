"""A run's answer as one dictionary with stable keys: what `bench report --json` prints and every other view draws.

    schema, run_id, created, command, warnings, forced
    margin, margins              the one that was asked for, and all at which ratios are judged, from the narrowest
    host, versions, profile      as in run.json
    cells[]                      in the order of the plan
      cell, framework, model, precision
      status                     ok, partial (some launches failed or are missing), failed (none has a number), not-run
      arms.<arm>                 every arm that was planned or launched
        launches, failed         launches with and without a number
        samples                  timed inferences of all launches
        median_ms, p90_ms, p99_ms, load_ms, first_ms
                                 the median over launches of each launch's own figure, in ms; never of pooled samples
        tail.<quantile>          ms, launches: p99 and p99.9 where launches have the samples for it, else null (tail.py)
        rss_peak_mb, cgroup_peak_mb  the largest over launches, of the process and of its cgroup; null where not told
        flagged, replaced        what the host did (bench/watch.py) to those that count, and to those that others stand
                                 for: `launches`, and of them by flag
        inside                   are launches steady, do they drift, what lies far out (inside.py)
        kernel                   seccomp, capabilities, ... of its first launch: recorded, not judged
      ratios.<name>              see report_ratios.py; the verdicts are those over all cells and ratios
      variance                   where the spread comes from, and what that asks for (variance.py); null with too few
      image.ref, image.digest, artifact.sha256, artifact.parity
      stop                       why there are no more blocks: `reason` (reached, max-blocks, fixed; null when cut
                                 short), `blocks`, `half_width` that was asked for, and the `half_widths` found then
      failures[]                 arm, reason, message, count

All of it is valid JSON: what has no number is null.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analysis.inside import describe, look
from analysis.load import ARMS, Loaded, cell_names, flags_of, load, section
from analysis.ratios import MARGIN, RATIOS
from analysis.report_ratios import close_ratios, margins, open_ratio
from analysis.tail import tails
from analysis.variance import split
from bench.journal import Run, dumps

SCHEMA = 1
_FIGURES = ("median", "p90", "p99", "load", "first")
_MEMORY = ("rss_peak", "cgroup_peak")


def build(run: Run, margin: float = MARGIN, loaded: Loaded | None = None) -> dict[str, Any]:
    """The report of a run. `margin` is the fraction within which arms count as equivalent."""
    loaded = loaded or load(run)
    facts, frame = run.facts, loaded.launches
    names = cell_names(facts) or {cell: {} for cell in frame["cell"].unique()}
    by_cell = dict(iter(look(run, frame).groupby("cell", sort=False)))
    nothing = look(run, frame.iloc[:0])
    cells = [
        _cell(cell, named, facts, by_cell.get(cell, nothing), _stop(facts, run.stops.get(cell)))
        for cell, named in names.items()
    ]
    _add_replaced(cells, run)
    close_ratios([ratio for cell in cells for ratio in cell["ratios"].values()], margin)
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
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))  # what a damaged run.json holds must not break the views
    return cleaned


def _cell(
    cell: str, named: dict[str, str], facts: dict[str, Any], launches: pd.DataFrame, stop: dict[str, Any]
) -> dict[str, Any]:
    named = named or {key: str(launches.iloc[0][key]) for key in ("framework", "model", "precision")}
    image = section(section(facts, "images"), named["framework"])
    artifact = section(section(facts, "artifacts"), cell)
    armless = section(section(section(facts, "plan"), "armless"), named["framework"])
    by_arm = {arm: launches[launches["arm"] == arm] for arm in _arms(facts, launches) if arm not in armless}
    return {
        "cell": cell,
        "framework": named["framework"],
        "model": named["model"],
        "precision": named["precision"],
        "status": _status(stop, by_arm),
        "arms": {arm: _arm(rows) for arm, rows in by_arm.items()},
        "ratios": {name: open_ratio(pair, by_arm, armless) for name, pair in RATIOS.items()},
        "variance": split(launches),
        "stop": stop,
        "image": {"ref": image.get("ref"), "digest": image.get("digest")},
        "artifact": {"sha256": artifact.get("sha256"), "parity": artifact.get("parity")},
        "failures": _failures(launches),
    }


def _arms(facts: dict[str, Any], launches: pd.DataFrame) -> list[str]:
    """The arms that were planned or launched: the three of the design first, others behind."""
    planned = section(facts, "plan").get("arms")
    seen = {str(arm) for arm in planned} if isinstance(planned, list) else set()
    seen |= set(launches["arm"])
    return [arm for arm in ARMS if arm in seen] + sorted(seen - set(ARMS))


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


def _status(stop: dict[str, Any], by_arm: dict[str, pd.DataFrame]) -> str:
    good = [int((rows["status"] == "ok").sum()) for rows in by_arm.values()]
    if not any(len(rows) for rows in by_arm.values()):
        return "not-run"
    if not any(good):
        return "failed"
    whole = all(n == len(rows) and n >= stop["blocks"] for n, rows in zip(good, by_arm.values(), strict=True))
    return "ok" if whole else "partial"


def _arm(rows: pd.DataFrame) -> dict[str, Any]:
    good = rows[rows["status"] == "ok"]
    return {
        "launches": len(good),
        "failed": len(rows) - len(good),
        "samples": int(good["n"].sum()),
        **{f"{figure}_ms": float(good[f"{figure}_ns"].median()) / 1e6 for figure in _FIGURES},
        **{f"{figure}_mb": float(good[f"{figure}_bytes"].max()) / 1e6 for figure in _MEMORY},
        "tail": tails(good),
        "flagged": _flagged(good["flags"]),
        "replaced": _flagged(()),
        "inside": describe(good),
        "kernel": good["kernel"].iloc[0] if len(good) else {},
    }


def _flagged(flags: Iterable[list[str]]) -> dict[str, Any]:
    disturbed = [each for each in flags if each]
    by_flag = dict(Counter(flag for each in disturbed for flag in each).most_common())
    return {"launches": len(disturbed), "by_flag": by_flag}


def _add_replaced(cells: list[dict[str, Any]], run: Run) -> None:
    """What was measured again, in the arm that it was measured in."""
    for cell in cells:
        for name, arm in cell["arms"].items():
            here = [record for record in run.replaced if (record["cell"], record["arm"]) == (cell["cell"], name)]
            arm["replaced"] = _flagged(map(flags_of, here))


def _failures(launches: pd.DataFrame) -> list[dict[str, Any]]:
    failed = launches[launches["status"] != "ok"]
    said = zip(failed["arm"], failed["reason"], failed["message"].replace({np.nan: None}), strict=True)
    return [
        {"arm": arm, "reason": reason, "message": message, "count": count}
        for (arm, reason, message), count in Counter(said).most_common()
    ]
