"""Several runs side by side: what every study, the report of several runs and `bench recommend` look at.

`launches` has the columns of launches.py, and `run_id` and `run`. `cells` has one row for each run, cell and arm that
was launched, timed or in the energy pass, or of which another program printed a mean. Launches of two runs are never
taken together:

    run_id, run                  run: what to call it beside others, short; empty where there is only one
    cell, device, framework, model, precision, arm
    launches, failed, samples    with and without a number; timed inferences
    reason                       the most frequent one of the failed launches, or None
    ms, low_ms, high_ms          the typical launch's median and its 95 % interval (interval.py)
    median_ms, p90_ms, p99_ms, load_ms, first_ms
                                 the median over launches of each launch's own figure, as in report.py
    printed                      true where `ms` is a mean that another program printed (imports.py)
    memory_bytes                 the most that the process of any launch took (a cgroup holds the page cache too, and
                                 outside a container other processes)
    energy_j, low_energy_j, high_energy_j, energy_idle_subtracted_j, ..., power_w, idle_power_w, temperature_c,
    throttled, scope, meter_stated, energy_launches, energy_failed
                                 of the energy pass, see energy_arms.py; low and high are the value and its uncertainty
    artifact_bytes, image_bytes  of the model's file and of the framework's image
    max_rel, cosine, top1        how near the artifact's outputs are to PyTorch's
    params, macs                 of the network

NaN where there is none.

`compared` is what every comparison looks at: `cells`, where a cell that no comparison counts (comparable.py) keeps its
rows without a figure, and `reason` says why. `left_out` has its name.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from analysis.data.comparable import FORCED, disagreement
from analysis.data.launches import Loaded, arms_in_order, cell_names, launch_frame, load, mean_frame
from analysis.report.build import build
from analysis.report.energy_arms import energy_arms
from analysis.report.evidence_cells import facts, measured, printed, with_energy, without_figures
from analysis.report.stats.ratios import MARGIN
from bench.core.errors import ConfigError
from bench.journal.journal import Run

# The arm that is read where only one is: every framework has a container, not every one another arm.
READ_FIRST = ("container", "native", "rootfs")


class Evidence:
    """The runs at hand, loaded. `margin` is that of their reports."""

    def __init__(self, runs: Sequence[Run], loaded: Sequence[Loaded], margin: float = MARGIN) -> None:
        self.runs, self.loaded, self.margin = list(runs), list(loaded), margin
        ids = [str(run.facts["run_id"]) for run in runs]
        self.labels = dict(zip(ids, _labels(ids), strict=True))

    @cached_property
    def launches(self) -> pd.DataFrame:
        """See above."""
        return self._side_by_side([each.launches for each in self.loaded], launch_frame([]))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """See above; in the order of the runs, of their plans, and of arms."""
        means = self._side_by_side([each.means for each in self.loaded], mean_frame([]))
        kinds = [frame for frame in (measured(self.launches), printed(means)) if len(frame)]
        cells = with_energy(pd.concat(kinds or [measured(self.launches)], ignore_index=True), self._energy)
        places = self._places(cells)
        cells = cells.iloc[sorted(range(len(cells)), key=places.__getitem__)].reset_index(drop=True)
        said = [facts(run.facts, cells[cells["run_id"] == run.facts["run_id"]]) for run in self.runs]
        return cells.join(pd.concat(said or [facts({}, cells)]))

    @cached_property
    def left_out(self) -> dict[tuple[str, str], str]:
        """(run id, cell) → why no comparison counts it."""
        of_run = {str(run.facts["run_id"]): run.facts for run in self.runs}
        places = dict.fromkeys(zip(self.cells["run_id"], self.cells["cell"], strict=True))
        return {(run_id, cell): FORCED for run_id, cell in places if disagreement(of_run[run_id], cell)}

    @cached_property
    def compared(self) -> pd.DataFrame:
        """See above."""
        return without_figures(self.cells, self._is_left_out(self.cells), FORCED)

    @cached_property
    def compared_launches(self) -> pd.DataFrame:
        """Those of `launches` that have a number and are of a cell that comparisons count."""
        return self.launches[(self.launches["status"] == "ok") & ~self._is_left_out(self.launches)]

    @cached_property
    def medians(self) -> dict[tuple[str, str, str], dict[int, float]]:
        """(run id, cell, arm) → block → the launch's median in ns, of `compared_launches`."""
        found: dict[tuple[str, str, str], dict[int, float]] = {}
        columns = (self.compared_launches[name] for name in ("run_id", "cell", "arm", "block", "median_ns"))
        for run_id, cell, arm, block, median in zip(*columns, strict=True):
            found.setdefault((run_id, cell, arm), {})[block] = median
        return found

    @cached_property
    def reports(self) -> list[dict[str, Any]]:
        """The report of each run (report.py)."""
        return [build(run, self.margin, loaded) for run, loaded in zip(self.runs, self.loaded, strict=True)]

    @cached_property
    def one_arm(self) -> pd.DataFrame:
        """One row of `compared` for each run and cell: the first arm of READ_FIRST that has a time, or else any."""
        return self.one_arm_with("ms")

    def one_arm_with(self, value: str) -> pd.DataFrame:
        """The same by another column: the first arm that has a number there, or else any."""
        return _one_arm(self.compared, value)

    @cached_property
    def own_rows(self) -> pd.DataFrame:
        """`one_arm` of `cells`: also of a cell that no comparison counts what was measured of it."""
        return _one_arm(self.cells, "ms")

    @property
    def _energy(self) -> list[dict[str, Any]]:
        return [
            arm | {"run_id": run_id, "run": label}
            for loaded, (run_id, label) in zip(self.loaded, self.labels.items(), strict=True)
            for arm in energy_arms(loaded.energy)
        ]

    def _is_left_out(self, frame: pd.DataFrame) -> "pd.Series[bool]":
        places = zip(frame["run_id"], frame["cell"], strict=True)
        return pd.Series([place in self.left_out for place in places], index=frame.index, dtype=bool)

    def _places(self, cells: pd.DataFrame) -> list[tuple[int, int, int]]:
        runs = {run_id: place for place, run_id in enumerate(self.labels)}
        plans = [{cell: place for place, cell in enumerate(cell_names(run.facts))} for run in self.runs]
        arms = {arm: place for place, arm in enumerate(arms_in_order(set(cells["arm"])))}
        return [
            (runs[run_id], plans[runs[run_id]].get(cell, len(cells)), arms[arm])
            for run_id, cell, arm in zip(cells["run_id"], cells["cell"], cells["arm"], strict=True)
        ]

    def _side_by_side(self, frames: list[pd.DataFrame], nothing: pd.DataFrame) -> pd.DataFrame:
        named = [
            frame.assign(run_id=run_id, run=label)
            for frame, (run_id, label) in zip(frames, self.labels.items(), strict=True)
            if len(frame)
        ]
        return pd.concat(named, ignore_index=True) if named else nothing.assign(run_id="", run="")


def gather(runs: Sequence[Run], margin: float = MARGIN) -> Evidence:
    """Load runs. Raises ConfigError where one of them is there twice: its launches must not count twice."""
    seen: dict[str, Run] = {}
    for run in runs:
        run_id = str(run.facts["run_id"])
        if run_id in seen:
            where = f"{seen[run_id].directory} and {run.directory}"
            raise ConfigError(f"run {run_id[:80]} is named twice: {where}", "name each run once")
        seen[run_id] = run
    return Evidence(runs, [load(run) for run in runs], margin)


def _one_arm(cells: pd.DataFrame, value: str) -> pd.DataFrame:
    rank = cells["arm"].map({arm: place for place, arm in enumerate(READ_FIRST)}).fillna(len(READ_FIRST))
    order = pd.DataFrame({"lacks": cells[value].isna(), "rank": rank}).sort_values(["lacks", "rank"], kind="stable")
    return cells.loc[order.index].drop_duplicates(["run_id", "cell"]).sort_index()


def _labels(ids: list[str]) -> list[str]:
    """The random end of each id where that tells them apart, else as much of the id as it takes."""
    if len(ids) <= 1:
        return [""] * len(ids)
    shorter: tuple[Callable[[str], str], ...] = (lambda name: name.rpartition("-")[2][:12], lambda name: name[:40])
    for shorten in shorter:
        if len(set(map(shorten, ids))) == len(ids):
            return list(map(shorten, ids))
    return [f"{name[:40]} ({number})" for number, name in enumerate(ids, 1)]
