"""Compiling for the Edge TPU: where the compiler is found, what becomes of what it says, what is said without it."""

from pathlib import Path

import pytest

from bench.artifacts import edgetpu
from bench.core.matrix.artifact_kind import Kind
from models.convert.edgetpu import compile_for_edgetpu
from tests.support.edgetpu_compiler import write_compiler

COMPILED, PLAIN = Kind("edgetpu", "int8"), Kind("tflite", "int8")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "quantized.tflite"
    path.write_bytes(b"TFL3 ")
    return path


def test_what_is_compiled_comes_with_the_compiler_s_version_and_what_runs_where(source: Path, tmp_path: Path) -> None:
    made, facts = compile_for_edgetpu(write_compiler(tmp_path), source, tmp_path)
    assert made == b"TFL3 edgetpu-custom-op"
    assert facts == {
        "edgetpu_compiler": "16.0.384591198",
        "operations on the Edge TPU": "14",
        "operations on the CPU": "2",
    }


@pytest.mark.parametrize(
    ("compiler", "said"),
    [
        ({"code": 1, "says": "ERROR: Model not quantized"}, "refuses the model: ERROR: Model not quantized"),
        ({"code": 1, "says": ""}, "refuses the model: it said nothing"),
        ({"adds": "nothing"}, "leaves every operation to the CPU"),
    ],
)
def test_a_file_that_is_not_for_the_edge_tpu_is_refused_in_the_compiler_s_words(
    source: Path, tmp_path: Path, compiler: dict, said: str
) -> None:
    with pytest.raises(RuntimeError, match=said):
        compile_for_edgetpu(write_compiler(tmp_path, **compiler), source, tmp_path)


def test_the_compiler_is_the_machine_s_own_with_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "edgetpu_compiler").symlink_to(write_compiler(tmp_path) / "edgetpu_compiler")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert edgetpu.kinds_without_compiler(["cifarnet"], [PLAIN, COMPILED]) == {}
    assert edgetpu.stage_compiler([PLAIN], tmp_path) == {}
    (given,) = edgetpu.stage_compiler([PLAIN, COMPILED], tmp_path).values()
    assert {path.name for path in given.rglob("*")} == {"edgetpu_compiler", "edgetpu_compiler_bin", "adds"}


def test_without_it_nothing_is_made_and_it_is_said_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert edgetpu.kinds_without_compiler(["cifarnet"], [PLAIN, COMPILED]) == {("cifarnet", COMPILED): edgetpu.WHY}
    assert edgetpu.stage_compiler([COMPILED], tmp_path) == {}
