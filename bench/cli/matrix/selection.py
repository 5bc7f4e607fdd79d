"""What `bench matrix plan` and `bench matrix run --dry-run` show."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from bench.core.matrix.plan import Cell, Plan
from bench.hosts.target import Target
from bench.run.preview import source
from bench.run.run_folder import cell_facts

NOT_LOCKED = "not locked"


def rows(made: Plan, target: Target, lock: Any) -> list[dict[str, Any]]:
    """The cells of a plan, with the image of each and what its containers are given."""
    return [_row(made, cell, target, lock) for cell in made.cells]


def _row(made: Plan, cell: Cell, target: Target, lock: Any) -> dict[str, Any]:
    image = source(cell.framework, target.platforms[cell.framework], lock)
    grant = target.grants[cell.framework]
    return {
        **cell_facts(cell),
        "arms": list(made.arms_of(cell.framework)),
        "blocks": made.blocks,
        "image": image.ref,
        "platform": image.platform,
        "digest": image.digest,
        "runtime": grant.runtime,
        "gpu": grant.gpu,
        "nodes": grant.shown(),
        "cgroup_rules": list(grant.rules),
        "groups": list(grant.groups),
    }


def show_plan(made: Plan, target: Target, lock: Any) -> None:
    """The cells as a table, and below it what is left out."""
    table = Table("cell", "arms", "blocks", "image", "digest", "runtime", "nodes", box=None, pad_edge=False)
    for row in rows(made, target, lock):
        image, digest = row["image"].partition("@")[0], (row["digest"] or NOT_LOCKED)[:19]
        how = row["runtime"] or {"requests": "--gpus", "cdi": "CDI"}.get(row["gpu"], "–")
        arms, nodes = " ".join(row["arms"]), " ".join(row["nodes"]) or "–"
        table.add_row(row["cell"], arms, str(row["blocks"]), image, digest, how, nodes)
    out = wide(table)
    out.print(table)
    for line in _left_out(made):
        out.print(f"left out: {line}", highlight=False)
    energy = sum(1 for _ in made.energy_launches())
    more = f", and {energy} of the energy pass" if energy else ""
    out.print(f"{len(made.cells)} cells, {sum(1 for _ in made.launches())} launches{more}", highlight=False)
    for line in _not_here(target):
        out.print(line, highlight=False)


def wide(table: Table) -> Console:
    """A console on which no cell of a table is folded: lines longer than the terminal are the terminal's to wrap."""
    out = Console()
    widest = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    return Console(width=max(out.width, widest), soft_wrap=True)


def _left_out(made: Plan) -> Iterator[str]:
    """Cells by reason; what is left out of every model is said once."""
    alike: dict[str, list[str]] = {}
    for name, reason in made.skipped.items():
        alike.setdefault(reason, []).append(name)
    for reason, names in alike.items():
        yield f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {reason}"
    for framework, reasons in made.armless.items():
        for arm, reason in reasons.items():
            yield f"the {arm} arm of {framework}: {reason}"


def _not_here(target: Target) -> Iterable[str]:
    if target.elsewhere:
        return [f"not to be run from here: {target.elsewhere}"]
    return [f"not to be run as it is: {each.what}" for each in target.lacking]


def show_preview(cells: Iterable[dict[str, Any]], target: Target, *, as_json: bool) -> None:
    """What every launch would be given; what keeps it from being launched goes to standard error."""
    if as_json:
        typer.echo(json.dumps({"device": target.device, "problems": _problems(target), "cells": list(cells)}, indent=2))
        return
    for cell in cells:
        typer.echo(f"# {cell['cell']}  {cell['platform']}  {cell['digest'] or NOT_LOCKED}")
        typer.echo(f"# model {cell['model']}")
        if "options" in cell:
            typer.echo(f"containers.create({json.dumps(cell['image'])}, **")
            typer.echo(f"{json.dumps(cell['options'], indent=2)})")
            typer.echo(cell["command"])
        for arm, what in cell["other_arms"].items():
            typer.echo(f"# {arm}: {what}")
        typer.echo("")
    for line in _not_here(target):
        typer.echo(line, err=True)


def _problems(target: Target) -> list[dict[str, str]]:
    if target.elsewhere:
        return [{"what": target.elsewhere, "mend": "call bench on the device"}]
    return [{"what": each.what, "mend": each.mend} for each in target.lacking]
