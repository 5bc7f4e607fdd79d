"""The tables of docs/devices.md, from matrix.yaml; a test holds the page so."""

from collections.abc import Iterable, Iterator

from bench.devices.target import wanted
from bench.matrix.config import Matrix
from bench.matrix.device import Access


def markdown(matrix: Matrix) -> str:
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
    identity = wanted(entry.identify) if entry.identify != type(entry.identify)() else "whatever it is"
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
