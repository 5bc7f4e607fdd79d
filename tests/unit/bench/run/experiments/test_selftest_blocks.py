"""Which launches a self-test has, in which order, and when there are enough."""

import io

import pytest
from rich.console import Console

from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.experiments import selftest_blocks as module
from bench.run.experiments.selftest_arms import DOSES, SABOTAGES, Lineup, possible
from bench.run.experiments.selftest_blocks import LEAST, Blocks
from bench.run.progress import Progress

PLAN = make_plan(
    load_matrix(),
    Selection(device="host", frameworks=["onnxruntime"], models=["cifarnet"], precisions=["fp32"],
              arms=["native"], blocks=50, seed=3),
)  # fmt: skip
LINEUP = Lineup(("native",))


def blocks(minutes: float | None, kept: dict | None = None, again: bool = False) -> Blocks:
    progress = Progress(0, 0, console=Console(file=io.StringIO()), quiet=True)
    return Blocks(PLAN, LINEUP, minutes, kept or {}, progress, again=again)


def line(launch: str, **change: object) -> dict:
    return {"launch": launch, "attempt": 1, "status": "ok", "wall_ns": 10**9, "replaced": False} | change


def test_a_block_has_each_arm_its_twin_and_the_slowed_ones():
    lineup = Lineup(("container", "native"))
    assert set(lineup.compared) == {
        "container", "container-twin", "native", "native-twin", *(f"native-slow-{dose}" for dose in DOSES)
    }  # fmt: skip
    assert {sabotage for _, sabotage in lineup.sabotaged.values()} == set(SABOTAGES)


def test_without_a_container_there_are_fewer_sabotages_and_under_one_there_are_none():
    assert {sabotage for _, sabotage in LINEUP.sabotaged.values()} == {"throttled", "foreign-load"}
    assert not possible("cpu-quota", ["native"])
    assert Lineup(("native",), "throttled").sabotaged == {}


def test_the_order_is_that_of_the_seed_and_differs_between_blocks():
    todo = [each.launch for each in blocks(None)]
    assert todo == [each.launch for each in blocks(None)]
    by_block = [[launch.arm for launch in todo if launch.block == block] for block in range(1, 51)]
    assert all(sorted(arms) == sorted(LINEUP.compared) for arms in by_block)
    assert len({tuple(arms) for arms in by_block}) > 30


def test_when_the_time_is_over_no_block_begins_and_one_that_began_is_whole(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    made, seen = blocks(minutes=1.0), []
    for todo in made:
        seen.append(todo.launch)
        now[0] += 1.0  # six launches a block
    assert len(seen) == 60
    assert made.stop() | {"at": ""} == {
        "schema": 1, "event": "stop", "cell": PLAN.cells[0].id, "block": 10, "reason": "minutes",
        "half_widths": {}, "at": "",
    }  # fmt: skip


def test_there_are_a_few_blocks_however_little_time_there_is(monkeypatch):
    monkeypatch.setattr(module, "monotonic", lambda: 0.0)
    assert len(list(blocks(minutes=0.0))) == LEAST * len(LINEUP.compared)


def test_a_resumed_one_launches_what_is_missing_in_the_time_that_is_left(monkeypatch):
    monkeypatch.setattr(module, "monotonic", lambda: 0.0)
    whole = [each.launch.id for each in blocks(None)]
    kept = {name: line(name) for name in whole[: 7 * 6 + 2]}  # the 8th block was under way; 44 s are spent
    left = [each.launch.id for each in blocks(minutes=44 / 60, kept=kept)]
    assert left == []
    left = [each.launch.id for each in blocks(minutes=None, kept=kept)]
    assert left == whole[44:]


@pytest.mark.parametrize(
    ("change", "again", "attempt"),
    [({"replaced": True}, False, 2), ({"status": "failed"}, True, 2), ({"status": "failed"}, False, None)],
)
def test_what_was_disturbed_or_failed_is_launched_again(change, again, attempt):
    first = next(iter(blocks(None))).launch
    found = [each for each in blocks(None, {first.id: line(first.id, **change)}, again) if each.launch == first]
    assert [each.attempt for each in found] == ([attempt] if attempt else [])
