"""A run's answer as one dictionary with stable keys: what `bench report --json` prints and every other view draws.

    schema, run_id, created, command, margin, warnings, forced
    host, versions, profile      as in run.json
    cells[]                      in the order of the plan
      cell, framework, model, precision
      status                     ok, partial (some launches failed or are missing), failed (none has a number), not-run
      arms.<arm>                 every arm that was planned or launched
        launches, failed         launches with and without a number
        samples                  timed inferences of all launches
        median_ms, p90_ms, p99_ms, load_ms, first_ms
                                 the median over launches of each launch's own figure, in ms; never of pooled samples
        kernel                   seccomp, capabilities, ... of its first launch: recorded, not judged
        packages                 name → version, as its first launch found them (on JetPack 4 the board's own)
      ratios.<name>              see ratios.py
        ratio, ci95              null where there is none
        verdict                  equivalent, different, inconclusive; null where nothing may or can be compared
        comparable               false: the reason says what differs; null: an arm is not part of the run
        reason, blocks, more_blocks
      image.ref, image.digest, artifact.sha256, artifact.parity
      failures[]                 arm, reason, message, count
    energy                       the energy pass, see energy_report.py; null without one

All of it is valid JSON: what has no number is null.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.comparable import compare
from analysis.energy_report import energy_report
from analysis.load import Loaded, cell_names, disagreement, in_order, load, section
from analysis.ratios import MARGIN, RATIOS, LaunchMedians, Pair, estimate
from bench.journal import Run, dumps

SCHEMA = 1
_FIGURES = ("median", "p90", "p99", "load", "first")


def build(run: Run, margin: float = MARGIN, loaded: Loaded | None = None) -> dict[str, Any]:
    """The report of a run. `margin` is the fraction within which arms count as equivalent."""
    loaded = loaded or load(run)
    facts, frame = run.facts, loaded.launches
    names = cell_names(facts) or {cell: {} for cell in frame["cell"].unique()}
    by_cell = dict(iter(frame.groupby("cell", sort=False)))
    report = {
        "schema": SCHEMA,
        "run_id": facts["run_id"],
        "created": facts.get("created"),
        "command": facts.get("command"),
        "margin": margin,
        "profile": section(facts, "plan").get("profile"),
        "host": section(facts, "host"),
        "versions": section(facts, "versions"),
        "forced": facts["forced"] if isinstance(facts.get("forced"), list) else [],
        "warnings": loaded.warnings,
        "cells": [
            _cell(cell, named, facts, by_cell.get(cell, frame.iloc[:0]), margin) for cell, named in names.items()
        ],
        "energy": energy_report(facts, loaded.energy),
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))  # what a damaged run.json holds must not break the views
    return cleaned


def _cell(
    cell: str, named: dict[str, str], facts: dict[str, Any], launches: pd.DataFrame, margin: float
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
        "status": _status(facts, by_arm),
        "arms": {arm: _arm(rows) for arm, rows in by_arm.items()},
        "ratios": {
            name: _ratio(pair, by_arm, margin, armless, disagreement(facts, cell)) for name, pair in RATIOS.items()
        },
        "image": {"ref": image.get("ref"), "digest": image.get("digest")},
        "artifact": {"sha256": artifact.get("sha256"), "parity": artifact.get("parity")},
        "failures": _failures(launches),
    }


def _arms(facts: dict[str, Any], launches: pd.DataFrame) -> list[str]:
    """The arms that were planned or launched."""
    planned = section(facts, "plan").get("arms")
    seen = {str(arm) for arm in planned} if isinstance(planned, list) else set()
    seen |= set(launches["arm"])
    return in_order(seen)


def _status(facts: dict[str, Any], by_arm: dict[str, pd.DataFrame]) -> str:
    blocks = section(facts, "plan").get("blocks")
    wanted = blocks if isinstance(blocks, int) else 0
    good = [int((rows["status"] == "ok").sum()) for rows in by_arm.values()]
    if not any(len(rows) for rows in by_arm.values()):
        return "not-run"
    if not any(good):
        return "failed"
    whole = all(n == len(rows) and n >= wanted for n, rows in zip(good, by_arm.values(), strict=True))
    return "ok" if whole else "partial"


def _arm(rows: pd.DataFrame) -> dict[str, Any]:
    good = rows[rows["status"] == "ok"]
    return {
        "launches": len(good),
        "failed": len(rows) - len(good),
        "samples": int(good["n"].sum()),
        **{f"{figure}_ms": float(good[f"{figure}_ns"].median()) / 1e6 for figure in _FIGURES},
        "kernel": good["kernel"].iloc[0] if len(good) else {},
        "packages": _packages(good["identity"].iloc[0]) if len(good) else {},
    }


def _packages(identity: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix("package "): value for key, value in identity.items() if key.startswith("package ")}


def _ratio(
    pair: Pair, by_arm: dict[str, pd.DataFrame], margin: float, armless: dict[str, Any], wrong: str | None
) -> dict[str, Any]:
    nothing = dict.fromkeys(("ratio", "ci95", "verdict", "comparable", "reason", "blocks", "more_blocks"))
    if missing := [arm for arm in pair if arm not in by_arm]:
        known = "; ".join(str(armless[arm]) for arm in missing if arm in armless)
        return nothing | {"reason": known or f"{' and '.join(missing)} not part of this run", "blocks": 0}
    used = _complete_blocks(pair, by_arm)
    result = estimate(_medians(used[pair.numerator]), _medians(used[pair.denominator]), margin)
    shown = {"blocks": result.blocks, "verdict": result.verdict, "reason": result.reason, "comparable": True}
    if not result.blocks:
        return nothing | shown | {"comparable": None}
    if wrong:
        return nothing | {"comparable": False, "reason": wrong, "blocks": result.blocks}
    comparable, reason = compare({arm: list(rows["identity"]) for arm, rows in used.items()})
    if not comparable:
        return nothing | {"comparable": False, "reason": reason, "blocks": result.blocks}
    ci95 = list(result.ci95) if result.ci95 else None
    return nothing | shown | {"ratio": result.ratio, "ci95": ci95, "more_blocks": result.more_blocks}


def _complete_blocks(pair: Pair, by_arm: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The launches of both arms with a number, of the blocks in which both have one."""
    good = {arm: by_arm[arm][by_arm[arm]["status"] == "ok"] for arm in pair}
    both = set(good[pair.numerator]["block"]) & set(good[pair.denominator]["block"])
    return {arm: rows[rows["block"].isin(both)] for arm, rows in good.items()}


def _medians(rows: pd.DataFrame) -> LaunchMedians:
    return LaunchMedians(dict(zip(rows["block"], rows["median_ns"], strict=True)))


def _failures(launches: pd.DataFrame) -> list[dict[str, Any]]:
    failed = launches[launches["status"] != "ok"]
    said = zip(failed["arm"], failed["reason"], failed["message"].replace({np.nan: None}), strict=True)
    return [
        {"arm": arm, "reason": reason, "message": message, "count": count}
        for (arm, reason, message), count in Counter(said).most_common()
    ]
