"""`bench models list` and `show`: figures of the store beside those of references.toml. No engine, no framework."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.artifacts.references import load_references
from bench.artifacts.store import Store
from bench.core.matrix.schema import load_matrix
from bench.verification.catalogue import detail, overview
from tests.support.counts import COUNTS

MATRIX = load_matrix()
MADE = ("resnet-50", "vgg-s-32", "c3d")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache whose store says that three models were made, as two small files each."""
    cache = tmp_path_factory.mktemp("cache")
    store = Store(cache / "models")
    for name in MADE:
        params, macs, shapes = COUNTS[name]
        with store.staging() as folder:
            (folder / "reference.npz").write_text(f"reference of {name}")
            artifacts = []
            for kind, error in (("onnx", 2e-6), ("torch", 0.0)):
                (folder / f"{name}.{kind}").write_bytes(bytes(1_500_000) + f"{name} as {kind}".encode())
                parity = {"max_abs": error, "max_rel": error, "cosine": 1.0, "top1": True, "with": "checker 1.2"}
                artifacts.append({"format": kind, "precision": "fp32", "file": f"{name}.{kind}", "axes": None,
                                  "made_by": {}, "parity": parity})  # fmt: skip
            store.record(
                name,
                folder,
                {
                    "params": params,
                    "macs": macs,
                    "inputs": [{"name": "input", "shape": MATRIX.models[name].input, "dtype": "float32"}],
                    "outputs": [{"name": "output", "shape": shape, "dtype": "float32"} for shape in shapes],
                    "reference": {"file": "reference.npz", "seeds": [0, 1], "by": "torch 2.13.0"},
                    "sensitivity": {"other_input": 1.25, "zero_input": 4.5, "transposed_input": 1.3},
                    "artifacts": artifacts,
                },
            )
    return cache


def bench(cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.cli.app", "models", *words],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "EDGEBENCH_CACHE": str(cache), "COLUMNS": "200"},
    )


def test_models_are_in_the_order_of_their_work_for_each_parameter(cache: Path) -> None:
    rows = overview(MATRIX, Store(cache / "models"))
    assert rows[0]["name"] == "vgg-s-32"
    assert sorted(row["name"] for row in rows) == sorted(MATRIX.models)
    ratios = [row["flop_per_param"] for row in rows]
    assert ratios == sorted(ratios)
    by_name = {row["name"]: row for row in rows}
    assert by_name["resnet-50"]["flop_per_param"] == pytest.approx(2 * 4_089_184_256 / 25_557_032)


def test_what_is_counted_is_known_before_anything_is_made(tmp_path: Path) -> None:
    rows = {row["name"]: row for row in overview(MATRIX, Store(tmp_path))}
    assert {name: (row["params"], row["macs"]) for name, row in rows.items()} == {
        name: counts[:2] for name, counts in COUNTS.items()
    }
    assert all(row["formats"] == [] for row in rows.values())


def test_what_was_not_made_is_shown_without_artifacts(tmp_path: Path) -> None:
    facts = detail("yolov3", MATRIX, Store(tmp_path), load_references()["yolov3"])
    assert facts["params"] == 61_949_149
    assert facts["sensitivity"] is None
    assert facts["artifacts"] == facts["formats"] == []
    assert facts["reference"]["study"]["unit"] == "flop"
    assert detail("yolov3", MATRIX, Store(tmp_path), None)["reference"] is None


def test_the_list_is_json_for_programs(cache: Path) -> None:
    done = bench(cache, "list", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows.keys() == MATRIX.models.keys()
    assert rows["resnet-50"]["params"] == 25_557_032
    assert rows["resnet-50"]["formats"] == ["onnx fp32", "torch fp32"]
    assert rows["c3d"]["input"] == [1, 3, 16, 112, 112]


def test_the_list_is_a_table_for_people(cache: Path) -> None:
    done = bench(cache, "list")
    assert done.returncode == 0, done.stderr
    head, first, *_ = done.stdout.splitlines()
    assert "FLOP/param" in head
    assert " ".join(first.split()) == "vgg-s-32 1×3×32×32 32.11 M 0.11 G 6.9 3.0 MB 2.0e-06 onnx fp32, torch fp32"
    assert "not made: bench models build" in done.stdout


def test_a_model_is_shown_with_the_figures_of_others(cache: Path) -> None:
    done = bench(cache, "show", "resnet-50")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "input 1×3×224×224 NCHW" in said
    assert "K. He et al., Deep Residual Learning" in said
    assert "us, from the network 25.56 M 4.09 G 320.0" in said
    assert "the paper, Table 1 3.80 G" in said
    assert "torchvision 25.56 M 4.09 G" in said
    assert "the 2019 study, Table I 25.56 M 4.14 G 161.97 at 224x224; a MAC is one FLOP there" in said
    assert "onnx fp32 1.5 MB 2.0e-06 1.000000 same checker 1.2" in said
    assert "sensitivity other input 1.2, zero input 4.5" in said


def test_the_study_s_work_is_shown_in_the_same_unit_whatever_it_counted(cache: Path) -> None:
    done = bench(cache, "show", "c3d")
    said = " ".join(done.stdout.split())
    assert "the 2019 study, Table I 89.00 M 29.00 G 734.05 at 12x112x112 " in said  # printed: 57.99 G, twice a MAC
    assert "It takes 16" in said


def test_a_model_is_json_for_programs(cache: Path) -> None:
    done = bench(cache, "show", "c3d", "--json")
    facts = json.loads(done.stdout)
    assert facts["layout"] == "NCDHW"
    assert facts["reference"]["paper"]["year"] == 2015
    assert {artifact["format"] for artifact in facts["artifacts"]} == {"onnx", "torch"}


def test_what_was_not_made_says_how_to_make_it(cache: Path) -> None:
    done = bench(cache, "show", "yolov3")
    assert done.returncode == 0, done.stderr
    assert "not made: bench models build yolov3" in done.stdout
    assert "no non-maximum suppression" in " ".join(done.stdout.split())


def test_an_unknown_model_is_refused_with_the_nearest(cache: Path) -> None:
    done = bench(cache, "show", "yolo3")
    assert done.returncode == 2
    assert "did you mean 'yolov3'?" in done.stderr
    assert "Traceback" not in done.stderr
