"""Runs a study by its name and returns its answer."""

from importlib import import_module
from typing import NamedTuple

from analysis.report.evidence import Evidence
from analysis.report.exclusions import told
from analysis.report.study_data import Answer
from analysis.studies import Study


class StudyAnswer(NamedTuple):
    """A study and its answer."""

    study: Study
    answer: Answer


def answer_study(study: Study, evidence: Evidence) -> Answer:
    """Return the table and the figure of one of STUDIES, from the paper and from any number of runs, also none."""
    module = import_module(f"analysis.studies.{study.name.replace('-', '_')}")
    return told(module.answer(evidence), evidence)
