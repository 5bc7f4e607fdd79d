"""From the options of a command to a plan and its target."""

from typing import TYPE_CHECKING, Any

from bench.artifacts.store import Store
from bench.artifacts.user_models import refusals, with_user_models
from bench.cli.common import console
from bench.cli.matrix.options import MOST_BLOCKS
from bench.cli.report import parse_margin
from bench.core.errors import ConfigError
from bench.core.matrix.plan import Plan, Selection, make_plan
from bench.core.matrix.schema import Matrix, load_matrix
from bench.core.paths import model_store
from bench.run.machine import Machine

if TYPE_CHECKING:
    from bench.hosts.target import Target


def cells_of(
    device: str,
    frameworks: list[str] | None,
    models: list[str] | None,
    precisions: list[str] | None,
    globs: list[str] | None,
    seed: int | None,
) -> dict[str, Any]:
    """Return the requested cells as fields of a Selection."""
    return {
        "device": device,
        "frameworks": frameworks or (),
        "models": models or (),
        "precisions": precisions or (),
        "globs": globs or (),
        "seed": seed,
    }


def parse_arms(text: str) -> list[str]:
    """Split `native, container` at its commas."""
    return [arm.strip() for arm in text.split(",") if arm.strip()]


def plan_of(selection: Selection) -> tuple[Matrix, Plan]:
    """Return the matrix with the user's own models, and a plan without the cells whose check failed."""
    store = Store(model_store())
    matrix = with_user_models(load_matrix(), store, selection.models, console())
    return matrix, make_plan(matrix, selection, refusals(store, matrix))


def enough_of(
    blocks: int | None, samples: int | None, half_width: str | None, max_blocks: int | None
) -> dict[str, Any]:
    """Return blocks, samples and half width as fields of a Selection. Raises ConfigError for contradicting options."""
    if half_width is None:
        if max_blocks:
            raise ConfigError("--max-blocks without --half-width", "for a fixed number of blocks: --blocks")
        return {"blocks": blocks, "samples": samples}
    if blocks:
        raise ConfigError("--blocks and --half-width are both given", "--max-blocks bounds a run that stops by itself")
    width = parse_margin(half_width, "--half-width")
    return {"blocks": max_blocks or MOST_BLOCKS, "samples": samples, "half_width": width}


def target_of(made: Plan, matrix: Matrix, machine: Machine, engine: Any = None) -> "Target":
    """Resolve the hardware and frameworks of a plan on a machine; `engine` adds what the engine reports."""
    from bench.hosts.target import resolve_target

    frameworks = sorted({cell.framework for cell in made.cells})
    return resolve_target(made.device, frameworks, matrix, machine.host, dict(engine.info()) if engine else None)
