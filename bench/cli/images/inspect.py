"""`bench images inspect`: what a registry has of a framework, and what was said of it when it was pushed."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from bench.cli.common import AsJson, print_json
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import load_matrix
from bench.core.suggest import choose

if TYPE_CHECKING:
    from bench.images.registry.remote_image import Remote

app = typer.Typer()


@app.command()
def inspect(
    name: Annotated[str, typer.Argument(help="A framework.")],
    platform: Annotated[str | None, typer.Option(help="A platform; default: this machine's.")] = None,
    registry: Annotated[
        str | None, typer.Option(help="HOST:PORT or HOST:PORT/NAMESPACE; default: the lock file's.")
    ] = None,
    lock: Annotated[Path | None, typer.Option("--lock", help="The lock file.")] = None,
    sbom: Annotated[bool, typer.Option("--sbom", help="Show the installed packages.")] = False,
    provenance: Annotated[bool, typer.Option("--provenance", help="Show the sources of the build.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show an image of a registry: digest, labels, provenance, SBOM. With --json the documents as they are."""
    from bench.images.local import native_platform
    from bench.images.registry.oci import PROVENANCE, SPDX
    from bench.images.registry.remote_image import statements
    from bench.images.sbom import packages

    choose("framework", [name], load_matrix().frameworks)
    if sbom and provenance:
        raise ConfigError("--sbom and --provenance are two documents", "ask for one of them")
    image, there = _find(name, platform or native_platform(), registry, lock)
    said = statements(there, image)
    built = next((value for kind, value in said.items() if kind.startswith(PROVENANCE)), None)
    for wanted, found, what in ((sbom, said.get(SPDX), "SBOM"), (provenance, built, "provenance")):
        if wanted and found is None:
            raise HostError(f"{image.ref} has no {what}", f"push it again: bench images push {name}")
    if as_json:
        print_json(said[SPDX] if sbom else built if provenance else _facts(image, said.get(SPDX), built))
    elif sbom:
        table = Table("package", "version", "type", Column("licence", overflow="fold"), box=None, pad_edge=False)
        for row in packages(said[SPDX]):
            table.add_row(row["name"], row["version"], row["type"], row["licence"])
        Console().print(table)
    else:
        facts = _built_from(built or {}) if provenance else _shown(image, said.get(SPDX), built)
        table = Table("", Column(overflow="fold"), box=None, pad_edge=False, show_header=False)
        for key, value in facts.items():
            table.add_row(key, value)
        Console().print(table)


def _find(name: str, platform: str, address: str | None, lock: Path | None) -> tuple["Remote", Any]:
    """The image: the locked one, or with a registry named the one behind its tag."""
    from bench.images import engine
    from bench.images.registry.client import Registry
    from bench.images.registry.lock import lock_path, read_lock
    from bench.images.registry.remote_image import find_remote

    if address is None:
        path = lock_path(lock)
        if not path.exists():
            raise ConfigError("no registry is named, and there is no lock file", "--registry HOST[:PORT][/NAMESPACE]")
        made = read_lock(path)
        locked = made.find(name, platform)
        address, reference = made.registry, locked.index or locked.digest
    else:
        reference = platform
    there = Registry(address, engine.find())
    image = find_remote(there, name, platform, reference)
    if image is None:
        hint = f"bench images push --registry {address} {name}"
        raise HostError(f"the registry does not have {there.ref(name, reference)}", hint)
    return image, there


def _facts(image: "Remote", sbom: dict[str, Any] | None, built: dict[str, Any] | None) -> dict[str, Any]:
    """What is known of an image, for programs."""
    return {
        "framework": image.framework,
        "platform": image.platform,
        "ref": image.ref,
        "digest": image.manifest_digest,
        "index": image.index,
        "version": image.version,
        "protocol": image.protocol,
        "size_bytes": image.size_bytes,
        "layers": [{"digest": layer["digest"], "size_bytes": layer["size"]} for layer in image.layers],
        "labels": image.labels,
        "sbom": sbom is not None,
        "provenance": built is not None,
    }


def _shown(image: "Remote", sbom: dict[str, Any] | None, built: dict[str, Any] | None) -> dict[str, str]:
    """The same for people."""
    from bench.images.sbom import packages

    kinds = Counter(row["type"] for row in packages(sbom or {}))
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return {
        "image": image.ref,
        "digest": image.manifest_digest,
        "version": image.version,
        "size": f"{image.size_bytes / 1e6:.1f} MB in {len(image.layers)} layers, as it travels",
        "protocol": str(image.protocol),
        "runner": image.labels.get("org.edgebench.runner.sha256", "unknown")[:12],
        "recipe": image.labels.get("org.edgebench.recipe.sha256", "unknown")[:12],
        "licence": image.labels.get("org.opencontainers.image.licenses", "unknown"),
        "SBOM": f"{counted} packages, see --sbom" if sbom else "none",
        "provenance": f"materials: {len(built.get('materials', ()))}, see --provenance" if built else "none",
    }


def _built_from(provenance: dict[str, Any]) -> dict[str, str]:
    """What a provenance document says, without the steps of the build."""
    facts = {f"material {n}": each["uri"] for n, each in enumerate(provenance.get("materials", ()), 1)}
    metadata = provenance.get("metadata", {})
    steps = provenance.get("buildConfig", {}).get("llbDefinition", ())
    parameters = provenance.get("invocation", {}).get("parameters", {}).get("args", {})
    labels = {key: value for key, value in parameters.items() if key.startswith("label:")}
    return {
        **facts,
        "build type": provenance.get("buildType", "unknown"),
        "finished": metadata.get("buildFinishedOn", "unknown"),
        "steps": f"{len(steps)}: --json",
        **labels,
    }
