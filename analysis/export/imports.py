"""Imports the output of edgeBench, the code of the 2019 study, as a run's folder.

Each of its scripts (pytorch, tensorflow, caffe) prints one line with the mean of all inferences of one model:

    resnet-18 inference time (sec): 0.02650

Such a mean is not a launch: it has no samples, no repetition, and no record of machine or versions. It includes the
creation of the input and the first inferences. It is stored as a line of status `mean` without samples, which every
view shows without interval or verdict.
"""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from analysis.data.fields import DAY_NS
from bench.core.errors import ConfigError, HostError
from bench.core.version import now
from bench.journal.journal import Journal, write_run
from bench.journal.reader import MEAN, SCHEMA

SCRIPTS = ("pytorch", "tensorflow", "caffe")
_LINE = re.compile(r"\s*(?P<model>\S+) inference time \(sec\): (?P<seconds>\S+)\s*")
# Maps the names that the scripts print, and those of the study, to this project's names.
_MODELS = {
    **{name: name for name in ("resnet-18", "resnet-50", "resnet-101", "alexnet", "vgg16", "vgg19", "xception")},
    **{name: name for name in ("c3d", "cifarnet", "deepspeech", "resnet50-ssd")},
    "mobilenet": "mobilenet-v2",
    "inception": "inception-v4",
    "tiny-yolo": "tinyyolo",
    "yolo3": "yolov3",
    "vggs-32": "vgg-s-32",
    "vggs-224": "vgg-s-224",
}
CAVEATS = (
    "one mean per script: no launches, no samples, no spread",
    "making the input, and copying it to the device, are inside the mean",
    "no warm-up: first inferences are inside the mean",
    "the clock stops without waiting for the device",
    "batch normalization and dropout run as in training (pytorch)",
)


@dataclass(frozen=True)
class PrintedMean:
    """One printed line: its line number, this project's name of the model, and the mean in ns."""

    line: int
    model: str
    ns: int


def read_printed(path: Path) -> tuple[list[PrintedMean], list[str]]:
    """Return the means, and the omitted lines with their reasons. Lines of other programs are ignored.

    Raises ConfigError if the file does not exist or has no such line, HostError if it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        raise ConfigError(
            f"there is no file {path}", "keep what the scripts print: python execute.py … | tee FILE"
        ) from None
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    means, left_out = [], []
    for number, line in enumerate(lines, 1):
        if not (match := _LINE.fullmatch(line)):
            continue
        ns = _nanoseconds(match["seconds"])
        if match["model"] not in _MODELS:
            left_out.append(f"{path.name} line {number}: edgeBench has no model {match['model']:.40}")
        elif ns is None:
            left_out.append(f"{path.name} line {number}: {match['seconds']:.40} is no time between 0 and a day")
        else:
            means.append(PrintedMean(number, _MODELS[match["model"]], ns))
    if not means:
        hint = "a line is `resnet-18 inference time (sec): 0.02650`"
        raise ConfigError("\n".join([f"{path} has no line that edgeBench printed", *left_out[:10]]), hint)
    return means, left_out


def write_means(
    folder: Path, means: list[PrintedMean], *, source: Path, script: str, device: str, inferences: int | None
) -> None:
    """Write the means as a run with the name of its folder. `inferences` is their number per mean, None if unknown.

    Raises HostError.
    """
    imported = {"program": "edgeBench", "script": script, "file": source.name, "caveats": list(CAVEATS)}
    write_run(folder, {"schema": SCHEMA, "run_id": folder.name, "created": now(), "imported": imported})
    seen: Counter[str] = Counter()
    with Journal(folder) as journal:
        for mean in means:
            cell = f"{device}/{script}/{mean.model}/fp32"
            seen[cell] += 1
            journal.append(_record(cell, seen[cell], {"ns": mean.ns, "inferences": inferences, "line": mean.line}))


def _record(cell: str, number: int, mean: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "launch": f"{cell}/native/{number}",
        "cell": cell,
        "arm": "native",
        "block": number,
        "attempt": 1,
        "status": MEAN,
        "mean": mean,
        "samples": [],
    }


def _nanoseconds(text: str) -> int | None:
    try:
        ns = Decimal(text) * 10**9
    except ArithmeticError:  # not a number, or infinite
        return None
    return int(ns) if ns.is_finite() and 1 <= ns < DAY_NS else None
