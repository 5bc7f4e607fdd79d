"""`bench matrix run`: measure the selected cells."""

import shlex
import sys
from dataclasses import replace as replace_field
from typing import TYPE_CHECKING, Annotated

import typer

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
    sensing_of,
)
from bench.cli.matrix.options import (
    ALL_ARMS,
    Arms,
    Blocks,
    Cpus,
    Device,
    EnergyPass,
    Frameworks,
    Globs,
    HalfWidth,
    Images,
    LockFile,
    MaxBlocks,
    Models,
    Precisions,
    Profile,
    Quiet,
    Replace,
    Samples,
    Seed,
)
from bench.cli.matrix.outcome import show_outcome
from bench.cli.matrix.request import cells_of, enough_of, parse_arms, plan_of, target_of
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Plan, Selection
from bench.core.matrix.schema import Matrix
from bench.run.machine import LOCAL, Machine, machine_at

if TYPE_CHECKING:
    from bench.images.registry.lock import Lock


Memory = Annotated[str | None, typer.Option("--memory", help="Memory limit of a container, for example 512m.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, max=86_400, help="Stop a launch after this many seconds.")]
Force = Annotated[bool, typer.Option("--force", help="Also time artifacts whose check failed; the run records it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the settings of each container and start nothing.")]


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
    cpus: Cpus = None,
    memory: Memory = None,
    timeout: Timeout = 600.0,
    images: Images = None,
    lock: LockFile = None,
    replace: Replace = True,
    force: Force = False,
    dry_run: DryRun = False,
    energy: EnergyPass = False,
    meter: Meters = None,
    usb_meter: UsbMeters = None,
    sensors_root: SensorsRoot = None,
    host: HostOption = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure the selected cells in every arm and save each launch when it ends."""
    from bench.images.registry.lock import chosen_lock
    from bench.run import session

    if (meter or usb_meter or sensors_root) and not energy:
        raise ConfigError("--meter, --usb-meter and --sensors-root are of the energy pass", "add --energy")
    chosen = cells_of(device, framework, model, precision, select, seed)
    enough = enough_of(blocks, samples, half_width, max_blocks)
    matrix, made = plan_of(Selection(**chosen, **enough, arms=parse_arms(arms), profile=profile, energy=energy))
    address = address_of(matrix, device, host)
    if dry_run:
        with machine_at(address) as machine:
            _preview(made, matrix, machine, chosen_lock(images, lock), cpus, parse_bytes(memory), as_json=as_json)
        return
    options = session.Options(
        cpus=cpus,
        memory=parse_bytes(memory),
        timeout=timeout,
        command=shlex.join(["bench", *sys.argv[1:]]),
        lock=chosen_lock(images, lock),
        half_widths=half_widths,
        replace=replace,
        sensing=sensing_of(matrix, device, meter, usb_meter, sensors_root, here=address in (None, LOCAL)),
        force=force,
    )
    with machine_at(address) as machine:
        options = replace_field(options, machine=machine)
        result = session.start(made, matrix, options, results, console(), quiet=quiet)
    show_outcome(result, as_json)


def _preview(
    made: Plan,
    matrix: Matrix,
    machine: Machine,
    lock: "Lock | None",
    cpus: str | None,
    memory: int | None,
    *,
    as_json: bool,
) -> None:
    from bench.cli.matrix import selection
    from bench.run.preview import preview

    try:
        engine = machine.engine()
    except HostError:  # a preview needs no engine
        engine = None
    target = target_of(made, matrix, machine, engine)
    cells = preview(made, matrix, target, lock, cpus, memory, machine)
    selection.show_preview(cells, target, as_json=as_json)
