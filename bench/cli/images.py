"""`bench images`: build and list."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.cli.common import AsJson, print_json
from bench.config import load_matrix
from bench.names import choose

if TYPE_CHECKING:
    from bench.images import Image

app = typer.Typer(help="Build and list the images of the frameworks.", no_args_is_help=True)

# Images that no cell is launched from: they make the models.
TOOLS = ("models-export", "models-convert")


@app.command()
def build(names: Annotated[list[str] | None, typer.Argument(help="Frameworks; all when left out.")] = None) -> None:
    """Build images, showing the builder's own progress."""
    from bench import bake
    from bench.hostlock import reserved

    known = [*load_matrix().frameworks, *TOOLS]
    chosen = choose("framework", names or load_matrix().frameworks, known)
    with reserved():
        bake.build(chosen)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show what is built: framework, version, platform, size, digest."""
    from bench import images

    rows = [_row(image) for image in images.list_images()]
    if as_json:
        print_json(rows)
        return
    out = Console()
    if not rows:
        out.print("no image is built yet: make images")
        return
    table = Table("framework", "platform", "version", "size", "digest", "verified", box=None, pad_edge=False)
    for row in rows:
        size, digest = f"{row['size_bytes'] / 1e6:.0f} MB", row["digest"][:19]
        table.add_row(row["framework"], row["platform"], row["version"], size, digest, row["verified"])
    out.print(table)


def _row(image: "Image") -> dict[str, Any]:
    framework = load_matrix().frameworks.get(image.framework)
    levels: Mapping[Any, str] = framework.platforms if framework else {}
    return {
        "framework": image.framework,
        "platform": image.platform,
        "version": image.labels.get("org.edgebench.framework.version"),
        "digest": image.digest,
        "size_bytes": image.size_bytes,
        "verified": levels.get(image.platform),
    }
