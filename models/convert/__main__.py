"""python -m models.convert NAME --out FOLDER --kind tflite/fp32 [--kind …], and the options of models/task.py.

Converts an ONNX file, checks the results and writes them with `made.json` (docs/store.md, without hashes) into FOLDER.
"""

import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models import report, task
from models.convert.edgetpu import compile_for_edgetpu
from models.convert.run import run_savedmodel, run_tflite
from models.convert.to_tensorflow import channels_last, to_savedmodel, to_tflite, translate
from models.inputs import calibration

KINDS = ("savedmodel/fp32", "tflite/fp32", "tflite/fp16", "tflite/int8", "edgetpu/int8")
MAKERS = ("onnx2tf", "tensorflow", "onnx")


def convert(asked: task.Task, scratch: Path) -> None:
    """Make and check what is asked for, in a scratch folder."""
    axes = [channels_last(len(described["shape"])) for described in asked.inputs]
    shapes = [np.shape(array) for array in asked.expected[0]]
    moves = axes if any(axes) else None
    checked_with = f"tensorflow {version('tensorflow')}"

    def moved(given: list[np.ndarray]) -> list[np.ndarray]:
        return [array if way is None else np.ascontiguousarray(array.transpose(way))
                for array, way in zip(given, axes, strict=True)]  # fmt: skip

    @cache
    def saved(for_integers: bool) -> Path | Exception:
        """What several kinds are made of; why there is none is kept as well, and not found out for each anew."""
        folder = scratch / f"translated-{for_integers}"
        folder.mkdir()
        try:
            to_savedmodel(translate(asked.model, folder, for_integers=for_integers), shapes, folder / "savedmodel")
        except Exception as error:
            return error
        return folder / "savedmodel"

    @cache
    def tflite(precision: str) -> bytes:
        return to_tflite(source_of(precision), precision, map(moved, calibration(asked.inputs)))

    def source_of(precision: str) -> Path:
        source = saved(precision == "int8")
        if isinstance(source, Exception):
            raise source
        return source

    def make(kind: str) -> dict[str, Any]:
        form, precision = kind.split("/")
        if form == "edgetpu":
            return compiled()
        if form == "savedmodel":
            target = asked.out / f"{asked.name}.savedmodel"
            shutil.copytree(source_of(precision), target)
            run = run_savedmodel(target)
        else:
            target = asked.out / (f"{asked.name}.tflite" if precision == "fp32" else f"{asked.name}.{precision}.tflite")
            target.write_bytes(tflite(precision))
            run = run_tflite(target)
        figures = asked.compare(lambda given: run(moved(given)), checked_with)
        return report.artifact(kind, target.name, MAKERS, figures, moves)

    def compiled() -> dict[str, Any]:
        """For the Edge TPU. No CPU computes it, so that what is compared is the file that was compiled."""
        before = scratch / "quantized.tflite"
        before.write_bytes(tflite("int8"))
        run = run_tflite(before)
        target = asked.out / f"{asked.name}_edgetpu.tflite"
        made, facts = compile_for_edgetpu(asked.files.get("compiler"), before, scratch)
        target.write_bytes(made)
        figures = asked.compare(lambda given: run(moved(given)), f"{checked_with}, before it was compiled")
        return report.artifact("edgetpu/int8", target.name, MAKERS, figures, moves, **facts)

    task.carry_out(asked, make)


def main() -> None:
    """The command line."""
    asked = task.read("convert", KINDS, files=("compiler",))
    with tempfile.TemporaryDirectory(dir=asked.out) as scratch:
        convert(asked, Path(scratch))


main()
