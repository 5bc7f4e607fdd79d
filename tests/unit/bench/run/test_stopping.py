"""Stopping by the width of the intervals: looks, order, what is decided again after a resume; and that it is honest."""

from collections.abc import Mapping

import numpy as np
import pytest
from rich.console import Console

from analysis.report.stats.ratios import LaunchMedians, difference
from analysis.report.stopping import half_widths
from bench.arms.launch import Outcome
from bench.artifacts.request import Prepared
from bench.core.errors import ConfigError
from bench.core.matrix.plan import Launch, Plan, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.hosts.monitor import Watch
from bench.run.execute import Settings, Todo, execute
from bench.run.progress import Progress
from bench.run.stopping import FIRST, STEP, Stopping, looks

SETTINGS = Settings(run_id="r", cpus="0", threads=1, timeout=1.0, memory=None)
SLOW, QUICK = "host/tflite/resnet-18/fp32", "host/tflite/cifarnet/fp32"


def make(blocks: int = 22, arms: tuple[str, ...] = ("container", "rootfs"), **wanted) -> Plan:
    selection = Selection(
        device="host", frameworks=["tflite"], models=["cifarnet", "resnet-18"], arms=arms, blocks=blocks, seed=3,
        **{"half_width": 0.01, **wanted},
    )  # fmt: skip
    return make_plan(load_matrix(), selection)


class Arm:
    """Every launch has the median that a function says."""

    name = "arm"

    def __init__(self, ns) -> None:
        self.ns, self.launched = ns, []

    def prepare(self, framework: str) -> None:
        """Nothing to make ready."""

    def launch(self, spec) -> Outcome:
        self.launched.append(spec.launch)
        said = f'{{"event": "samples", "warmup": false, "ns": [{self.ns(spec.launch)}]}}\n{{"event": "done"}}\n'
        return Outcome(start_ns=0, wall_ns=1, stdout=said.encode(), stderr="", exit_code=0)


def widths(medians: Mapping[str, Mapping[int, float]]) -> dict[str, float | None]:
    """The quick cell (1 ms) is narrow after 15 blocks, the other one never."""
    blocks = len(medians["container"])
    return {"virtualization": 0.001 if blocks >= 15 and medians["container"][1] == 1_000_000 else 0.5}


def ns(launch: str) -> int:
    return 1_000_000 if launch.startswith(QUICK) else 9_000_000


def go(plan: Plan, tmp_path, kept=(), stops=None, end=None):
    """Execute what the journal (`kept`, `stops`) lacks, up to a number of launches; the lines and stops that come."""
    lines, noted = [], []
    done = {line["launch"] for line in kept}
    todo = [Todo(launch) for launch in plan.launches() if launch.id not in done]
    arm = Arm(ns)
    if end is not None:
        todo = todo[:end]
    prepared = {c.id: Prepared(c, tmp_path / "r.json", (), None) for c in plan.cells}
    stopping = Stopping(plan, widths, noted.append, kept, stops)
    watch = Watch([0], tmp_path)
    if end is not None:
        stopping.finish = lambda: None  # as when bench is killed
    with Progress(len(todo), plan.blocks, console=Console(quiet=True)) as progress:
        execute(todo, prepared, dict.fromkeys(plan.arms, arm), SETTINGS, lines.append, progress, watch, stopping)
    return lines, noted


def test_it_looks_after_10_blocks_then_every_5_and_at_the_end() -> None:
    assert looks(22) == [10, 15, 20, 22]
    assert looks(FIRST + STEP) == [FIRST, FIRST + STEP]
    assert looks(4) == [4]


def test_a_cell_stops_when_its_intervals_are_narrow_and_the_others_go_on(tmp_path) -> None:
    lines, noted = go(make(), tmp_path)
    blocks = {cell: max(line["block"] for line in lines if line["cell"] == cell) for cell in (QUICK, SLOW)}
    assert blocks == {QUICK: 15, SLOW: 22}
    assert {(stop["cell"], stop["block"], stop["reason"]) for stop in noted} == {
        (QUICK, 15, "reached"),
        (SLOW, 22, "max-blocks"),
    }
    assert noted[0]["half_widths"] == {"virtualization": 0.001}


def test_the_order_is_that_of_the_plan_with_what_stopped_left_out(tmp_path) -> None:
    plan = make()
    lines, _ = go(plan, tmp_path)
    left = [x.id for x in plan.launches() if x.cell.id == SLOW or x.block <= 15]
    assert [line["launch"] for line in lines] == left


@pytest.mark.parametrize("end", [1, 39, 40, 41, 59, 60, 61, 75])
def test_a_run_that_was_cut_short_goes_on_as_if_it_had_not_been(end: int, tmp_path) -> None:
    plan = make()
    whole, decided = go(plan, tmp_path)
    kept, noted = go(plan, tmp_path, end=end)
    assert [line["launch"] for line in kept] == [line["launch"] for line in whole][: len(kept)]
    rest, later = go(plan, tmp_path, kept, {stop["cell"]: stop for stop in noted})
    assert [line["launch"] for line in (*kept, *rest)] == [line["launch"] for line in whole]
    assert [{**stop, "at": None} for stop in (*noted, *later)] == [{**stop, "at": None} for stop in decided]


def test_what_comes_later_does_not_change_an_earlier_look(tmp_path) -> None:
    """The journal of a run that was killed before it could write what it had decided, and has gone on meanwhile."""
    lines, _ = go(make(), tmp_path)
    noted: list[dict] = []
    stopping = Stopping(make(), widths, noted.append, lines)
    stopping.finish()
    assert {stop["cell"]: stop["block"] for stop in noted} == {QUICK: 15, SLOW: 22}


def test_a_replaced_launch_does_not_count_twice() -> None:
    plan, seen = make(blocks=2), []
    stopping = Stopping(plan, lambda medians: seen.append(medians) or {"virtualization": None}, lambda _: None)
    cell = plan.cells[0].id
    for ns in (5, 7):
        stopping.saw({"cell": cell, "arm": "container", "block": 1, "status": "ok", "samples": [ns]})
    stopping.saw({"cell": cell, "arm": "rootfs", "block": 1, "status": "failed", "samples": []})
    stopping.finish()
    assert seen[0] == {"container": {1: 7.0}}


def test_failed_launches_of_a_cell_that_stopped_can_be_run_again(tmp_path) -> None:
    stopping = Stopping(make(), widths, lambda _: None, (), {QUICK: {"block": 15}})
    quick = next(cell for cell in make().cells if cell.id == QUICK)
    assert stopping.goes_on(Launch(quick, "rootfs", 15))
    assert not stopping.goes_on(Launch(quick, "rootfs", 16))


def test_every_ratio_that_the_arms_allow_is_asked() -> None:
    random = np.random.default_rng(1)
    medians = {arm: dict(enumerate(random.lognormal(16, 0.02, 12).tolist(), 1)) for arm in ("container", "native")}
    found = half_widths(medians)
    assert list(found) == ["total"]
    between = difference(LaunchMedians(medians["container"]), LaunchMedians(medians["native"]))
    assert found["total"] == between.half_width
    assert list(half_widths({**medians, "rootfs": medians["native"]})) == ["virtualization", "userland", "total"]
    assert half_widths({**medians, "native": {1: 5.0}}) == {"total": None}


def test_one_arm_has_no_ratio_to_stop_by() -> None:
    with pytest.raises(ConfigError, match="no half-width"):
        make(arms=("native",))


def experiment(random: np.random.Generator, plan: Plan, sd: float) -> tuple[float, float, float]:
    """Simulate one cell until it stops: the ends of its interval and the number of blocks."""
    stops: list[dict] = []
    stopping = Stopping(plan, half_widths, stops.append)
    cell = plan.cells[0].id
    for block in range(1, plan.blocks + 1):
        drift = random.normal(0, 0.02)
        for launch in (Launch(plan.cells[0], arm, block) for arm in plan.arms):
            if not stopping.goes_on(launch):
                break
            ns = round(1e9 * np.exp(drift + random.normal(0, sd)))
            stopping.saw({"cell": cell, "arm": launch.arm, "block": block, "status": "ok", "samples": [ns]})
    stopping.finish()
    medians = stopping._up_to(cell, stops[0]["block"])
    found = difference(*(LaunchMedians(medians[arm]) for arm in ("container", "rootfs")))
    assert found is not None
    return (*found.ci95, stops[0]["block"])


@pytest.mark.parametrize("needed", [12, 20, 32])
def test_the_interval_of_a_run_that_stopped_by_itself_covers_the_truth(needed: int) -> None:
    """Noise such that about `needed` blocks reach the width: where stopping early costs the most coverage."""
    random, repetitions, plan = np.random.default_rng(needed), 1000, make(blocks=60)
    sd = np.log1p(0.01) * np.sqrt(needed) / 2.1 / np.sqrt(2)
    found = [experiment(random, plan, sd) for _ in range(repetitions)]
    covered = sum(low <= 1 <= high for low, high, _ in found) / repetitions
    assert 0.93 - 0.02 <= covered <= 0.97 + 0.01  # so many repetitions tell to two percent
    assert np.mean([blocks for *_, blocks in found]) == pytest.approx(needed, rel=0.25)
