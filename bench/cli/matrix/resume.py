"""`bench matrix resume`: continue an interrupted run."""

from typing import Annotated, Any

import typer

from bench.artifacts.store import Store
from bench.artifacts.user_models import with_user_models
from bench.cli.common import RESULTS, AsJson, HostOption, Results, console, half_widths
from bench.cli.matrix.clean import remove_leftovers
from bench.cli.matrix.options import Quiet
from bench.cli.matrix.outcome import show_outcome
from bench.core.matrix.schema import load_matrix
from bench.core.paths import model_store
from bench.journal.reader import read
from bench.run.machine import machine_at
from bench.run.run_folder import find_run


def resume(
    run: Annotated[str, typer.Argument(help="A run id, a folder, or `latest`.")],
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Also repeat launches that failed.")] = False,
    host: HostOption = None,
    results: Results = RESULTS,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Continue an interrupted run: perform only the launches missing from its journal."""
    from bench.run import session
    from bench.run.experiments import interference, selftest

    folder = find_run(results, run)
    facts = read(folder).facts
    matrix = with_user_models(load_matrix(), Store(model_store()), say=console())
    words: dict[str, Any] = {"quiet": quiet, "retry_failed": retry_failed}
    study, then = (facts.get("plan") or {}).get("study"), "bench report"
    with machine_at(host or (facts.get("host") or {}).get("address")) as machine:
        remove_leftovers(facts["run_id"], machine, console())
        if study == interference.STUDY:
            result = interference.resume(folder, matrix, console(), **words)
        elif study == selftest.STUDY:
            result, then = selftest.resume(folder, matrix, console(), **words), "bench measure selftest --run"
        else:
            words |= {"half_widths": half_widths, "machine": machine}
            result = session.resume(folder, matrix, console(), **words)
    show_outcome(result, as_json, then)
