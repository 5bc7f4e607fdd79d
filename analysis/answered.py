"""Studies with what they found."""

from importlib import import_module
from typing import NamedTuple

from analysis.evidence import Evidence
from analysis.left_out import told
from analysis.studies import Study
from analysis.tidy import Answer


class Answered(NamedTuple):
    """A study with what it found."""

    study: Study
    answer: Answer


def answer_study(study: Study, evidence: Evidence) -> Answer:
    """The table and the figure, from runs (also none at all) and the paper; of one of STUDIES."""
    module = import_module(f"analysis.studies.{study.name.replace('-', '_')}")
    return told(module.answer(evidence), evidence)
