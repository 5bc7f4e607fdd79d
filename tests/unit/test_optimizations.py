"""docs/optimizations.md: what it says of precisions is what matrix.yaml offers."""

import pytest

from bench.matrix.config import load_matrix
from bench.paths import PROJECT

FRAMEWORKS = {name: entry for name, entry in load_matrix().frameworks.items() if entry.group == "cpu"}
PAGE = (PROJECT / "docs" / "optimizations.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.partition("## Measured")[0].splitlines()
    if line.startswith("| ") and (cells := [cell.strip() for cell in line.strip("|").split("|")])[0] != "framework"
}


def test_every_framework_for_the_cpu_has_a_row() -> None:
    assert list(ROWS) == list(FRAMEWORKS)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_quantization_and_half_precision_are_what_is_offered(name: str) -> None:
    quantization, half, *_ = ROWS[name]
    assert (quantization == "yes") == ("int8" in FRAMEWORKS[name].precisions)
    assert (half == "yes") == ("fp16" in FRAMEWORKS[name].precisions)
