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

All of it is valid JSON: what has no number is null. `bench report --json` adds to it, and has a form of its own for
several runs: report_json.py.
"""

import json
from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

from analysis.comparable import compare, disagreement
from analysis.energy_report import energy_report
from analysis.fields import section
from analysis.load import Loaded, arms_in_order, cell_names, load
from analysis.ratios import MARGIN, RATIOS, LaunchMedians, Pair, estimate
from bench.journal import Run, dumps

SCHEMA = 1
Launch = dict[Any, Any]  # a row of load.py
_FIGURES = ("median", "p90", "p99", "load", "first")


def build(run: Run, margin: float = MARGIN, loaded: Loaded | None = None) -> dict[str, Any]:
    """The report of a run. `margin` is the fraction within which arms count as equivalent."""
    loaded = loaded or load(run)
    facts, frame = run.facts, loaded.launches
    names = cell_names(facts) or {cell: {} for cell in frame["cell"].unique()}
    by_cell: dict[str, list[Launch]] = {}
    for launch in frame.to_dict("records"):  # a frame for each of many cells would take most of the time
        by_cell.setdefault(launch["cell"], []).append(launch)
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
        "cells": [_cell(cell, named, facts, by_cell.get(cell, []), margin) for cell, named in names.items()],
        "energy": energy_report(facts, loaded.energy),
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))  # what a damaged run.json holds must not break the views
    return cleaned


def _cell(
    cell: str, named: dict[str, str], facts: dict[str, Any], launches: list[Launch], margin: float
) -> dict[str, Any]:
    named = named or {key: str(launches[0][key]) for key in ("framework", "model", "precision")}
    image = section(section(facts, "images"), named["framework"])
    artifact = section(section(facts, "artifacts"), cell)
    armless = section(section(section(facts, "plan"), "armless"), named["framework"])
    by_arm: dict[str, list[Launch]] = {arm: [] for arm in _arms(facts, launches) if arm not in armless}
    for launch in launches:
        if launch["arm"] in by_arm:
            by_arm[launch["arm"]].append(launch)
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


def _arms(facts: dict[str, Any], launches: list[Launch]) -> list[str]:
    """The arms that were planned or launched."""
    planned = section(facts, "plan").get("arms")
    seen = {str(arm) for arm in planned} if isinstance(planned, list) else set()
    seen |= {launch["arm"] for launch in launches}
    return arms_in_order(seen)


def _status(facts: dict[str, Any], by_arm: dict[str, list[Launch]]) -> str:
    blocks = section(facts, "plan").get("blocks")
    wanted = blocks if isinstance(blocks, int) else 0
    good = [len(_good(rows)) for rows in by_arm.values()]
    if not any(by_arm.values()):
        return "not-run"
    if not any(good):
        return "failed"
    whole = all(n == len(rows) and n >= wanted for n, rows in zip(good, by_arm.values(), strict=True))
    return "ok" if whole else "partial"


def _good(rows: list[Launch]) -> list[Launch]:
    return [launch for launch in rows if launch["status"] == "ok"]


def _arm(rows: list[Launch]) -> dict[str, Any]:
    good = _good(rows)
    return {
        "launches": len(good),
        "failed": len(rows) - len(good),
        "samples": sum(launch["n"] for launch in good),
        **{f"{figure}_ms": _median([launch[f"{figure}_ns"] for launch in good]) / 1e6 for figure in _FIGURES},
        "kernel": good[0]["kernel"] if good else {},
        "packages": _packages(good[0]["identity"]) if good else {},
    }


def _packages(identity: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix("package "): value for key, value in identity.items() if key.startswith("package ")}


def _median(figures: list[float]) -> float:
    known = [figure for figure in figures if figure == figure]
    return median(known) if known else float("nan")


def _ratio(
    pair: Pair, by_arm: dict[str, list[Launch]], margin: float, armless: dict[str, Any], wrong: str | None
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
    comparable, reason = compare({arm: [launch["identity"] for launch in rows] for arm, rows in used.items()})
    if not comparable:
        return nothing | {"comparable": False, "reason": reason, "blocks": result.blocks}
    ci95 = list(result.ci95) if result.ci95 else None
    return nothing | shown | {"ratio": result.ratio, "ci95": ci95, "more_blocks": result.more_blocks}


def _complete_blocks(pair: Pair, by_arm: dict[str, list[Launch]]) -> dict[str, list[Launch]]:
    """The launches of both arms with a number, of the blocks in which both have one."""
    good = {arm: _good(by_arm[arm]) for arm in pair}
    both = set.intersection(*({launch["block"] for launch in rows} for rows in good.values()))
    return {arm: [launch for launch in rows if launch["block"] in both] for arm, rows in good.items()}


def _medians(rows: list[Launch]) -> LaunchMedians:
    return LaunchMedians({launch["block"]: launch["median_ns"] for launch in rows})


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
