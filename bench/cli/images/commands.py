"""`bench images`: build and list."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.console import Console

from bench.cli.common import AsJson, console, print_json
from bench.cli.images import inspect, registry
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.base import Group, Platform
from bench.core.matrix.schema import load_matrix
from bench.core.suggest import choose
from bench.core.terminal import print_fitted

if TYPE_CHECKING:
    from bench.images.local import Image

app = typer.Typer(help="Build, list and distribute the images of the frameworks.", no_args_is_help=True)
app.registered_commands += registry.app.registered_commands + inspect.app.registered_commands


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Images; default: all of the group.")] = None,
    platform: Annotated[str | None, typer.Option(help="A platform; default: this machine's.")] = None,
    group: Annotated[str, typer.Option(help="What to build by default: cpu, accelerator, cuda or l4t.")] = "cpu",
    stand_in: Annotated[
        bool, typer.Option("--stand-in", help="Take our own substitute for a vendor's base that cannot be pulled.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build images, each to its own end, and say what came of each."""
    from bench.cli.images import build as view
    from bench.images import build as builder
    from bench.images import local
    from bench.run.lock import reserved

    wanted = platform or local.native_platform()
    chosen = _chosen(names or (), wanted, group)
    err = console()
    with reserved():
        if err.is_terminal:
            board = view.Board(err, len(chosen))
            with board.live:
                done = builder.build_each(chosen, wanted, board, stand_in=stand_in)
        else:
            done = builder.build_each(chosen, wanted, view.Lines(err), stand_in=stand_in)
    if as_json:
        print_json([view.row(built) for built in done])
    else:
        Console().print(view.table(done))
    if failed := [built for built in done if built.error]:
        said = (f"{built.name} for {built.platform}: {built.error} (all of it: {built.log})" for built in failed)
        hints = dict.fromkeys(str(built.error.hint) for built in failed if built.error)
        raise HostError("\n".join(said), "; ".join(hints))


def _chosen(names: Sequence[str], platform: str, group: str) -> list[str]:
    """The images that are meant. Raises ConfigError for a name, a platform or a group that there is not."""
    from bench.images import local

    frameworks = load_matrix().frameworks
    (platform,) = choose("platform", [platform], get_args(Platform))
    if names:
        chosen = choose("image", names, [*frameworks, *local.step_images(), local.BENCH_IMAGE])
        for name in chosen:
            if name in frameworks and platform not in frameworks[name].platforms:
                offered = ", ".join(frameworks[name].platforms)
                raise ConfigError(f"{name} has no image for {platform}", f"it has for {offered}: --platform")
        return chosen
    (group,) = choose("group", [group], get_args(Group))
    chosen = [name for name, entry in frameworks.items() if entry.group == group and platform in entry.platforms]
    if not chosen:
        hint = "see `platforms:` of its frameworks in matrix.yaml"
        raise ConfigError(f"the group {group} has no image for {platform}", hint)
    return chosen


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show what is built: framework, version, platform, size, digest."""
    from bench.images import local

    rows = [_row(image) for image in local.list_images()]
    if as_json:
        print_json(rows)
        return
    out = Console()
    if not rows:
        out.print("no image is built yet: make images")
        return
    shown = [
        {
            "framework": row["framework"],
            "platform": row["platform"],
            "version": row["version"] or "",
            "size": f"{row['size_bytes'] / 1e6:.0f} MB",
            "digest": row["digest"][:19],
            "verified": row["verified"] or "",
        }
        for row in rows
    ]
    print_fitted(shown, out, droppable=("digest", "size"), right=("size",))


def _row(image: "Image") -> dict[str, Any]:
    framework = load_matrix().frameworks.get(image.framework)
    levels: Mapping[Any, str] = framework.platforms if framework else {}
    return {
        "framework": image.framework,
        "platform": image.platform,
        "version": image.labels.get("org.edgebench.framework.version"),
        "digest": image.image_id,
        "size_bytes": image.size_bytes,
        "verified": levels.get(image.platform),
    }
