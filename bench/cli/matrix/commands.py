"""`bench matrix`: plan, run, resume and clean."""

import shlex
import sys
from dataclasses import replace as replace_field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from bench.artifacts.store import Store
from bench.artifacts.user_models import refusals, with_user_models
from bench.cli.common import (
    RESULTS,
    AsJson,
    HostOption,
    Meters,
    Results,
    SensorsRoot,
    UsbMeters,
    address_of,
    console,
    half_widths,
    parse_bytes,
    print_json,
    sensing_of,
)
from bench.cli.report import parse_margin
from bench.core.errors import CellsFailed, ConfigError, HostError
from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.plan import Plan, Selection, make_plan
from bench.core.matrix.schema import Matrix, load_matrix, matrix_schema
from bench.core.paths import model_store
from bench.journal.reader import read
from bench.run.machine import LOCAL, Machine, machine_at
from bench.run.run_folder import find_run

if TYPE_CHECKING:
    from bench.hosts.target import Target
    from bench.run.session import Result

app = typer.Typer(help="Plan, run and resume the matrix of cells.", no_args_is_help=True)

ALL_ARMS = ",".join(ARMS)
MOST_BLOCKS = 100  # of a run that stops by itself, unless more are allowed

Device = Annotated[str, typer.Option("--device", help="A device of matrix.yaml.")]
Frameworks = Annotated[list[str] | None, typer.Option("--framework", help="Only this one; may be repeated.")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Only this one; may be repeated.")]
Precisions = Annotated[list[str] | None, typer.Option("--precision", help="fp32, fp16 or int8; may be repeated.")]
Globs = Annotated[
    list[str] | None, typer.Option("--select", help="Only cells that this glob matches; may be repeated.")
]
Arms = Annotated[str, typer.Option("--arms", help="How to launch: a list of arms.")]
Profile = Annotated[str, typer.Option("--profile", help="How thoroughly: a profile of matrix.yaml.")]
Blocks = Annotated[
    int | None, typer.Option("--blocks", min=1, help="Launches of each arm; the profile's when left out.")
]
Samples = Annotated[
    int | None, typer.Option("--samples", min=1, help="Timed inferences of a launch; the profile's when left out.")
]
HalfWidth = Annotated[
    str | None, typer.Option("--half-width", help="Go on until every ratio's 95 % interval is ± this, as 0.5%.")
]
MaxBlocks = Annotated[
    int | None, typer.Option("--max-blocks", min=1, help=f"With --half-width, at most; {MOST_BLOCKS} when left out.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Of the order of launches; drawn and recorded when left out.")]
EnergyPass = Annotated[
    bool, typer.Option("--energy", help="Measure energy too, in launches of their own behind the timed ones.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Images = Annotated[
    Literal["local", "locked"] | None,
    typer.Option("--images", help="Those built here, or the lock file's; when left out, locked where there is one."),
]
LockFile = Annotated[Path | None, typer.Option("--lock", help="The lock file; else EDGEBENCH_LOCK, or images.lock.")]


@app.command()
def plan(
    device: Device = "host",
    framework: Frameworks = None,
    model: Models = None,
    precision: Precisions = None,
    select: Globs = None,
    arms: Arms = ALL_ARMS,
    profile: Profile = "default",
    blocks: Blocks = None,
    samples: Samples = None,
    half_width: HalfWidth = None,
    max_blocks: MaxBlocks = None,
    seed: Seed = None,
    energy: EnergyPass = False,
    images: Images = None,
    lock: LockFile = None,
    host: HostOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, on which images and with what of the device's hardware. Starts nothing."""
    from bench.cli.matrix import selection
    from bench.images.registry.lock import chosen_lock

    enough = enough_of(blocks, samples, half_width, max_blocks)
    matrix, made = _plan(device, framework, model, precision, select, arms, profile, seed, energy, enough)
    with machine_at(address_of(matrix, device, host)) as machine:
        target, locked = _aim(made, matrix, machine), chosen_lock(images, lock)
    if as_json:
        print_json(
            {
                "device": made.device,
                "profile": made.profile,
                "seed": made.seed,
                "arms": list(made.arms),
                "blocks": made.blocks,
                "half_width": made.half_width,
                "cells": selection.rows(made, target, locked),
                "armless": made.armless,
                "skipped": [{"cell": name, "reason": reason} for name, reason in made.skipped.items()],
                "launches": [launch.id for launch in made.launches()],
                "energy_launches": [launch.id for launch in made.energy_launches()],
            }
        )
        return
    selection.show_plan(made, target, locked)


@app.command()
def run(
    device: Device = "host",
    framework: Frameworks = None,
    model: Models = None,
    precision: Precisions = None,
    select: Globs = None,
    arms: Arms = ALL_ARMS,
    profile: Profile = "default",
    blocks: Blocks = None,
    samples: Samples = None,
    half_width: HalfWidth = None,
    max_blocks: MaxBlocks = None,
    seed: Seed = None,
    cpus: Annotated[
        str | None, typer.Option("--cpus", help="CPUs of every launch, for example 0-1; all when left out.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", help="Memory limit of a container, for example 512m.")
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, max=86_400, help="Seconds after which a launch is given up.")
    ] = 600.0,
    images: Images = None,
    lock: LockFile = None,
    replace: Annotated[
        bool, typer.Option("--replace/--no-replace", help="Launch again what the host disturbed, at most twice.")
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Time also what is known not to agree with its reference; it is recorded.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what each container would be given, and start nothing.")
    ] = False,
    energy: EnergyPass = False,
    meter: Meters = None,
    usb_meter: UsbMeters = None,
    sensors_root: SensorsRoot = None,
    host: HostOption = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure the selected cells in every arm, and keep each launch as it ends."""
    from bench.images.registry.lock import chosen_lock
    from bench.run import session

    if (meter or usb_meter or sensors_root) and not energy:
        raise ConfigError("--meter, --usb-meter and --sensors-root are of the energy pass", "add --energy")
    enough = enough_of(blocks, samples, half_width, max_blocks)
    matrix, made = _plan(device, framework, model, precision, select, arms, profile, seed, energy, enough)
    address = address_of(matrix, device, host)
    if dry_run:
        with machine_at(address) as machine:
            _preview(made, matrix, machine, images, lock, cpus, parse_bytes(memory), as_json=as_json)
        return
    command = shlex.join(["bench", *sys.argv[1:]])
    options = session.Options(
        cpus=cpus,
        memory=parse_bytes(memory),
        timeout=timeout,
        command=command,
        lock=chosen_lock(images, lock),
        half_widths=half_widths,
        replace=replace,
        sensing=sensing_of(matrix, device, meter, usb_meter, sensors_root, here=address in (None, LOCAL)),
        force=force,
    )
    with machine_at(address) as machine:
        options = replace_field(options, machine=machine)
        result = session.start(made, matrix, options, results, console(), quiet=quiet)
    _finish(result, as_json)


@app.command()
def resume(
    run: Annotated[str, typer.Argument(help="A run id, a folder, or `latest`.")],
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Launch again what failed, too.")] = False,
    host: HostOption = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was cut short: exactly the launches that its journal does not have."""
    from bench.run import session
    from bench.run.experiments import interference, selftest

    folder = find_run(results, run)
    facts = read(folder).facts
    matrix = with_user_models(load_matrix(), Store(model_store()), say=console())
    words: dict[str, Any] = {"quiet": quiet, "retry_failed": retry_failed}
    study, then = (facts.get("plan") or {}).get("study"), "bench report"
    with machine_at(host or (facts.get("host") or {}).get("address")) as machine:
        _clean(facts["run_id"], machine, console())
        if study == interference.STUDY:
            result = interference.resume(folder, matrix, console(), **words)
        elif study == selftest.STUDY:
            result, then = selftest.resume(folder, matrix, console(), **words), "bench selftest --run"
        else:
            words |= {"half_widths": half_widths, "machine": machine}
            result = session.resume(folder, matrix, console(), **words)
    _finish(result, as_json, then)


@app.command()
def clean(
    run: Annotated[str | None, typer.Argument(help="A run id, a folder, or `latest`; all runs when left out.")] = None,
    host: HostOption = None,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Remove containers and half-made files that a killed run left behind. Results are never touched."""
    with machine_at(host) as machine:
        removed = _clean(read(find_run(results, run)).facts["run_id"] if run else None, machine, console())
    if as_json:
        print_json({"removed": removed})


@app.command(hidden=True)
def schema() -> None:
    """Print the JSON Schema of matrix.yaml (docs/matrix.schema.json is this)."""
    print_json(matrix_schema())


def _plan(
    device: str,
    frameworks: list[str] | None,
    models: list[str] | None,
    precisions: list[str] | None,
    globs: list[str] | None,
    arms: str,
    profile: str,
    seed: int | None,
    energy: bool,
    enough: dict[str, Any],
) -> tuple[Matrix, Plan]:
    selection = Selection(
        device=device,
        frameworks=frameworks or (),
        models=models or (),
        precisions=precisions or (),
        globs=globs or (),
        arms=[arm.strip() for arm in arms.split(",") if arm.strip()],
        profile=profile,
        seed=seed,
        energy=energy,
        **enough,
    )
    return plan_of(selection)


def plan_of(selection: Selection) -> tuple[Matrix, Plan]:
    """The matrix with the user's own models, and a plan of it without what was found not to work."""
    store = Store(model_store())
    matrix = with_user_models(load_matrix(), store, selection.models, console())
    return matrix, make_plan(matrix, selection, refusals(store, matrix))


def enough_of(
    blocks: int | None, samples: int | None, half_width: str | None, max_blocks: int | None
) -> dict[str, Any]:
    """How much is measured, as a selection has it. Raises ConfigError for options that contradict one another."""
    if half_width is None:
        if max_blocks:
            raise ConfigError("--max-blocks without --half-width", "for a fixed number of blocks: --blocks")
        return {"blocks": blocks, "samples": samples}
    if blocks:
        raise ConfigError("--blocks and --half-width are both given", "--max-blocks bounds a run that stops by itself")
    width = parse_margin(half_width, "--half-width")
    return {"blocks": max_blocks or MOST_BLOCKS, "samples": samples, "half_width": width}


def _aim(made: Plan, matrix: Matrix, machine: Machine, engine: Any = None) -> "Target":
    from bench.hosts.target import resolve_target

    frameworks = sorted({cell.framework for cell in made.cells})
    return resolve_target(made.device, frameworks, matrix, machine.host, dict(engine.info()) if engine else None)


def _preview(
    made: Plan,
    matrix: Matrix,
    machine: Machine,
    images: str | None,
    lock: Path | None,
    cpus: str | None,
    memory: int | None,
    *,
    as_json: bool,
) -> None:
    from bench.cli.matrix import selection
    from bench.images.registry.lock import chosen_lock
    from bench.run.preview import preview

    try:
        engine = machine.engine()
    except HostError:  # a preview does without
        engine = None
    target = _aim(made, matrix, machine, engine)
    cells = preview(made, matrix, target, chosen_lock(images, lock), cpus, memory, machine)
    selection.show_preview(cells, target, as_json=as_json)


def _clean(run_id: str | None, machine: Machine, say: Console) -> list[str]:
    from bench.run import cleanup

    with machine.reserved():
        removed = machine.tidy()
        try:
            client = machine.engine()
            removed += [*cleanup.containers(client, run_id), *machine.outdated(client)]
        except HostError as error:
            say.print(f"no container can be looked for: {error}", highlight=False, soft_wrap=True)
    for name in removed:
        say.print(f"removed {name}", highlight=False, soft_wrap=True)
    return removed


def _finish(result: "Result", as_json: bool, then: str = "bench report") -> None:
    failed = sum(result.tally.failed.values())
    ok, replaced = result.tally.ok, result.tally.replaced
    if as_json:
        told = {"run_id": result.run_id, "path": str(result.folder), "ok": ok, "failed": failed, "replaced": replaced}
        print_json(told)
    else:
        again = f", {replaced} were disturbed by the host and replaced" if replaced else ""
        typer.echo(f"{ok} launches kept, {failed} failed{again}: {result.folder}")
        typer.echo(f"next: {then} {result.folder}")
    if failed:
        reasons = [f"{count} × {what}" for what, count in result.tally.failed.most_common(10)]
        raise CellsFailed("\n".join(reasons), f"again, when mended: bench matrix resume --retry-failed {result.folder}")
