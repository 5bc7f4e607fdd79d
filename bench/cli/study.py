"""`bench study`: the questions of the 2019 paper, answered by runs and by the paper's own figures side by side.

All commands here but `list` come from analysis/studies and start nothing. A study that measures is one more command of
`app`, in a file of its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from analysis.studies import STUDIES, Study
from bench.cli.common import RESULTS, AsJson, Results, print_json, warn, writing

app = typer.Typer(
    help="Answer the paper's questions, from runs and from its own figures side by side.", no_args_is_help=True
)

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="Run ids, folders, or `latest`; without any the paper's figures stand alone."),
]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the whole table here.")]
Svg = Annotated[Path | None, typer.Option("--svg", help="Write the figure here.")]
Png = Annotated[Path | None, typer.Option("--png", help="Write the figure here, two pixels a point.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the studies, what each asks, and which of the paper's tables and figures it repeats."""
    if as_json:
        print_json([vars(study) for study in STUDIES.values()])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "asks", "in the paper", box=None, pad_edge=False)
    for study in STUDIES.values():
        table.add_row(study.name, study.question, study.paper)
    Console().print(table)


def _command(study: Study) -> Callable[..., None]:
    def command(
        runs: Runs = None,
        csv: Csv = None,
        svg: Svg = None,
        png: Png = None,
        results: Results = RESULTS,
        as_json: AsJson = False,
    ) -> None:
        show(
            study, runs or [], csv=csv, pictures=[path for path in (svg, png) if path], results=results, as_json=as_json
        )

    command.__doc__ = f"{study.title} ({study.paper}). {study.question}"
    return command


for _study in STUDIES.values():
    app.command(_study.name)(_command(_study))


def show(
    study: Study, names: list[str], *, csv: Path | None, pictures: list[Path], results: Path, as_json: bool
) -> None:
    """Answer a study from the named runs, and print or write what was asked for."""
    # pandas, scipy and altair take a second to import, which `bench --help` should not
    from rich.console import Console

    from analysis import figures
    from analysis.evidence import gather
    from analysis.export import write_csv
    from analysis.study_table import as_records
    from analysis.study_table import show as show_table
    from bench.journal import dumps, read
    from bench.runs import find_run

    evidence = gather([read(find_run(results, name)) for name in names])
    answer = study.answer(evidence)
    if as_json:
        typer.echo(dumps({**vars(study), "caption": answer.caption, "rows": as_records(answer.table)}, indent=2))
    else:
        show_table(study, answer, Console(highlight=False))
    if csv is not None:
        with writing(csv):
            write_csv(answer.table, csv)
    for picture in pictures:
        with writing(picture):
            figures.save(answer.figure, picture)
    warn([text for loaded in evidence.loaded for text in loaded.warnings])
