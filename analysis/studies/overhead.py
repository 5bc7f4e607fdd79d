"""The figures of an overhead study: container cost, its causes, time to first answer, several containers at once."""

from collections.abc import Iterator
from typing import Any

from analysis.charts import attribution_figure, coldstart_figure, interference_figure
from analysis.report.evidence import Evidence
from analysis.report.exclusions import told
from analysis.studies import STUDIES, Study
from analysis.studies.run_study import StudyAnswer, answer_study

COST = STUDIES["virtualization"]
ATTRIBUTION = Study(
    "attribution",
    "Where the difference comes from",
    "What does each single thing cost that a container does?",
)
COLDSTART = Study(
    "coldstart",
    "Time to the first answer",
    "How long does each phase take until the first answer, in each arm?",
)
INTERFERENCE = Study(
    "interference",
    "Several containers at once",
    "What do several containers at once cost one another?",
)


def overhead(evidence: Evidence) -> Iterator[StudyAnswer]:
    """Yield the cost of containers, then each other figure for which the runs have numbers."""
    yield StudyAnswer(COST, answer_study(COST, evidence))
    for study, made in ((ATTRIBUTION, attribution_figure), (COLDSTART, coldstart_figure)):
        if found := made.answer(evidence):
            yield StudyAnswer(study, told(found, evidence))


def interference(report: dict[str, Any]) -> Iterator[StudyAnswer]:
    """Yield the figure of a report of interference.py. Yields nothing if the report has no number."""
    if found := interference_figure.answer(report):
        yield StudyAnswer(INTERFERENCE, found)
