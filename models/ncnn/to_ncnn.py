"""ONNX as ncnn reads it, by pnnx: a folder with `model.param` (the layers, as text) and `model.bin` (the weights).

pnnx names inputs `in0` and on, outputs `out0` and on, in the model's order, and drops the axis of the batch.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TYPES = {"float32": "f32", "int32": "i32", "int64": "i64"}  # numpy's name and pnnx's


class ConversionError(Exception):
    """pnnx did not make what it was asked for."""


def to_ncnn(model: Path, inputs: Sequence[Mapping[str, Any]], target: Path, *, half: bool) -> None:
    """Convert a file with these inputs into the new folder `target`, its weights in half precision or in float32."""
    sizes = ",".join(_size(described) for described in inputs)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        # It writes a dozen files beside the one that it reads.
        given = shutil.copyfile(model, Path(scratch) / "model.onnx")
        command = [_pnnx(), str(given), f"inputshape={sizes}", f"fp16={int(half)}"]
        done = subprocess.run(command, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        made = {name: Path(scratch) / f"model.ncnn.{name}" for name in ("param", "bin")}
        if done.returncode or not all(path.exists() for path in made.values()):
            print(done.stdout)
            last = (done.stdout.strip().splitlines() or ["nothing"])[-1]
            raise ConversionError(f"pnnx ended with {done.returncode} and said last: {last}")
        target.mkdir()
        for name, path in made.items():
            path.rename(target / f"model.{name}")


def _size(described: Mapping[str, Any]) -> str:
    """One input as pnnx is told of it. Raises ConversionError for what ncnn's arrays cannot hold."""
    if described["dtype"] not in TYPES:
        raise ConversionError(
            f"the input {described['name']} is {described['dtype']}, and pnnx takes {', '.join(TYPES)}"
        )
    return f"[{','.join(map(str, described['shape']))}]{TYPES[described['dtype']]}"


def _pnnx() -> str:
    """The program within the package, found without running the package: it would ask for torch."""
    package = find_spec("pnnx")
    if package is None or package.origin is None:
        raise ConversionError("the package pnnx is not installed: see models/ncnn/requirements.in")
    return str(Path(package.origin).with_name("pnnx"))
