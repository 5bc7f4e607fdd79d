"""`bench recommend`: what to deploy a model on."""

from typing import Annotated

import typer

from bench.cli import common
from bench.cli.common import RESULTS, AsJson, Results
from bench.core.errors import CellsFailed


def recommend(
    model: Annotated[str, typer.Option("--model", help="The model to deploy.")],
    runs: Annotated[
        list[str] | None, typer.Option("--run", help="A run id, a folder, or `latest`; may be repeated.")
    ] = None,
    max_latency: Annotated[str | None, typer.Option("--max-latency", help="Most time an inference, as 20ms.")] = None,
    max_memory: Annotated[str | None, typer.Option("--max-memory", help="Most memory, as 500MB.")] = None,
    precision: Annotated[str | None, typer.Option("--precision", help="Only fp32, fp16 or int8.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="Only this device.")] = None,
    results: Results = RESULTS,
    as_json: AsJson = False,
) -> None:
    """The fastest, the most frugal and the smallest choice for a model, with the evidence and how sure it is."""
    latency = common.milliseconds("--max-latency", max_latency) if max_latency else None
    memory = common.size("--max-memory", max_memory) if max_memory else None
    # pandas and scipy take a second to import, which `bench --help` should not
    from analysis.report.evidence import gather
    from analysis.studies.recommend import Wishes
    from analysis.studies.recommend import recommend as answer_of
    from analysis.terminal.recommend_table import constraints, show
    from bench.journal.journal import dumps, read
    from bench.run.run_folder import find_run

    evidence = gather([read(find_run(results, name)) for name in runs or ["latest"]])
    wishes = Wishes(model=model, max_latency_ms=latency, max_memory_bytes=memory, precision=precision, device=device)
    answer = answer_of(evidence, wishes)
    if as_json:
        typer.echo(dumps(answer, indent=2))
    else:
        from rich.console import Console

        show(answer, Console(highlight=False))
    if not answer["choices"]:
        asked = constraints(answer) or "with a number"
        raise CellsFailed(
            f"no choice for {model} {asked}: {len(answer['left_out'])} left out", "the reasons are above; relax one"
        )
