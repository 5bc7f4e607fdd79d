"""matrix.yaml: the project's own is valid, its schema is current, and every fault is said with line, path and name."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from bench.core.errors import ConfigError
from bench.core.matrix.schema import load_matrix, matrix_schema
from bench.core.paths import MATRIX, PROJECT


@pytest.fixture
def edited(tmp_path: Path):
    """Write matrix.yaml with one text replaced, and give the path."""

    def edit(old: str, new: str) -> Path:
        text = MATRIX.read_text()
        assert old in text
        path = tmp_path / "matrix.yaml"
        path.write_text(text.replace(old, new, 1))
        return path

    return edit


def fault(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_matrix(path)
    return str(caught.value)


def test_the_projects_own_matrix_is_valid():
    matrix = load_matrix()
    assert matrix.devices["host"].platforms
    assert {"onnxruntime", "openvino", "pytorch", "tensorflow", "tflite"} <= matrix.frameworks.keys()


def test_every_framework_has_a_folder_and_an_adapter():
    for name, entry in load_matrix().frameworks.items():
        assert (PROJECT / "images" / name / "Dockerfile").is_file()
        assert (PROJECT / "runner" / "adapters" / f"{entry.adapter or name}.py").is_file()


def test_the_schema_in_docs_is_current():
    committed = json.loads((PROJECT / "docs" / "matrix.schema.json").read_text())
    assert committed == matrix_schema(), "renew it: bench matrix schema > docs/matrix.schema.json"


def test_the_schema_accepts_ours_and_refuses_an_unknown_key():
    value = yaml.safe_load(MATRIX.read_text())
    jsonschema.validate(value, matrix_schema())
    value["devices"]["host"]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, matrix_schema())


def test_an_unknown_key_is_named_with_line_path_and_the_nearest(edited):
    path = edited("    format: tflite", "    fromat: tflite")
    line = path.read_text().splitlines().index("    fromat: tflite") + 1
    said = fault(path)
    assert f"{path}:{line}: frameworks.tflite.fromat: unknown key 'fromat': did you mean 'format'?" in said


def test_a_missing_key_is_named(edited):
    assert "frameworks.tflite.format: missing" in fault(edited("    format: tflite\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("blocks: 20", "blocks: many", "profiles.default.blocks"),
        ("blocks: 20", "blocks: 0", "profiles.default.blocks"),
        ("blocks: 20", "blocks: true", "profiles.default.blocks"),
        ("format: tflite", "format: tflight", "frameworks.tflite.format"),
        ("schema_version: 1", "schema_version: 2", "schema_version"),
        ("input: [1, 3, 32, 32]", "input: wide", "models.cifarnet.input"),
        ("  cifarnet:\n", "  Cifar Net:\n", "models.Cifar Net"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(edited, old, new, where):
    path = edited(old, new)
    said = fault(path)
    assert where in said
    assert said.startswith(f"{path}:")
    line = int(said.split(":")[1])
    assert new.strip().split(":")[0] in path.read_text().splitlines()[line - 1]


def test_several_faults_are_said_at_once(edited):
    path = edited("blocks: 20", "blocks: 0")
    path.write_text(path.read_text().replace("verified: measured", "verified: surely", 1))
    assert len(fault(path).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2", "not YAML"),
        ("", "empty"),
        ("schema_version: 1\nschema_version: 1\n", ":2: the key 'schema_version' stands twice"),
        ("- 1\n", "the file"),
        ("? [a, b]\n: 1\n", ""),
    ],
)
def test_a_file_that_is_no_matrix_is_refused(tmp_path, text, said):
    path = tmp_path / "matrix.yaml"
    path.write_text(text)
    assert said in fault(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    assert "cannot be read" in fault(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in fault(tmp_path / "binary.yaml")


def test_keras_and_tensorflow_share_one_lock_and_so_one_layer():
    keras, tensorflow = (PROJECT / "images" / name / "requirements.txt" for name in ("keras", "tensorflow"))
    assert keras.read_text() == tensorflow.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "access: [jetson], precisions",
            "access: [jetsn], precisions",
            "unknown access 'jetsn': did you mean 'jetson'?",
        ),
        ("uses: {coral: {device", "uses: {corel: {device", "no framework and no group: did you mean 'coral'?"),
        ('without: {tvm: "VTA', 'without: {tmv: "VTA', "no framework: did you mean 'tvm'?"),
        ("nodes: [/dev/apex_0]", "nodes: [apex_0]", "access.apex.nodes.0: string should match"),
        ('rules: ["c 189:* rmw"]', 'rules: ["c 189"]', "access.coral-usb.rules.0"),
        ("device: MYRIAD", "device: MYRIED", "devices.movidius-ncs.uses.movidius.device"),
        ('usb: ["03e7:2485"]', 'usb: ["3e7:2485"]', "devices.movidius-ncs2.identify.usb.0"),
        ("power: {covers: card}", "power: {cover: card}", "unknown key 'cover': did you mean 'covers'?"),
    ],
)
def test_a_fault_in_a_device_is_named_with_its_place(edited, old, new, said):
    path = edited(old, new)
    found = fault(path)
    assert said in found
    assert found.startswith(f"{path}:")
