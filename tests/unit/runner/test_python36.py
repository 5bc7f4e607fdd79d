"""The runner's syntax, by the oldest Python that a board has."""

import ast
import subprocess
from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.images.venvs import find_python
from runner.protocol import PACKAGE

SOURCES = sorted(Path(PACKAGE).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=[str(path.relative_to(PACKAGE)) for path in SOURCES])
def test_it_is_written_in_python_36(path):
    tree = ast.parse(path.read_text(), feature_version=(3, 6))
    for node in ast.walk(tree):
        # Newer syntax that the parser lets through whatever the version, or that Python 3.6 lacks the module for.
        assert not isinstance(node, ast.NamedExpr | ast.Match)
        if isinstance(node, ast.ImportFrom):
            assert node.module not in ("__future__", "dataclasses"), f"line {node.lineno}"


def test_a_real_python_36_compiles_it():
    try:
        python = find_python("3.6")
    except HostError as error:
        pytest.skip(str(error))
    check = "import sys\nfor path in sys.argv[1:]: compile(open(path, encoding='utf-8').read(), path, 'exec')"
    subprocess.run([python, "-c", check, *map(str, SOURCES)], check=True, timeout=60)
