"""matrix.yaml as checked objects. Everything that names a device, a framework or a model comes from here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import ConfigError
from bench.names import nearest
from bench.paths import MATRIX
from bench.recipe import Kind
from bench.yamlfile import Document, read_yaml

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Platform = Literal["amd64", "arm64", "l4t-r32", "l4t-r35", "l4t-r36"]
# How far a device or an image was tried: see docs/design.md.
Verified = Literal["declared", "built (stand-in)", "built", "emulated", "measured"]
Format = Literal["onnx", "savedmodel", "tflite", "torch", "openvino", "ncnn", "tvm", "executorch", "darknet", "caffe"]
# What `make images GROUP=...` builds: the CPU's frameworks, those of accelerators, of NVIDIA cards, of Jetson boards.
Group = Literal["cpu", "accelerator", "cuda", "l4t"]
Reason = Annotated[str, Field(min_length=1)]
Precision = Literal["fp32", "fp16", "int8"]


class Entry(BaseModel):
    """What all parts of matrix.yaml have in common: no key that is not known, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Bounds(Entry):
    """A part of a launch ends when both `iterations` and `seconds` are reached, at the latest at `max_iterations`."""

    iterations: Annotated[int, Field(ge=1)]
    seconds: Annotated[float, Field(ge=0)]
    max_iterations: Annotated[int, Field(ge=1)] = 100_000


class Profile(Entry):
    """How thoroughly to measure."""

    blocks: Annotated[int, Field(ge=1)]
    warmup: Bounds
    stop: Bounds


class Device(Entry):
    """A board or a class of hosts. `groups` are those of the frameworks that it can run."""

    title: str
    platforms: list[Platform]
    groups: list[Group] = ["cpu"]
    verified: Verified


class Source(Entry):
    """The artifact that a precision is made of, where it is not `format` in that very precision."""

    format: Format
    precision: Precision


class Framework(Entry):
    """An inference stack: the artifact format that it reads and the platforms that it has an image for.

    The first of `precisions` is what is measured when nobody asks for another; `artifacts` says what such a precision
    is read from where that is not `format` in that precision, and `lacks` why it has no other one, in one line each.
    `without` names what it cannot do, with the reason in one line: a model, or an arm. `adapter` is the runner's module
    that drives it, where that has another name (`l4t-pytorch` is PyTorch), and `device` what the adapter is to use.
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
        """The artifact that it reads to run in a precision."""
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
    """The whole of matrix.yaml."""

    schema_version: Literal[1]
    profiles: dict[Name, Profile]
    devices: dict[Name, Device]
    frameworks: dict[Name, Framework]
    models: dict[Name, Network]


def load_matrix(path: Path = MATRIX) -> Matrix:
    """matrix.yaml, checked. Raises ConfigError with the line, the path and the nearest valid name of each fault."""
    document = read_yaml(path)
    try:
        return Matrix.model_validate(document.value)
    except ValidationError as error:
        faults = [_explain(document, fault) for fault in error.errors()]
        raise ConfigError("\n".join(faults), "docs/matrix.schema.json describes every key") from None


def matrix_schema() -> dict[str, Any]:
    """The JSON Schema of matrix.yaml, for editors; docs/matrix.schema.json is this, and a test holds it so."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Matrix.model_json_schema()}


def _explain(document: Document, fault: Any) -> str:
    keys = [key for key in fault["loc"] if key != "[key]"]
    where = f"{document.path}:{document.line(keys)}: {'.'.join(map(str, keys)) or 'the file'}"
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key '{keys[-1]}': {_nearest_key(keys)}"
    if fault["type"] == "missing":
        return f"{where}: missing"
    found = f", found {fault['input']!r}" if not isinstance(fault["input"], dict | list) else ""
    return f"{where}: {fault['msg'].lower()}{found}"


def _nearest_key(keys: list[Any]) -> str:
    """The nearest key that the part of matrix.yaml above the last of `keys` may have."""
    part: Any = Matrix
    for key in keys[:-1]:
        # An entry's field, or the entries of a dictionary by name.
        part = part.model_fields[key].annotation if hasattr(part, "model_fields") else part.__args__[1]
    return nearest(str(keys[-1]), part.model_fields)
