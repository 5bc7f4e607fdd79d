"""A report as one page (frame.py), which is smaller than 6 MB for any runs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from analysis.charts.vega import compile_chart, compile_specification
from analysis.data.phases import PHASES, TOTAL
from analysis.html import samples as page_samples
from analysis.html.frame import render_template
from analysis.html.provenance import provenance
from analysis.html.tables import answer_table, best_table, cells_table, energy_table
from analysis.report.evidence import Evidence
from analysis.report.stats.ratios import RATIOS
from analysis.studies import STUDIES
from analysis.studies.overhead import COST, overhead
from analysis.studies.run_study import StudyAnswer, answer_study
from analysis.text.overhead_phrases import explained
from analysis.text.phrases import MEANING
from analysis.text.summary import sections
from bench.core.terminal import short

MOST_BYTES = 6_000_000
TITLE_RUNS = 3  # runs that the title names


class Limits(NamedTuple):
    """The size limits of a page's parts. The page says what it omits."""

    rows: int  # of a table
    cells: int  # with details
    samples: int  # of all launches together


# Used in this order until the page is small enough.
LIMITS = (Limits(400, 300, 100_000), Limits(150, 60, 30_000), Limits(50, 10, 3_000))


def render(evidence: Evidence, answers: Sequence[StudyAnswer] = (), refresh: int | None = None) -> str:
    """Return the page of these runs with `answers`, by default all. A browser reloads it after `refresh` seconds."""
    answers = answers or answer_studies(evidence)
    figures = [compile_chart(answered.answer.figure) for answered in answers]
    for limits in LIMITS:
        page = _render(evidence, answers, figures, refresh, limits)
        if len(page.encode()) < MOST_BYTES:
            break
    return page


def answer_studies(evidence: Evidence) -> list[StudyAnswer]:
    """Return the answers of all studies: the cost of containers first, with its causes if the runs have ablations."""
    ablated = any(cell["attribution"] for report in evidence.reports for cell in report["cells"])
    first = overhead(evidence) if ablated else [StudyAnswer(COST, answer_study(COST, evidence))]
    return [
        *first,
        *(StudyAnswer(study, answer_study(study, evidence)) for study in STUDIES.values() if study is not COST),
    ]


def _render(
    evidence: Evidence, answers: Sequence[StudyAnswer], figures: list[Any], refresh: int | None, limits: Limits
) -> str:
    reports = evidence.reports
    cells = _chosen(evidence, limits.cells)
    kept = page_samples.samples_per_launch(len(evidence.launches), limits.samples)
    samples = page_samples.samples(evidence, {(cell["run_id"], cell["cell"]) for cell in cells}, kept)
    for number, cell in enumerate(cells):
        cell["id"], cell["samples"] = f"cell-{number}", samples.get((cell["run_id"], cell["cell"]))
    return render_template(
        "report.html.j2",
        title=_title(reports),
        reports=reports,
        refresh=refresh,
        explained=explained(reports),
        summary=sections(evidence),
        best=best_table(evidence, limits.rows),
        studies=[_study(*each, limits.rows) for each in zip(answers, figures, strict=True)],
        every=cells_table(evidence, limits.rows),
        cells=cells,
        cells_left=sum(len(report["cells"]) for report in reports) - len(cells),
        kept=kept,
        sample_figure=compile_specification(page_samples.specification()),
        provenance=[provenance(run, report, limits.rows) for run, report in zip(evidence.runs, reports, strict=True)],
        pairs=RATIOS,
        phases=[*PHASES, TOTAL],
        meaning=MEANING,
    )


def _study(answered: StudyAnswer, figure: Any, most: int) -> dict[str, Any]:
    study, answer = answered
    paper = f" In the paper: {study.paper}." if study.paper else ""
    table = answer_table(answer, study.title, most)
    return {**vars(study), "caption": answer.caption + paper, "figure": figure, "table": table}


def _chosen(evidence: Evidence, most: int) -> list[dict[str, Any]]:
    """Return the cells with details, in their order. If there are too many, cells with problems are preferred."""
    cells = [
        {
            **cell,
            "run_id": report["run_id"],
            "run": evidence.labels[report["run_id"]],
            "margins": report["margins"],
            "energy": energy_table(report, cell["cell"]),
        }
        for report in evidence.reports
        for cell in report["cells"]
    ]
    calm = [
        cell["status"] == "ok" and all(ratio["comparable"] is not False for ratio in cell["ratios"].values())
        for cell in cells
    ]
    kept = sorted(range(len(cells)), key=lambda place: (calm[place], place))[:most]
    return [cells[place] for place in sorted(kept)]


def _title(reports: list[dict[str, Any]]) -> str:
    ids = ", ".join(short(report["run_id"]) for report in reports[:TITLE_RUNS])
    return (
        f"edgebench-matrix: {'run' if len(reports) == 1 else 'runs'} {ids}{' …' if len(reports) > TITLE_RUNS else ''}"
    )
