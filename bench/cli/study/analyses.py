"""What the studies that measure by themselves have in common: choosing cells, writing pictures, ending."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bench.core.errors import CellsFailed, HostError

if TYPE_CHECKING:
    from analysis.studies.run_study import Answered
    from bench.run.session import Result


def cells_of(
    device: str,
    frameworks: list[str] | None,
    models: list[str] | None,
    precisions: list[str] | None,
    globs: list[str] | None,
    seed: int | None,
) -> dict[str, Any]:
    """The cells that are asked for, as fields of a Selection."""
    return {
        "device": device,
        "frameworks": frameworks or (),
        "models": models or (),
        "precisions": precisions or (),
        "globs": globs or (),
        "seed": seed,
    }


def write(folder: Path, answers: "Sequence[Answered]", page: str | None = None) -> None:
    """Write a page and each figure as SVG and PNG. Raises HostError when the folder cannot be written."""
    from analysis.charts.vega import save

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if page is not None:
            (folder / "report.html").write_text(page, encoding="utf-8")
        for study, answer in answers:
            for ending in ("svg", "png"):
                save(answer.figure.properties(title=study.title), folder / f"{study.name}.{ending}")
    except OSError as error:
        raise HostError(f"cannot write to {folder}: {error.strerror}", "name another folder with --out") from error
    typer.echo(f"{'page and ' if page else ''}pictures: {folder}", err=True)


def raise_failed(result: "Result") -> None:
    """Raises CellsFailed when launches of a run have no number."""
    if result.tally.failed:
        reasons = [f"{count} × {what}" for what, count in result.tally.failed.most_common(10)]
        hint = f"again, when mended: bench matrix resume --retry-failed {result.folder}"
        raise CellsFailed("\n".join(reasons), hint)
