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
from models.convert.run import run_savedmodel, run_tflite
from models.convert.to_tensorflow import channels_last, to_savedmodel, to_tflite, translate
from models.inputs import calibration

KINDS = ("savedmodel/fp32", "tflite/fp32", "tflite/fp16", "tflite/int8")
MAKERS = ("onnx2tf", "tensorflow", "onnx")


def convert(asked: task.Task, scratch: Path) -> None:
    """Make and check what is asked for, in a scratch folder."""
    axes = [channels_last(len(described["shape"])) for described in asked.inputs]
    shapes = [np.shape(array) for array in asked.expected[0]]
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

    def make(kind: str) -> dict[str, Any]:
        form, precision = kind.split("/")
        source = saved(precision == "int8")
        if isinstance(source, Exception):
            raise source
        if form == "savedmodel":
            target = asked.out / f"{asked.name}.savedmodel"
            shutil.copytree(source, target)
            run = run_savedmodel(target)
        else:
            target = asked.out / (f"{asked.name}.tflite" if precision == "fp32" else f"{asked.name}.{precision}.tflite")
            target.write_bytes(to_tflite(source, precision, map(moved, calibration(asked.inputs))))
            run = run_tflite(target)
        figures = asked.compare(lambda given: run(moved(given)), checked_with)
        return report.artifact(kind, target.name, MAKERS, figures, axes if any(axes) else None)

    task.carry_out(asked, make)


def main() -> None:
    """The command line."""
    asked = task.read("convert", KINDS)
    with tempfile.TemporaryDirectory(dir=asked.out) as scratch:
        convert(asked, Path(scratch))


main()
