"""The layout of the code: small files, short functions, and none of the names that the modules had before."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.core.paths import PROJECT

PRODUCT = ("bench", "analysis", "runner", "models", "benchmarks")
FILES = sorted(path for folder in PRODUCT for path in (PROJECT / folder).rglob("*.py"))
MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 300, 60
# Folders that are gone, and modules whose names said nothing to a stranger.
OLD = (
    r"bench[./](making|running|building|registries|results|ssh|selftest|sensors|devices)\b",
    r"analysis[./](heat|overhead|comparing|exporting|pages|selftest)\b",
    r"\b(trying|lacking|answered|words_inside|plain_words|left_out|journal_reader|on_board|hostlock|so_far)\.py\b",
)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PROJECT)) for path in FILES])
def test_files_and_functions_are_short(path: Path):
    assert len(path.read_text().splitlines()) <= MOST_LINES_OF_A_FILE
    lengths = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


def test_no_old_name_is_left():
    tracked = subprocess.check_output(["git", "-C", str(PROJECT), "ls-files", "-z"], text=True).split("\0")
    pattern = re.compile("|".join(OLD))
    # runner/ and models/ are hashed into images and artifacts: a comment there is renewed when they change anyway.
    found = []
    for name in tracked:
        path = PROJECT / name
        hashed = name.startswith(("runner/", "models/", "images/", "docs/example/run/"))
        if hashed or path == Path(__file__) or path.suffix not in (".py", ".md", ".toml", ".yaml", ".sh", ".hcl", ""):
            continue
        if path.is_file():
            lines = path.read_text(errors="replace").splitlines()
            found += [f"{name}:{number}: {line}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    assert not found
