"""`bench doctor`: whether a machine can do what a device's launches need, and setting it up for them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from bench.cli.common import AsJson, HostOption, address_of, console, print_json
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.suggest import choose

if TYPE_CHECKING:
    from bench.doctor import Case, Line
    from bench.run.machine import Machine

MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


def doctor(
    device: Annotated[str, typer.Option("--device", help="A device of matrix.yaml.")] = "host",
    framework: Annotated[list[str] | None, typer.Option("--framework", help="Only this one; may be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option("--model", help="Memory for this one; may be repeated.")] = None,
    images: Annotated[
        Literal["local", "locked"] | None,
        typer.Option("--images", help="Those built here, or the lock file's; locked where there is one."),
    ] = None,
    lock: Annotated[
        Path | None, typer.Option("--lock", help="The lock file; else EDGEBENCH_LOCK, or images.lock.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Set governors, power mode and clocks to what is measured with.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Set back what --fix changed, and do nothing else.")
    ] = False,
    at: HostOption = None,
    as_json: AsJson = False,
) -> None:
    """Examine the machine line by line, with the command that mends what is wrong. Exits 3 when a line fails."""
    from bench.doctor import examine
    from bench.hosts import settings
    from bench.run.machine import machine_at

    err = console()
    said: list[str] = []

    def say(text: object) -> None:
        said.append(str(text))
        err.print(str(text), highlight=False, soft_wrap=True, markup=False)

    if fix and restore:
        raise ConfigError("--fix and --restore are both asked for", "one after the other")
    matrix = load_matrix()
    (device,) = choose("device", [device], matrix.devices)
    with machine_at(address_of(matrix, device, at)) as machine:
        host = machine.host
        if restore:
            with machine.reserved():
                there = settings.restore(host, say)
            say("all is as it was" if there else "nothing was changed")
            return
        if fix or settings.journal(host).exists():
            with machine.reserved():
                settings.recover(host, say)
                if fix:
                    settings.fix(device, matrix.devices[device], host, say)
            if fix and not said:
                say("nothing had to be set")
        lines = examine(_case(matrix, device, framework or (), model or (), images, lock, machine))
    if as_json:
        print_json({"device": device, "changed": said if fix else [], "lines": [asdict(line) for line in lines]})
    else:
        _show(lines)
    if failed := [line for line in lines if line.level == "fail"]:
        raise HostError(f"{len(failed)} of {len(lines)} lines fail for {device}", "each says what mends it")


def _case(
    matrix: Matrix,
    device: str,
    frameworks: "list[str] | tuple[()]",
    models: "list[str] | tuple[()]",
    images: str | None,
    lock: Path | None,
    machine: "Machine",
) -> "Case":
    from bench.cli.common import sensing_of
    from bench.doctor import Case
    from bench.hosts.identify import read_facts
    from bench.hosts.sensors import survey
    from bench.hosts.target import resolve_target
    from bench.images.registry.lock import chosen_lock
    from bench.run.compose import renderable
    from bench.run.machine import LOCAL

    entry, host, here = matrix.devices[device], machine.host, machine.address == LOCAL
    offered = renderable(matrix, device)
    chosen = choose("framework", frameworks, matrix.frameworks) if frameworks else offered
    if away := [name for name in chosen if name not in offered]:
        raise ConfigError(f"{device} has no image of {away[0]}", f"it has of {', '.join(offered) or 'nothing'}")
    client, silence = None, ""
    try:
        client = machine.engine()
    except HostError as error:
        silence = str(error)
    return Case(
        name=device,
        device=entry,
        matrix=matrix,
        host=host,
        facts=read_facts(host, matrix.devices),
        frameworks=chosen,
        platforms=resolve_target(device, chosen, matrix, host).platforms,
        sensors=survey(sensing_of(matrix, device, None, None, None, here=here), machine.sense),
        engine=client,
        info=dict(client.info()) if client else {},
        silence=silence,
        lock=chosen_lock(images, lock),
        models=_sizes(matrix, chosen, models),
        cache=machine.cache,
        user=machine.user,
        sendable=machine.sendable,
    )


def _sizes(matrix: Matrix, frameworks: list[str], models: "list[str] | tuple[()]") -> dict[str, int]:
    """The largest artifact of each model that these frameworks read, of those that were made."""
    from bench.artifacts.store import Store
    from bench.core.paths import model_store

    store = Store(model_store())
    formats = {matrix.frameworks[name].format for name in frameworks}
    sizes: dict[str, int] = {}
    for name in choose("model", models, matrix.models):
        made = (store.manifest(name) or {}).get("artifacts", ())
        if found := [each["size_bytes"] for each in made if each["format"] in formats]:
            sizes[name] = max(found)
    return sizes


def _show(lines: "list[Line]") -> None:
    out = Console(soft_wrap=True, highlight=False)
    width = max(len(line.topic) for line in lines)
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        out.print(f"{MARKS[line.level]} {line.topic:<{width}}  {escape(line.said)}")
        if line.mend and (after is None or line.mend != after.mend):  # once for lines that one thing mends
            out.print(f"     {'':<{width}}  → {escape(line.mend)}")
