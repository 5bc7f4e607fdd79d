"""What a terminal shows while a run goes on, and that nothing stirs while a launch is timed."""

import io
import threading
import time
from typing import Any

from rich.console import Console

from bench.core.matrix.plan import Launch, Plan, Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.progress import MOST, Progress, SoFar


def line(launch: Launch, *samples: int, **change: Any) -> dict[str, Any]:
    said = {
        "cell": launch.cell.id,
        "arm": launch.arm,
        "block": launch.block,
        "status": "ok",
        "reason": None,
        "replaced": False,
    }
    return said | {"samples": list(samples)} | change


def plan(*models: str, energy: bool = False) -> Plan:
    wanted = Selection(
        device="host", frameworks=["tflite", "onnxruntime"], models=models, blocks=2, seed=3, energy=energy
    )
    return make_plan(load_matrix(), wanted)


def printed(so_far: SoFar, height: int = 30) -> str:
    out = Console(file=io.StringIO(), width=100)
    out.print(so_far.table(height))
    return out.file.getvalue()  # type: ignore[attr-defined]


def test_each_cell_has_the_median_of_its_launches_so_far() -> None:
    so_far, launches = SoFar(), list(plan("cifarnet").launches())
    cell = launches[0].cell
    container = [launch for launch in launches if launch.cell == cell and launch.arm == "container"]
    so_far.add(line(container[0], 1_000_000, 2_000_000, 9_000_000))
    so_far.add(line(container[1], 4_000_000))
    so_far.add(line(container[1], status="failed", reason="killed"))
    text = printed(so_far)
    assert cell.id in text
    assert "3.000" in text  # the median of 2 and 4, not of all samples
    assert "2 (−1)" in text
    assert "native" not in text  # an arm without a launch has no column


def test_the_energy_pass_is_counted_and_its_times_are_no_samples() -> None:
    so_far, launches = SoFar(), list(plan("cifarnet").launches())
    windows = {"status": "energy", "part": "energy", "windows": [{"median_ns": 9_000_000}]}
    so_far.add(line(launches[0], 2_000_000))
    assert "energy pass" not in printed(so_far)
    so_far.add(line(launches[0], **windows))
    so_far.add(line(launches[0], **windows | {"part": "control"}))
    so_far.add(line(launches[0], **windows | {"reason": "killed", "windows": []}))
    head, row = printed(so_far).splitlines()
    assert head.split()[-2:] == ["energy", "pass"]
    assert row.split()[-4:] == ["2.000", "1", "(−1)", "2"]


def test_a_run_with_an_energy_pass_is_told_launch_by_launch() -> None:
    planned = plan("cifarnet", energy=True)
    launches = [*planned.launches(), *planned.energy_launches()]
    console = Console(file=io.StringIO(), width=100)
    with Progress(len(launches), 2, console=console) as progress:
        for launch in launches:
            progress.begin(launch)
            timed = launch.part == "timing"
            part = {} if timed else {"part": launch.part, "status": "energy", "windows": [{"median_ns": 7_000_000}]}
            progress.end(line(launch, 5_000_000, **part))
    said = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(said) == len(launches)
    assert any(text.endswith("block 2/2: 5.00 ms") for text in said)
    assert any(text.endswith("energy 1: 7.00 ms") for text in said)
    assert any(text.endswith("control 1: 7.00 ms") for text in said)


def test_the_table_stays_as_small_as_the_terminal() -> None:
    so_far = SoFar()
    for launch in plan(*[name for name in load_matrix().models if name not in ("c3d",)]).launches():
        so_far.add(line(launch, 5_000_000))
    assert len(so_far.cells) > MOST
    assert len(printed(so_far).splitlines()) == 1 + MOST
    assert len(printed(so_far, height=3).splitlines()) == 1 + 3


def test_a_terminal_shows_it_below_the_bar_and_a_pipe_does_not() -> None:
    launches = list(plan("cifarnet").launches())
    for terminal in (True, False):
        console = Console(file=io.StringIO(), width=100, height=30, force_terminal=terminal)
        with Progress(len(launches), 2, console=console) as progress:
            for launch in launches:
                progress.begin(launch)
                progress.end(line(launch, 5_000_000))
        text = console.file.getvalue()  # type: ignore[attr-defined]
        assert ("ms so far (2 of 2 cells)" in text) == terminal


def test_nothing_stirs_while_a_launch_is_timed() -> None:
    launches = list(plan("cifarnet").launches())
    out = io.StringIO()
    threads = threading.active_count()
    with Progress(len(launches), 2, console=Console(file=out, width=100, force_terminal=True)) as progress:
        for launch in launches[:3]:
            progress.begin(launch)
            drawn = out.getvalue()
            time.sleep(0.3)  # three times what a bar that refreshes itself would wait
            assert out.getvalue() == drawn
            assert threading.active_count() == threads
            progress.end(line(launch, 5_000_000))
            assert out.getvalue() == drawn  # the next begin draws
