"""matrix.yaml as checked objects: the source of all names of devices, frameworks and models."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationError

from bench.core.errors import ConfigError
from bench.core.matrix.artifact_kind import Kind
from bench.core.matrix.base import Entry, Group, Name, Platform, Precision, Reason, Verified
from bench.core.matrix.device import Access, Device
from bench.core.matrix.device import Sensing as Sensing  # exported with the rest of matrix.yaml
from bench.core.matrix.yaml_lines import Document, read_yaml
from bench.core.paths import MATRIX
from bench.core.suggest import nearest

Format = Literal[
    "onnx", "savedmodel", "tflite", "edgetpu", "torch", "openvino", "ncnn", "tvm", "executorch", "darknet", "caffe"
]
Release = Annotated[str, Field(pattern=r"^R\d+\.\d+\.\d+$")]  # of L4T


class Bounds(Entry):
    """A part of a launch ends when `iterations` and `seconds` are both reached, or at `max_iterations`."""

    iterations: Annotated[int, Field(ge=1)]
    seconds: Annotated[float, Field(ge=0)]
    max_iterations: Annotated[int, Field(ge=1)] = 100_000


class Energy(Entry):
    """What `--energy` measures of each cell and arm: a number of launches, each with `seconds` of inference after
    `baseline` seconds of rest."""

    launches: Annotated[int, Field(ge=1)] = 3
    baseline: Annotated[float, Field(ge=1)] = 5.0
    seconds: Annotated[float, Field(ge=1)] = 20.0


class Profile(Entry):
    """How much to measure, and what drives the timed inferences: the runner's own loop, or MLPerf LoadGen."""

    driver: Literal["runner", "loadgen"] = "runner"
    blocks: Annotated[int, Field(ge=1)]
    warmup: Bounds
    stop: Bounds
    energy: Energy = Energy()


class Source(Entry):
    """The artifact from which a framework runs a precision, where it is not its `format` in that precision."""

    format: Format
    precision: Precision


class Framework(Entry):
    """An inference stack: the artifact format that it reads and the platforms that it has an image for.

    The first of `precisions` is the default. `artifacts` maps a precision to its artifact, where that is not `format`
    in the same precision. `lacks` maps each missing precision to the reason, in one line. `without` maps a model or an
    arm that it cannot run to the reason, in one line. `adapter` is the runner's module for it, where that has another
    name (`l4t-pytorch` is PyTorch). `device` is the hardware that the adapter uses.
    """

    title: str
    format: Format
    precisions: Annotated[list[Precision], Field(min_length=1)]
    artifacts: dict[Precision, Source] = {}
    lacks: dict[Precision, Reason] = {}
    platforms: dict[Platform, Verified]
    python: Annotated[str, Field(pattern=r"^3\.\d+$")] = "3.11"
    group: Group = "cpu"
    adapter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    device: Literal["CPU", "CUDA", "MYRIAD"] = "CPU"
    without: dict[Name, Reason] = {}

    def kind(self, precision: str) -> Kind:
        """The artifact that it reads for a precision."""
        sources: Mapping[Any, Source] = self.artifacts
        source = sources.get(precision)
        return Kind(source.format, source.precision) if source else Kind(self.format, precision)


class Network(Entry):
    """A model, with the shape of its first input (batch first). `brought` is what the user's own file is."""

    title: str
    task: Literal["classification", "detection", "video", "own"]
    input: Annotated[list[int], Field(min_length=1)]
    brought: Source | None = None


class Matrix(Entry):
    """The whole of matrix.yaml. `l4t` maps a platform to the releases of L4T its images run on, with their JetPack."""

    schema_version: Literal[1]
    profiles: dict[Name, Profile]
    l4t: dict[Platform, dict[Release, str]] = {}
    access: dict[Name, Access] = {}
    devices: dict[Name, Device]
    frameworks: dict[Name, Framework]
    models: dict[Name, Network]

    def accesses(self, device: str, framework: str) -> list[Access]:
        """The ways to hardware that a framework's launches get on a device."""
        names = self.devices[device].use(framework, self.frameworks[framework].group).access
        return [self.access[name] for name in names]


def load_matrix(path: Path = MATRIX) -> Matrix:
    """Read and check matrix.yaml. Raises ConfigError with line, path and nearest valid name of each fault."""
    document = read_yaml(path)
    try:
        matrix = Matrix.model_validate(document.value)
    except ValidationError as error:
        faults = [_explain(document, fault) for fault in error.errors()]
        raise ConfigError("\n".join(faults), "docs/matrix.schema.json describes every key") from None
    if faults := [f"{_where(document, keys)}: {what}" for keys, what in _unknown_names(matrix)]:
        raise ConfigError("\n".join(faults))
    return matrix


def matrix_schema() -> dict[str, Any]:
    """The JSON Schema of matrix.yaml, for editors. A test keeps docs/matrix.schema.json equal to it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Matrix.model_json_schema()}


def _explain(document: Document, fault: Any) -> str:
    keys = [key for key in fault["loc"] if key != "[key]"]
    where = _where(document, keys)
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key '{keys[-1]}': {_nearest_key(keys)}"
    if fault["type"] == "missing":
        return f"{where}: missing"
    found = f", found {fault['input']!r}" if not isinstance(fault["input"], dict | list) else ""
    return f"{where}: {fault['msg'].lower()}{found}"


def _where(document: Document, keys: Sequence[Any]) -> str:
    return f"{document.path}:{document.line(keys)}: {'.'.join(map(str, keys)) or 'the file'}"


def _unknown_names(matrix: Matrix) -> Iterator[tuple[list[Any], str]]:
    """Names in `devices:` that do not exist: the path of keys, and what is wrong."""
    runnable = [*matrix.frameworks, *get_args(Group)]
    for name, device in matrix.devices.items():
        for framework, use in device.uses.items():
            where = ["devices", name, "uses", framework]
            if framework not in runnable:
                yield where, f"no framework and no group: {nearest(framework, runnable)}"
            for index, access in enumerate(use.access):
                if access not in matrix.access:
                    yield [*where, "access", index], f"unknown access '{access}': {nearest(access, matrix.access)}"
        for framework in device.without:
            if framework not in matrix.frameworks:
                yield ["devices", name, "without", framework], f"no framework: {nearest(framework, matrix.frameworks)}"


def _nearest_key(keys: list[Any]) -> str:
    """The hint with the valid key nearest to the last of `keys`, in its part of matrix.yaml."""
    part: Any = Matrix
    for key in keys[:-1]:
        # An entry's field, or the entries of a dictionary by name.
        part = part.model_fields[key].annotation if hasattr(part, "model_fields") else part.__args__[1]
    return nearest(str(keys[-1]), part.model_fields)
