"""Studies with what they found."""

from importlib import import_module
from typing import NamedTuple

from analysis.report.evidence import Evidence
from analysis.report.exclusions import told
from analysis.report.study_data import Answer
from analysis.studies import Study


class Answered(NamedTuple):
    """A study with what it found."""

    study: Study
    answer: Answer


def answer_study(study: Study, evidence: Evidence) -> Answer:
    """The table and the figure, from runs (also none at all) and the paper; of one of STUDIES."""
    module = import_module(f"analysis.studies.{study.name.replace('-', '_')}")
    return told(module.answer(evidence), evidence)
