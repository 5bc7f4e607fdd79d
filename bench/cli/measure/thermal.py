"""`bench measure thermal`: one cell to its steady state, with heat, clocks and what holds the board back."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.common import (
    RESULTS,
    AsJson,
    HostOption,
    Html,
    Meters,
    Png,
    Results,
    SensorsRoot,
    Svg,
    UsbMeters,
    address_of,
    console,
    sensing_of,
    writing,
)
from bench.cli.matrix.options import Device
from bench.core.errors import CellsFailed, ConfigError
from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.machine import LOCAL, machine_at

MOST = 24 * 60.0  # minutes


def thermal(
    device: Device = "host",
    framework: Annotated[str | None, typer.Option("--framework", help="The framework to run.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model to run.")] = None,
    precision: Annotated[str, typer.Option("--precision", help="fp32, fp16 or int8.")] = "fp32",
    arm: Annotated[str, typer.Option("--arm", help=f"How to launch it: {', '.join(ARMS)}.")] = ARMS[0],
    minutes: Annotated[float, typer.Option("--minutes", help="How long to infer without a pause.")] = 30.0,
    cooldown: Annotated[float, typer.Option("--cooldown", min=0, max=MOST, help="Minutes to read on after it.")] = 0.0,
    meter: Meters = None,
    usb_meter: UsbMeters = None,
    sensors_root: SensorsRoot = None,
    host: HostOption = None,
    html: Html = None,
    svg: Svg = None,
    png: Png = None,
    show: Annotated[
        str | None, typer.Option("--show", help="Measure nothing: a kept study's folder, or `latest`.")
    ] = None,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """How warm, how slow and how held back does a device become under inference without a pause, and is it steady?"""
    failure = None
    if show is None:
        wanted = _selection(device, framework, model, precision, arm)
        folder, failure = _measure(wanted, minutes, cooldown, meter, usb_meter, sensors_root, host, results)
    else:
        from bench.journal.study_folder import find_study

        folder = find_study(results, show)
    _tell(folder, html, [path for path in (svg, png) if path], as_json=as_json)
    if failure:
        raise CellsFailed(f"the launch failed: {failure}", f"what was measured before is kept in {folder}")


def _selection(device: str, framework: str | None, model: str | None, precision: str, arm: str) -> Selection:
    if framework is None or model is None:
        raise ConfigError("a thermal study is of one cell", "name it: --framework F --model M, or --show a kept study")
    return Selection(
        device=device, frameworks=[framework], models=[model], precisions=[precision], arms=[arm], blocks=1, seed=0
    )


def _measure(
    wanted: Selection,
    minutes: float,
    cooldown: float,
    meter: list[str] | None,
    usb_meter: list[Path] | None,
    sensors_root: Path | None,
    host: str | None,
    results: Path,
) -> tuple[Path, str | None]:
    from bench.images.registry.lock import chosen_lock
    from bench.run.experiments import thermal as study

    if not 0 < minutes <= MOST:
        raise ConfigError(f"--minutes {minutes:g}: not between 0 and {MOST:g}")
    matrix = load_matrix()
    plan = make_plan(matrix, wanted)
    with machine_at(address_of(matrix, wanted.device, host)) as machine:
        here = machine.address == LOCAL
        options = study.Options(
            minutes=minutes,
            cooldown=cooldown,
            sensing=sensing_of(matrix, wanted.device, meter, usb_meter, sensors_root, here=here),
            command=shlex.join(["bench", *sys.argv[1:]]),
            lock=chosen_lock(None, None),
            machine=machine,
        )
        return study.measure(plan, matrix, options, results, console())


def _tell(folder: Path, html: Path | None, pictures: list[Path], *, as_json: bool) -> None:
    from rich.console import Console

    from analysis.charts.vega import save
    from analysis.experiments.thermal import answer, over_time
    from analysis.experiments.thermal_events import read_recording
    from analysis.experiments.thermal_figure import thermal_chart
    from analysis.experiments.thermal_table import show
    from analysis.html.thermal_page import render
    from bench.journal.journal import dumps

    recording = read_recording(folder)
    said, frame = answer(recording), over_time(recording)
    if as_json:
        typer.echo(dumps({**said, "path": str(folder)}, indent=2))
    else:
        show(said, Console(highlight=False))
    for picture in [folder / "thermal.svg", *pictures] if len(frame) else []:
        with writing(picture, "figure:"):
            save(thermal_chart(frame, said), picture)
    if html is not None:
        with writing(html, "page:"):
            html.write_text(render(recording), encoding="utf-8")
