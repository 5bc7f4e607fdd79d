"""What a step says of what it made: `made.json`, from which bench writes the store's index (docs/store.md)."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx

Axes = list[list[int] | None]


def artifact(
    kind: str, file: str, packages: Sequence[str], parity: dict[str, Any], axes: Axes | None = None, **more: str
) -> dict[str, Any]:
    """One artifact of a kind such as `tflite/int8`: a file or folder beside the report, and what made it.

    `axes` is, for each input, the transposition from the model's to the artifact's; `more` goes with the versions of
    the packages.
    """
    form, precision = kind.split("/")
    return {
        "format": form,
        "precision": precision,
        "file": file,
        "axes": axes,
        "made_by": {**{package: version(package) for package in packages}, **more},
        "parity": parity,
    }


def tensor(value: onnx.ValueInfoProto) -> dict[str, Any]:
    """An input or output of a graph: name, shape (batch first) and dtype."""
    kind = value.type.tensor_type
    return {
        "name": value.name,
        "shape": [dim.dim_value for dim in kind.shape.dim],
        "dtype": onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name,
    }


def write(out: Path, **facts: Any) -> None:
    """Write the report: last, so that one that is there is complete."""
    (out / "made.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
