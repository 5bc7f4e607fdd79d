"""What the measuring commands share: writing pages and figures, and ending with an error when launches failed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bench.core.errors import CellsFailed, HostError

if TYPE_CHECKING:
    from analysis.studies.run_study import StudyAnswer
    from bench.run.session import Result


def write(folder: Path, answers: "Sequence[StudyAnswer]", page: str | None = None) -> None:
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
    """Raise CellsFailed when launches of a run failed."""
    if result.tally.failed:
        reasons = [f"{count} × {what}" for what, count in result.tally.failed.most_common(10)]
        hint = f"again, when mended: bench matrix resume --retry-failed {result.folder}"
        raise CellsFailed("\n".join(reasons), hint)
