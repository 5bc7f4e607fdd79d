"""A comparison of two runs as one dictionary with stable keys, which `bench compare --json` prints and all views show.

    schema, margin, threshold    fractions: 0.05 is 5 %
    across                       the words of --across: conditions that may differ (same_conditions.py)
    a, b                         run_id, created, device, cpu_model, warnings
    cells[]                      in the order of A, then the cells that only B has
      cell                       its name in A, or in B if A does not have it
      framework, model, precision
      arms.<arm>
        status                   compared
                                 refused      the two sides may not be compared; the reason names the differences
                                 failed       a side was planned or launched, and has no number
                                 too-few      a side has too few launches for an interval
                                 mean         a side is the mean that another program printed (imports.py)
                                 absent       a side is not part of its run
        a_ms, b_ms               the median over launches of each launch's median, or the mean that was printed, in ms
        a_launches, b_launches   launches with a number
        a_failed, b_failed       launches without one
        ratio, ci95              B / A: above 1, B is slower; null unless compared
        q_different, q_equivalent  p values, adjusted over all cells and arms (ratio.py)
        verdict                  equivalent, different, inconclusive; null unless compared
        regression               significantly slower, and by more than the threshold
        reason                   of every status other than compared
        changed                  what differs between the sides: name → [A, B]

All of it is valid JSON. Missing numbers are null.
"""

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any, NamedTuple

import pandas as pd

from analysis.compare.ratio import Ratio, compare_launches, judge_all
from analysis.compare.same_conditions import ACROSS, judge, run_identity
from analysis.data.comparable import disagreement
from analysis.data.fields import section
from analysis.data.launches import Loaded, arms_in_order, cell_names, load
from analysis.report.stats.ratios import FEWEST, MARGIN, LaunchMedians
from bench.core.errors import ConfigError
from bench.core.suggest import nearest
from bench.journal.journal import Run, dumps

SCHEMA = 1
THRESHOLD = 0.05
_NAMES = ["framework", "model", "precision"]


class _Key(NamedTuple):
    """A cell without its device: a run has only one device."""

    framework: str
    model: str
    precision: str


class _Place(NamedTuple):
    """A cell in an arm."""

    cell: _Key
    arm: str


class _Side:
    """One run, with its launches and printed means by cell and arm."""

    def __init__(self, name: str, run: Run, loaded: Loaded) -> None:
        self.name, self.run, self.loaded = name, run, loaded
        self.launches = _by_cell(loaded.launches)
        self.means = _by_cell(loaded.means)
        self.cells = {
            _Key(*row[:3]): str(row[3])
            for frame in (loaded.launches, loaded.means)
            for row in frame[[*_NAMES, "cell"]].drop_duplicates().itertuples(index=False)
        }
        self.arms: dict[_Key, set[str]] = {key: set() for key in self.cells}
        for place in (*self.launches, *self.means):
            self.arms[place.cell].add(place.arm)
        self.planned = _planned(run.facts)

    def good(self, place: _Place) -> pd.DataFrame:
        """Return the launches with a number."""
        rows = self.launches.get(place, self.loaded.launches.iloc[:0])
        return rows[rows["status"] == "ok"]

    def failed(self, place: _Place) -> int:
        """Return how many launches have no number."""
        return len(self.launches.get(place, ())) - len(self.good(place))

    def milliseconds(self, place: _Place) -> float | None:
        """Return the median over launches of their medians, or the printed mean; None without either."""
        if (good := self.good(place)).empty:
            return float(self.means[place]["mean_ns"].median()) / 1e6 if place in self.means else None
        return float(good["median_ns"].median()) / 1e6

    def head(self) -> dict[str, Any]:
        facts = self.run.facts
        return {
            "run_id": facts["run_id"],
            "created": facts.get("created"),
            "device": section(facts, "plan").get("device"),
            "cpu_model": section(facts, "host").get("cpu_model"),
            "warnings": self.loaded.warnings,
        }


def build(
    a: Run, b: Run, *, margin: float = MARGIN, threshold: float = THRESHOLD, across: Collection[str] = ()
) -> dict[str, Any]:
    """Compare run B with run A. Raises ConfigError if they are the same run or have no cell in common."""
    for word in across:
        if word not in ACROSS:
            raise ConfigError(
                f"--across {word}: {nearest(word, ACROSS)}", "docs/continuous.md says what each lets differ"
            )
    if a.directory.resolve() == b.directory.resolve():
        raise ConfigError(f"{a.directory} is both runs", "name two runs: before and after, or one of each board")
    sides = _Side("A", a, load(a)), _Side("B", b, load(b))
    keys = list(dict.fromkeys([*sides[0].cells, *sides[1].cells]))
    if not sides[0].cells.keys() & sides[1].cells.keys():
        raise ConfigError("the two runs have no cell with launches in common", "`bench report` shows what each has")
    cells = [_cell(key, *sides, margin=margin, across=across) for key in keys]
    _judge(cells, threshold)
    report = {
        "schema": SCHEMA,
        "margin": margin,
        "threshold": threshold,
        "across": [word for word in ACROSS if word in across],
        "a": sides[0].head(),
        "b": sides[1].head(),
        "cells": cells,
    }
    cleaned: dict[str, Any] = json.loads(dumps(report))  # a damaged run.json must not break the views
    return cleaned


def arms_of(report: dict[str, Any]) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Return (cell, name of the arm, arm) for all arms of a comparison."""
    return [(cell, name, arm) for cell in report["cells"] for name, arm in cell["arms"].items()]


def _cell(key: _Key, a: _Side, b: _Side, *, margin: float, across: Collection[str]) -> dict[str, Any]:
    seen = a.arms.get(key, set()) | b.arms.get(key, set())
    arms = arms_in_order(seen)
    return {
        "cell": a.cells.get(key) or b.cells[key],
        **key._asdict(),
        "arms": {arm: _arm(_Place(key, arm), a, b, margin=margin, across=across) for arm in arms},
    }


def _arm(place: _Place, a: _Side, b: _Side, *, margin: float, across: Collection[str]) -> dict[str, Any]:
    """Return one arm of one cell. If it can be compared, `ratio` is a Ratio, which `_judge` replaces."""
    good_a, good_b = a.good(place), b.good(place)
    shown: dict[str, Any] = {
        "status": "compared",
        "a_ms": a.milliseconds(place),
        "b_ms": b.milliseconds(place),
        "a_launches": len(good_a),
        "b_launches": len(good_b),
        "a_failed": a.failed(place),
        "b_failed": b.failed(place),
        **dict.fromkeys(("ratio", "ci95", "q_different", "q_equivalent", "verdict")),
        "regression": False,
        "reason": None,
        "changed": {},
    }
    if nothing := _nothing(place, a, b):
        return shown | nothing
    for side in (a, b):
        if wrong := disagreement(side.run.facts, side.cells[place.cell]):
            return shown | {"status": "refused", "reason": f"{wrong} ({side.name})"}
    judgement = judge(
        list(good_a["identity"]),
        list(good_b["identity"]),
        run_identity(a.run.facts, place.cell.framework, place.arm),
        run_identity(b.run.facts, place.cell.framework, place.arm),
        across,
    )
    shown["changed"] = {name: list(values) for name, values in judgement.changed.items()}
    if judgement.refused:
        return shown | {"status": "refused", "reason": judgement.refused}
    if min(len(good_a), len(good_b)) < FEWEST:
        reason = f"launches: {len(good_a)} in A and {len(good_b)} in B; at least {FEWEST} of each are needed"
        return shown | {"status": "too-few", "reason": reason}
    return shown | {"ratio": compare_launches(_medians(good_a), _medians(good_b), margin)}


def _nothing(place: _Place, a: _Side, b: _Side) -> dict[str, str] | None:
    """Return status and reason if a side has no launch with a number, else None."""
    for side in (a, b):
        if place.arm not in side.arms.get(place.cell, ()):
            if place in side.planned:
                return {"status": "failed", "reason": f"it is planned in run {side.name} and was not launched"}
            what = place.arm if place.cell in side.cells else "the cell"
            return {"status": "absent", "reason": f"{what} is not part of run {side.name}"}
    if printed := [side.name for side in (a, b) if place not in side.launches]:
        what = " and ".join(printed)
        reason = f"of {what} there is a printed mean and no launch, so no interval and no verdict"
        return {"status": "mean", "reason": reason}
    for side in (a, b):
        if side.good(place).empty:
            reasons = ", ".join(sorted(set(side.launches[place]["reason"])))
            return {"status": "failed", "reason": f"no launch of {side.name} has a number: {reasons}"}
    return None


def _judge(cells: list[dict[str, Any]], threshold: float) -> None:
    """Replace the Ratio objects of all cells by numbers and verdicts."""
    arms = [arm for cell in cells for arm in cell["arms"].values() if isinstance(arm["ratio"], Ratio)]
    ratios = [arm["ratio"] for arm in arms]
    for arm, ratio, judged in zip(arms, ratios, judge_all(ratios, threshold), strict=True):
        arm.update(ratio=ratio.ratio, ci95=list(ratio.ci95), **asdict(judged))


def _planned(facts: dict[str, Any]) -> set[_Place]:
    """Return the planned cells and arms of a run. A run that was cut short did not launch all of them."""
    plan = section(facts, "plan")
    arms = plan.get("arms")
    return {
        _Place(_Key(names["framework"], names["model"], names["precision"]), str(arm))
        for names in cell_names(facts).values()
        for arm in (arms if isinstance(arms, list) else [])
        if str(arm) not in section(section(plan, "armless"), names["framework"])
    }


def _by_cell(frame: pd.DataFrame) -> dict[_Place, pd.DataFrame]:
    groups = frame.groupby([*_NAMES, "arm"], sort=False)
    return {_Place(_Key(*map(str, names[:3])), str(names[3])): rows for names, rows in groups}


def _medians(rows: pd.DataFrame) -> LaunchMedians:
    return LaunchMedians(dict(zip(rows["block"], rows["median_ns"], strict=True)))
