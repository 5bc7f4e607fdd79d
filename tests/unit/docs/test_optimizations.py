"""docs/optimizations.md: its precisions are what matrix.yaml offers, and the study's answers what the study printed."""

import pytest

from analysis.data import reference
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT

FRAMEWORKS = {name: entry for name, entry in load_matrix().frameworks.items() if entry.group == "cpu"}
PAGE = (PROJECT / "docs" / "optimizations.md").read_text(encoding="utf-8")
PRINTED = ("quantization", "half-precision", "fusion", "pruning-exploited", "dynamic-graph", "auto-tuning")


def rows(part: str) -> dict[str, list[str]]:
    """Framework → the answers of the table in a part of the page."""
    lines = (line for line in part.splitlines() if line.startswith("| "))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {framework: answers for framework, *answers in cells if framework != "framework"}


OURS, _, REST = PAGE.partition("## What the study said")
ROWS = rows(OURS)


def test_every_framework_for_the_cpu_has_a_row() -> None:
    assert list(ROWS) == list(FRAMEWORKS)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_quantization_and_half_precision_are_what_is_offered(name: str) -> None:
    quantization, half, *_ = ROWS[name]
    assert (quantization == "yes") == ("int8" in FRAMEWORKS[name].precisions)
    assert (half == "yes") == ("fp16" in FRAMEWORKS[name].precisions)


def test_the_study_s_answers_are_those_of_its_table() -> None:
    table = reference.load("frameworks").set_index(["framework", "attribute"])["answer"]
    told = rows(REST.partition("## Measured")[0])
    assert told == {name: [table[name, attribute] for attribute in PRINTED] for name in told}
    assert {name for name, attribute in table.index if attribute in PRINTED} == set(told)
