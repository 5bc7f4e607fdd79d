"""ONNX as ncnn reads it, by pnnx: a folder with `model.param` (the layers, as text) and `model.bin` (the weights).

pnnx names inputs `in0` and on, outputs `out0` and on, in the model's order, and drops the axis of the batch.
"""

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path


class ConversionError(Exception):
    """pnnx did not make what it was asked for."""


def to_ncnn(model: Path, shape: tuple[int, ...], target: Path) -> None:
    """Convert a file with one input of this shape into the new folder `target`, in float32."""
    size = ",".join(map(str, shape))
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        # It writes a dozen files beside the one that it reads.
        given = shutil.copyfile(model, Path(scratch) / "model.onnx")
        command = [_pnnx(), str(given), f"inputshape=[{size}]", "fp16=0"]
        done = subprocess.run(command, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        made = {name: Path(scratch) / f"model.ncnn.{name}" for name in ("param", "bin")}
        if done.returncode or not all(path.exists() for path in made.values()):
            raise ConversionError(f"pnnx ended with {done.returncode} and said:\n{done.stdout}")
        target.mkdir()
        for name, path in made.items():
            path.rename(target / f"model.{name}")


def _pnnx() -> str:
    """The program within the package, found without running the package: it would ask for torch."""
    package = find_spec("pnnx")
    if package is None or package.origin is None:
        raise ConversionError("the package pnnx is not installed: see models/ncnn/requirements.in")
    return str(Path(package.origin).with_name("pnnx"))
