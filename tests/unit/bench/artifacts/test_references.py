"""What others say of the networks: there for every one, true to the study's table, near our counts or explained."""

import re
from pathlib import Path

import pytest

from analysis.data import reference as study
from bench.artifacts.recipe import Recipes
from bench.artifacts.references import load_references
from bench.core.errors import ConfigError
from models import catalog
from tests.support.counts import COUNTS
from tests.support.model_sources import write_sources

NETWORKS = catalog.load()
REFERENCES = load_references()
COUNTED = [(name, count) for name, told in REFERENCES.items() for count in told.counts]


def test_every_network_has_its_references_and_its_counts() -> None:
    assert list(REFERENCES) == list(NETWORKS)
    assert COUNTS.keys() == NETWORKS.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_names_its_paper(name: str) -> None:
    program = " ".join(NETWORKS[name].program().split())
    assert f"{REFERENCES[name].paper.authors}, " in program
    assert f"{REFERENCES[name].paper.title}" in program


@pytest.mark.parametrize(("name", "count"), COUNTED, ids=[f"{name}, {count.by}" for name, count in COUNTED])
def test_what_others_count_is_within_one_percent_of_ours_or_explained(name: str, count) -> None:
    params, macs, _ = COUNTS[name]
    far = [count.params and abs(count.params / params - 1) > 0.01]
    far += [count.macs and count.input is None and abs(count.macs / macs - 1) > 0.01]
    assert any(far) == (count.why is not None)


@pytest.mark.parametrize("name", [name for name, told in REFERENCES.items() if told.study])
def test_the_study_s_row_is_that_of_its_table(name: str) -> None:
    table = study.load("models")
    row = table[(table["source"] == "Table I") & (table["model"] == name)].set_index("quantity")
    told = REFERENCES[name].study
    assert set(row["input"]) == {told.input}
    assert row["value"].to_dict() == {
        "work": told.work, "params": told.params, "work_per_param": told.work_per_param
    }  # fmt: skip


def test_the_study_has_a_row_for_the_sixteen_networks_that_it_names() -> None:
    table = study.load("models")
    named = set(table[table["source"] == "Table I"]["model"])
    assert {name for name, told in REFERENCES.items() if told.study} == named
    assert len(named) == 16


@pytest.mark.parametrize("name", [name for name, told in REFERENCES.items() if told.study])
def test_a_row_of_the_study_that_is_not_our_network_has_a_note(name: str) -> None:
    """By more than 5 %, or at another input."""
    told = REFERENCES[name].study
    params, macs, _ = COUNTS[name]
    input_ = "x".join(map(str, NETWORKS[name].input[2:]))
    note = REFERENCES[name].note or ""
    assert bool(note) >= (told.input != input_)
    if abs(told.params / params - 1) > 0.05:
        assert "parameters" in note
    if abs(told.macs / macs - 1) > 0.05:
        assert re.search(r"\d G\b", note), "which work it is, is said in G"


def test_an_edited_reference_changes_no_key(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    before = Recipes(sources).key("small")
    (sources / "references.toml").write_text("edited\n")
    assert Recipes(sources).key("small") == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[small\n", "line 1"),
        ("[small]\n", "small.paper: field required"),
        ("[small]\ncolour = 1\n", "small.colour: extra inputs are not permitted"),
    ],
)
def test_a_fault_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "references.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_references(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
