"""`bench study`: questions, some answered from runs and the 2019 paper's own figures, some by measuring anew.

Those of analysis/studies are answered, and start nothing. One that measures has a file of its own beside this one, and
a line in MEASURING.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.studies import STUDIES, Study
from bench.cli.common import RESULTS, AsJson, Png, Results, Svg, print_json, warn, writing
from bench.cli.measure.interference import interference
from bench.cli.measure.overhead import overhead
from bench.cli.measure.thermal import thermal
from bench.cli.study.protocols import protocols

# A study that launches something → its command, whose docstring begins with what it asks.
MEASURING: dict[str, Callable[..., None]] = {
    "overhead": overhead,
    "interference": interference,
    "thermal": thermal,
}
ANSWERED, MEASURED = "Answered from runs that are there", "Measured: these launch inferences, for minutes to hours"

app = typer.Typer(
    help="Answer one question: from runs beside the paper's own figures, or by measuring anew.", no_args_is_help=True
)

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="Run ids, folders, or `latest`; without any the paper's figures stand alone."),
]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the whole table here.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the studies: what each asks, what of the paper it repeats, and which of them measure."""
    answered = [vars(study) | {"measures": False} for study in STUDIES.values()]
    others = [_described("protocols", protocols, measures=False)]
    measured = [_described(name, command, measures=True) for name, command in MEASURING.items()]
    studies = [*answered, *others, *measured]
    if as_json:
        print_json(studies)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "asks", "answered from", box=None, pad_edge=False)
    for study in studies:
        source = "launches of its own" if study["measures"] else ", ".join(filter(None, ["runs", study["paper"]]))
        table.add_row(study["name"], study["question"], source)
    Console().print(table)


def _described(name: str, command: Callable[..., None], *, measures: bool) -> dict[str, Any]:
    question = (command.__doc__ or "").splitlines()[0]
    return {"name": name, "title": name.capitalize(), "question": question, "paper": None, "measures": measures}


def _command(study: Study) -> Callable[..., None]:
    def command(
        runs: Runs = None,
        csv: Csv = None,
        svg: Svg = None,
        png: Png = None,
        results: Results = RESULTS,
        as_json: AsJson = False,
    ) -> None:
        pictures = [path for path in (svg, png) if path]
        show(study, runs or [], csv=csv, pictures=pictures, results=results, as_json=as_json)

    command.__doc__ = f"{study.title} ({study.paper}). {study.question}"
    return command


for _study in STUDIES.values():
    app.command(_study.name, rich_help_panel=ANSWERED)(_command(_study))
app.command("protocols", rich_help_panel=ANSWERED)(protocols)
for _name, _measure in MEASURING.items():
    app.command(_name, rich_help_panel=MEASURED)(_measure)


def show(
    study: Study, names: list[str], *, csv: Path | None, pictures: list[Path], results: Path, as_json: bool
) -> None:
    """Answer a study from the named runs, and print or write what was asked for."""
    # pandas, scipy and altair take a second to import, which `bench --help` should not
    from rich.console import Console

    from analysis.charts.vega import save
    from analysis.export.tables import write_csv
    from analysis.report.evidence import gather
    from analysis.studies import run_study
    from analysis.terminal.study_table import as_records
    from analysis.terminal.study_table import show as show_table
    from bench.journal.journal import dumps, read
    from bench.run.run_folder import find_run

    evidence = gather([read(find_run(results, name)) for name in names])
    answer = run_study.answer_study(study, evidence)
    if as_json:
        said = {"caption": answer.caption, "left_out": answer.left_out, "rows": as_records(answer.table)}
        typer.echo(dumps({**vars(study), **said}, indent=2))
    else:
        show_table(study, answer, Console(highlight=False))
    if csv is not None:
        with writing(csv):
            write_csv(answer.table, csv)
    for picture in pictures:
        with writing(picture):
            save(answer.figure, picture)
    warn([text for loaded in evidence.loaded for text in loaded.warnings])
