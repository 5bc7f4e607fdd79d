"""`bench study`: questions that are answered from runs and from the 2019 paper's own figures.

A study launches nothing. The commands that measure are in bench/cli/measure.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.studies import STUDIES, Study
from bench.cli.common import RESULTS, AsJson, Png, Results, Svg, print_json, warn, writing
from bench.cli.measure.commands import MEASUREMENTS, old_name
from bench.cli.study.protocols import protocols

OLD_NAMES = ("overhead", "interference", "thermal")  # measurements that were studies before

app = typer.Typer(
    help="Answer one question from runs, beside the paper's own figures. A study starts nothing.", no_args_is_help=True
)

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="Run ids, folders, or `latest`; without any the paper's figures stand alone."),
]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the whole table here.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the studies and the measurements: what each asks, and what of the paper it repeats."""
    answered = [vars(study) | {"measures": False} for study in STUDIES.values()]
    others = [_described("protocols", protocols, measures=False)]
    measured = [_described(name, command, measures=True) for name, command in MEASUREMENTS.items()]
    studies = [*answered, *others, *measured]
    if as_json:
        print_json(studies)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "asks", "answered from", box=None, pad_edge=False)
    for study in studies:
        source = (
            f"bench measure {study['name']}" if study["measures"] else ", ".join(filter(None, ["runs", study["paper"]]))
        )
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
    app.command(_study.name)(_command(_study))
app.command("protocols")(protocols)
for _name in OLD_NAMES:
    app.command(_name, hidden=True)(old_name(f"study {_name}", _name))


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
