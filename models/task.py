"""What steps that begin with a made model have in common: their command line, and what the result is tried with."""

import argparse
import json
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import parity, reference, report
from models.reference import Arrays, Run


@dataclass(frozen=True)
class Task:
    """One model to convert: where it is, its inputs, the answers that are expected, and what is to be made of it."""

    name: str
    model: Path
    inputs: list[dict[str, Any]]  # name, shape (batch first), dtype, and `range` where values are drawn from one
    expected: list[Arrays]
    out: Path
    kinds: list[str]
    files: dict[str, Path]  # what else was given to this step, by the option's name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the one input, for what knows no other. Raises ValueError where there are several."""
        if len(self.inputs) != 1:
            raise ValueError(f"the model has {len(self.inputs)} inputs, and this converter takes one")
        return tuple(self.inputs[0]["shape"])

    def compare(self, run: Run, checked_with: str) -> dict[str, Any]:
        """The parity of what `run` answers to the first seed's inputs; all seeds are `bench models check`'s."""
        return parity.measure(run, self.inputs, self.expected[:1], checked_with)


def read(step: str, kinds: Sequence[str], files: Sequence[str] = ()) -> Task:
    """The task of the command line of a step that makes these kinds, such as `tflite/int8`.

    `files` are options of this step alone, each with a path.
    """
    parser = argparse.ArgumentParser(prog=f"python -m models.{step}", description="Convert a model.")
    parser.add_argument("name")
    parser.add_argument("--model", type=Path, required=True, help="what the step begins with")
    parser.add_argument("--inputs", type=Path, required=True, help="JSON: a list of name, shape, dtype, range")
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--kind", action="append", choices=tuple(kinds), required=True, dest="kinds")
    for name in files:
        parser.add_argument(f"--{name}", type=Path)
    chosen = parser.parse_args()
    given = {name: path for name in files if (path := getattr(chosen, name))}
    inputs = json.loads(chosen.inputs.read_text(encoding="utf-8"))
    return Task(chosen.name, chosen.model, inputs, reference.read(chosen.reference), chosen.out, chosen.kinds, given)


def carry_out(task: Task, make: Callable[[str], dict[str, Any]]) -> None:
    """Make each kind and write the report; one that fails keeps no other from being made, and its reason is told."""
    artifacts, failed = [], {}
    for kind in task.kinds:
        try:
            artifacts.append(make(kind))
        except Exception as error:  # whatever a converter raises
            traceback.print_exc()
            failed[kind] = f"{type(error).__name__}: {error}"
    report.write(task.out, artifacts=artifacts, failed=failed)
