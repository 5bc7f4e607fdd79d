"""`bench devices`: list and show what matrix.yaml knows, and say which of it this machine is."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from bench.cli.common import AsJson, HostOption, print_json
from bench.core.errors import HostError
from bench.core.matrix.device import Access
from bench.core.matrix.platforms import architecture, platform_of
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.suggest import choose
from bench.core.terminal import print_fitted
from bench.hosts import identify, l4t
from bench.hosts.target import describe_identity
from bench.run.compose import renderable
from bench.run.machine import machine_at

app = typer.Typer(help="The boards and hosts of matrix.yaml.", no_args_is_help=True)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the devices: platforms of their images, frameworks, ways to their hardware, and how far each was tried."""
    matrix = load_matrix()
    rows = [_row(matrix, name) for name in matrix.devices]
    if as_json:
        print_json(rows)
        return
    shown = [
        {
            "device": row["device"],
            "title": row["title"],
            "platforms": " ".join(row["platforms"]) or "–",
            "frameworks": ", ".join(row["runs"]) or "–",
            "hardware": " ".join(row["access"]) or "–",
            "verified": row["verified"],
        }
        for row in rows
    ]
    print_fitted(shown, Console(), droppable=("title", "platforms"))


def _row(matrix: Matrix, name: str) -> dict[str, Any]:
    entry = matrix.devices[name]
    own = [framework for framework in entry.uses if framework in matrix.frameworks and framework not in entry.without]
    return {
        "device": name,
        "title": entry.title,
        "platforms": list(entry.platforms),
        "runs": [*entry.groups, *own],
        "frameworks": renderable(matrix, name),
        "access": list(dict.fromkeys(each for use in entry.uses.values() for each in use.access)),
        "sensors": list(entry.sensors),
        "verified": entry.verified,
    }


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A device of matrix.yaml.")],
    as_json: AsJson = False,
) -> None:
    """Show a device: all that matrix.yaml says of it, with what each way to its hardware gives a container."""
    matrix = load_matrix()
    (name,) = choose("device", [name], matrix.devices)
    row = _row(matrix, name)
    facts = {
        "device": name,
        **matrix.devices[name].model_dump(exclude_defaults=True),
        "images": {each: _tags(matrix, name, each) for each in row["frameworks"]},
        "access": {each: matrix.access[each].model_dump(exclude_defaults=True) for each in row["access"]},
    }
    if as_json:
        print_json(facts)
    else:
        typer.echo(yaml.safe_dump(facts, sort_keys=False, width=110, default_flow_style=None), nl=False)


def _tags(matrix: Matrix, device: str, framework: str) -> dict[str, str]:
    """Platform → how far the image was tried."""
    has = matrix.frameworks[framework].platforms
    return {platform: has[platform] for platform in matrix.devices[device].platforms if platform in has}


@app.command(hidden=True)
def markdown() -> None:
    """Print the tables of docs/devices.md."""
    typer.echo(tables(load_matrix()))


@app.command()
def probe(host: HostOption = None, as_json: AsJson = False) -> None:
    """Say which devices a machine is, by compatible strings, PCI and USB ids. Exits 3 where it cannot be told."""
    matrix = load_matrix()
    with machine_at(host) as machine:
        facts = identify.read_facts(machine.host, matrix.devices)
    found = {name: why for name, each in matrix.devices.items() if (why := identify.matches(each, facts))}
    unknown = identify.find_unknown(facts, found, matrix.devices)
    if facts.l4t and l4t.platform(matrix.l4t, facts.l4t) is None:
        unknown.append(f"there is no image for L4T {facts.l4t}; known are {l4t.describe_releases(matrix.l4t)}")
    if as_json:
        print_json(
            {
                "machine": facts.machine,
                "model": facts.model,
                "compatible": list(facts.compatible),
                "pci": list(facts.pci),
                "usb": list(facts.usb),
                "cpu": facts.cpu,
                "l4t": facts.l4t,
                "platform": l4t.platform(matrix.l4t, facts.l4t) if facts.l4t else platform_of(facts.machine),
                "devices": [{"device": name, "because": why} for name, why in found.items()],
                "unknown": unknown,
            }
        )
    else:
        _show_probe(matrix, facts, found)
    if unknown:
        raise HostError(
            "\n".join(unknown), "docs/adding-a-device.md; as a plain machine it is measured with --device host"
        )


def _show_probe(matrix: Matrix, facts: identify.Facts, found: dict[str, list[str]]) -> None:
    out = Console(soft_wrap=True, highlight=False)
    said = [facts.model, facts.cpu, facts.machine, f"L4T {facts.l4t}" if facts.l4t else None]
    out.print(", ".join(each for each in said if each), markup=False)
    for name, why in found.items():
        out.print(f"{name}: {matrix.devices[name].title}, by {', '.join(why)}", markup=False)
    if platform_of(facts.machine) in map(architecture, matrix.devices["host"].platforms):
        out.print("host: as any machine is, without what is particular to it", markup=False)


def tables(matrix: Matrix) -> str:
    """Every device with its level, images, hardware and sensors; every way to hardware; every release of L4T."""
    devices = [_device(matrix, name) for name in matrix.devices]
    ways = [_way(name, way) for name, way in matrix.access.items()]
    releases = [
        [f"`{name}`", ", ".join(f"{each} ({pack})" for each, pack in known.items())]
        for name, known in matrix.l4t.items()
    ]
    return "\n\n".join(
        [
            _table(("device", "level", "known by", "images", "hardware", "power, sensors", "study's W"), devices),
            _table(("way", "what a container is given", "must be there", "no such arm"), ways),
            _table(("platform", "L4T (JetPack)"), releases),
        ]
    )


def _device(matrix: Matrix, name: str) -> list[str]:
    entry = matrix.devices[name]
    ways = dict.fromkeys(each for use in entry.uses.values() for each in use.access)
    identity = describe_identity(entry.identify) if entry.identify != type(entry.identify)() else "whatever it is"
    power = "" if entry.power.covers == "nothing" else f"{entry.power.covers}{_of(entry.power.rails)}; "
    return [
        f"`{name}` {entry.title}",
        entry.verified,
        identity,
        _images(matrix, name),
        ", ".join(f"`{each}`" for each in ways) or "–",
        power + ", ".join(entry.sensors),
        " / ".join(f"{watts:g}" for watts in (entry.study.idle_w, entry.study.average_w) if watts is not None) or "–",
    ]


def _of(rails: list[str]) -> str:
    return f" ({' + '.join(rails)})" if rails else ""


def _images(matrix: Matrix, name: str) -> str:
    """Groups and frameworks, with their platforms; or why there is none."""
    entry = matrix.devices[name]
    if entry.without:
        return "none: " + "; ".join(entry.without.values())
    runs = [*entry.groups, *(each for each in entry.uses if each in matrix.frameworks)]
    return f"{', '.join(runs)} on {', '.join(entry.platforms)}"


def _way(name: str, way: Access) -> list[str]:
    must = [*way.nodes, *way.directories, *way.brings, *way.files, *([way.driver] if way.driver else [])]
    return [
        f"`{name}` {way.title}",
        "; ".join(_given(way)),
        ", ".join(f"`{each}`" for each in must) or "–",
        "; ".join(f"{arm}: {why}" for arm, why in way.without.items()) or "–",
    ]


def _given(way: Access) -> Iterator[str]:
    if way.runtime:
        yield f"runtime `{way.runtime}`"
    if way.gpu:
        yield "a device request for all cards, or CDI `nvidia.com/gpu=all`"
    yield from (f"device `{node}`" for node in way.nodes)
    yield from (f"folder `{folder}`, writable" for folder in way.directories)
    yield from (f"cgroup rule `{rule}`" for rule in way.rules)
    yield from (f"group `{group}` by its number" for group in way.groups)
    yield from (f"file `{file}`, read-only" for file in way.files)
    yield from (f"`{name}={value}`" for name, value in way.environment.items())


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
