"""The result of a run as its command prints it."""

from typing import TYPE_CHECKING

import typer

from bench.cli.common import print_json
from bench.core.errors import CellsFailed

if TYPE_CHECKING:
    from bench.run.session import Result


def show_outcome(result: "Result", as_json: bool, then: str = "bench report") -> None:
    """Print how many launches were kept and the next command. Raises CellsFailed when one failed."""
    failed = sum(result.tally.failed.values())
    ok, replaced = result.tally.ok, result.tally.replaced
    if as_json:
        told = {"run_id": result.run_id, "path": str(result.folder), "ok": ok, "failed": failed, "replaced": replaced}
        print_json(told)
    else:
        again = f", {replaced} were disturbed by the host and replaced" if replaced else ""
        typer.echo(f"{ok} launches kept, {failed} failed{again}: {result.folder}")
        typer.echo(f"next: {then} {result.folder}")
    if failed:
        reasons = [f"{count} × {what}" for what, count in result.tally.failed.most_common(10)]
        raise CellsFailed("\n".join(reasons), f"again, when mended: bench matrix resume --retry-failed {result.folder}")
