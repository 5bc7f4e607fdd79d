"""The catalogue: the same networks as matrix.yaml, each a file that travels to an old board by itself."""

import ast

import pytest

from bench.core.matrix.schema import load_matrix
from models import catalog

NETWORKS = catalog.load()


def test_matrix_and_catalogue_name_the_same_networks() -> None:
    matrix = load_matrix().models
    assert {name: list(network.input) for name, network in NETWORKS.items()} == {
        name: list(entry.input) for name, entry in matrix.items()
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_one_file_for_python_3_6_that_imports_torch_alone(name: str) -> None:
    tree = ast.parse(NETWORKS[name].program(), feature_version=(3, 6))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported == {"torch"}
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)].count("build") == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_the_layout_names_each_axis_of_the_input(name: str) -> None:
    assert len(NETWORKS[name].layout) == len(NETWORKS[name].input)
    assert NETWORKS[name].layout.startswith("N")
    assert NETWORKS[name].input[NETWORKS[name].layout.index("C")] == 3
