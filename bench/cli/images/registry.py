"""`bench images`: push, pull, lock and verify: images between the engine, a registry and the lock file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer
from rich.console import Console
from rich.table import Table

from bench.cli.common import AsJson, console, print_json
from bench.core.errors import ConfigError, ImagesDiffer
from bench.core.matrix.base import Platform
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.suggest import choose
from bench.images.registry.progress import Transfers

if TYPE_CHECKING:
    import docker

    from bench.images.registry.lock import Lock
    from bench.images.registry.push import Pushed

app = typer.Typer()

Names = Annotated[list[str] | None, typer.Argument(help="Frameworks; default: all.")]
Platforms = Annotated[list[str] | None, typer.Option("--platform", help="A platform; may be repeated.")]
Where = Annotated[str, typer.Option("--registry", help="The registry: HOST:PORT or HOST:PORT/NAMESPACE.")]
LockFile = Annotated[Path | None, typer.Option("--lock", help="The lock file; else EDGEBENCH_LOCK, or images.lock.")]
Patience = Annotated[
    float, typer.Option("--timeout", min=1, help="Give up after this many seconds without a response.")
]
PATIENCE = 120.0
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]


@app.command()
def push(
    registry: Where,
    names: Names = None,
    platform: Platforms = None,
    compression: Annotated[
        Literal["zstd", "gzip"] | None,
        typer.Option(help="Compression of layers; default: gzip for L4T, zstd otherwise."),
    ] = None,
    timeout: Patience = PATIENCE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Push what is built, with provenance and SBOM. A framework's tags are written when all of it has arrived."""
    from bench.images import engine, sbom
    from bench.images.registry.client import Registry
    from bench.images.registry.push import Pusher
    from bench.run.lock import reserved

    matrix = load_matrix()
    client = engine.connect()
    there = Registry(registry, client, timeout)
    wanted = _built(client, matrix, names or (), platform or ())
    there.check()
    rows: list[dict[str, Any]] = []
    with reserved(), Transfers(console(), quiet=quiet) as shown:
        shown.begin("building the SBOM scanner")
        sbom.make_scanner()
        pusher = Pusher(client, there, shown)
        for framework, platforms in wanted.items():
            done, tags = pusher.push(framework, platforms, matrix.frameworks[framework].platforms, compression)
            rows += [_arrived(pushed) for pushed in done]
            for ref, digest in tags.items():
                shown.end(f"{ref} is {digest[:19]} now")
    if as_json:
        print_json(rows)


@app.command()
def lock(registry: Where, names: Names = None, lock: LockFile = None, as_json: AsJson = False) -> None:
    """Write the digests of a registry's images into the lock file; with NAMES only theirs."""
    from bench.images import engine
    from bench.images.registry import lock as locks
    from bench.images.registry.client import Registry

    frameworks = load_matrix().frameworks
    there, path = Registry(registry, engine.find()), locks.lock_path(lock)
    before = locks.read_lock(path) if names and path.exists() else None
    if before and before.registry != there.address:
        what = f"{path} is for the registry {before.registry}, not {there.address}"
        raise ConfigError(what, "lock all frameworks at once, without NAMES, or name another file: --lock FILE")
    chosen = choose("framework", names or (), frameworks)
    made = locks.make_lock(
        there, {name: list(frameworks[name].platforms) for name in chosen}, before, all_of_them=bool(names)
    )
    locks.write_lock(path, made)
    if as_json:
        print_json(made.model_dump())
        return
    table = Table("framework", "platform", "version", "size", "digest", box=None, pad_edge=False)
    for framework, images in made.images.items():
        for platform, image in images.items():
            size = f"{image.size_bytes / 1e6:.0f} MB"
            table.add_row(framework, platform, image.version, size, image.digest[:19])
    Console().print(table)
    console().print(f"written: {path}", highlight=False, soft_wrap=True)


@app.command()
def pull(
    names: Names = None,
    platform: Platforms = None,
    lock: LockFile = None,
    by_digest_alone: Annotated[
        bool, typer.Option("--by-digest-alone", help="Pull by digest even if the tag has moved.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Pull the locked images that the engine does not have, by digest."""
    from bench.images import engine
    from bench.images.local import native_platform
    from bench.images.registry.lock import lock_path, read_lock
    from bench.images.registry.pull import Puller
    from bench.run.lock import reserved

    made = read_lock(lock_path(lock))
    wanted = _locked(made, names or (), platform or [native_platform()])
    rows = []
    with reserved(), Transfers(console(), quiet=quiet) as shown:
        puller = Puller(engine.connect(), made, shown, by_digest_alone=by_digest_alone)
        for framework, each in wanted:
            missing = puller.find(framework, each) is None
            image = puller.require(framework, each)
            if not missing:
                shown.end(f"{framework} for {each}: is here")
            rows.append({"framework": framework, "platform": each, "ref": image.ref, "pulled": missing})
    if as_json:
        print_json(rows)


@app.command()
def verify(names: Names = None, platform: Platforms = None, lock: LockFile = None, as_json: AsJson = False) -> None:
    """Check that the registry and the engine have exactly the locked images. Ends with 4 when they do not."""
    from bench.images import engine
    from bench.images.registry import verify
    from bench.images.registry.lock import lock_path, read_lock

    made = read_lock(lock_path(lock))
    client = engine.connect()
    wanted = _locked(made, names or (), platform or ())
    verdicts = [verify.verify(client, made, framework, each) for framework, each in wanted]
    if as_json:
        print_json([vars(verdict) for verdict in verdicts])
    else:
        table = Table("framework", "platform", "digest", "engine", "", box=None, pad_edge=False)
        for verdict in verdicts:
            result = "[red]differs[/]" if verdict.problems else "as locked"
            pulled = "has it" if verdict.pulled else "not pulled"
            table.add_row(verdict.framework, verdict.platform, verdict.digest[:19], pulled, result)
        Console().print(table)
    if bad := [verdict for verdict in verdicts if verdict.problems]:
        said = [f"{each.framework} for {each.platform}: {problem}" for each in bad for problem in each.problems]
        hint = f"if that is meant to be so: bench images lock --registry {made.registry}"
        raise ImagesDiffer("\n".join(said), hint)


def _built(
    client: "docker.DockerClient", matrix: Matrix, names: Sequence[str], platforms: Sequence[str]
) -> dict[str, list[str]]:
    """The frameworks to push, each with its platforms: those named, or all that the engine has a whole image for."""
    from bench.core.matrix.vendor_images import STAND_IN
    from bench.images import local

    chosen = choose("framework", names, matrix.frameworks)
    allowed: list[str] = choose("platform", platforms, get_args(Platform))
    # An image on a stand-in is for this machine alone: who asks for it by name is told so.
    found_here = (image for image in local.list_images(client) if names or STAND_IN not in image.labels)
    there = {(image.framework, image.platform) for image in found_here}
    wanted: dict[str, list[str]] = {}
    for framework in chosen:
        declared: Iterable[str] = matrix.frameworks[framework].platforms
        found = [each for each in allowed if (framework, each) in there and each in declared]
        if names and platforms:
            found = allowed  # what is not there is an error, and says how to build it
        if found:
            wanted[framework] = found
        elif names:
            raise ConfigError(f"there is no image of {framework}", f"make images/{framework}")
    if not wanted:
        raise ConfigError("no image is built yet", "make images")
    return wanted


def _locked(made: "Lock", names: Iterable[str], platforms: Iterable[str]) -> list[tuple[str, str]]:
    """The images of a lock file that are meant."""
    chosen = choose("locked image", names, made.images)
    allowed = choose("platform", platforms, get_args(Platform))
    found = [(name, str(each)) for name in chosen for each in made.images[name] if each in allowed]
    if missing := set(chosen) - {name for name, _ in found} if names else set():
        raise ConfigError(f"the lock file names no image of {min(missing)} for {', '.join(allowed)}", "--platform")
    if not found:
        raise ConfigError(f"the lock file names no image for {', '.join(allowed)}", "--platform")
    return found


def _arrived(pushed: "Pushed") -> dict[str, Any]:
    return {
        "framework": pushed.framework,
        "platform": pushed.platform,
        "version": pushed.version,
        "digest": pushed.manifest_digest,
        "size_bytes": pushed.size_bytes,
        "sent_bytes": pushed.sent_bytes,
    }
