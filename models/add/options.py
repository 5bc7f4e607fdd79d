"""What the user says of a file's inputs: shapes where the file leaves axes open, and ranges to draw values from."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from models.add.refusal import Refused

LARGEST = 1 << 30  # bytes of all inputs together: what is larger is no inference of one picture or one text


@dataclass(frozen=True)
class Options:
    """The command line."""

    name: str
    file: Path
    out: Path
    shapes: dict[str, list[int]]
    ranges: dict[str, list[int]]
    batch: int | None

    def check_names(self, inputs: Iterable[str]) -> None:
        """Raises Refused for a name that no input has."""
        inputs = list(inputs)
        for name in (*self.shapes, *self.ranges):
            if name not in inputs:
                raise Refused(f"it has no input '{name}': there is {', '.join(inputs)}")

    def shape(self, name: str, declared: Sequence[int | None]) -> list[int]:
        """The shape of an input whose open axes are None. Raises Refused where one stays open, or another differs."""
        wanted = self.shapes.get(name)
        if wanted is None:
            wanted = [self.batch if place == 0 and size is None and self.batch else size  # type: ignore[misc]
                      for place, size in enumerate(declared)]  # fmt: skip
            if None in wanted:
                shown = ",".join("?" if size is None else str(size) for size in declared)
                raise Refused(f"the input '{name}' has open axes: say --input-shape {name}={shown} with numbers for ?")
        if len(wanted) != len(declared) or any(
            fixed not in (None, size) for fixed, size in zip(declared, wanted, strict=True)
        ):
            shown = ",".join("?" if size is None else str(size) for size in declared)
            raise Refused(f"the input '{name}' is {shown or 'one number'}, not {','.join(map(str, wanted))}")
        return wanted

    def describe(self, name: str, shape: list[int], dtype: str) -> dict[str, object]:
        """An input as a task has it. Raises Refused for a type that nothing can be drawn of."""
        kind = np.dtype(dtype)
        if kind.kind not in "fiub":
            raise Refused(f"the input '{name}' is of type {dtype}: only numbers are made")
        described: dict[str, object] = {"name": name, "shape": shape, "dtype": kind.name}
        if name in self.ranges:
            low, high = self.ranges[name]
            if kind.kind in "iu" and not (np.iinfo(kind).min <= low <= high <= np.iinfo(kind).max):
                raise Refused(f"the input '{name}' is {kind.name}, which does not hold {low} to {high}")
            described["range"] = [low, high]
        elif kind.itemsize == 1 and kind.kind in "iu":
            described["range"] = [int(np.iinfo(kind).min), int(np.iinfo(kind).max)]
        elif kind.kind != "f":
            described["range"] = [0, 1]
        return described


def check_sizes(inputs: Iterable[dict]) -> None:
    """Raises Refused where the inputs would fill the memory."""
    size = sum(prod(each["shape"]) * np.dtype(each["dtype"]).itemsize for each in inputs)
    if size > LARGEST:
        raise Refused(f"its inputs take {size / 2**30:.1f} GiB, and at most {LARGEST >> 30} GiB are made")


def read() -> Options:
    """The command line of `python -m models.add`."""
    parser = argparse.ArgumentParser(prog="python -m models.add", description="Read a model that a user brings.")
    parser.add_argument("name")
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--input-shape", action="append", default=[], type=_numbers)
    parser.add_argument("--input-range", action="append", default=[], type=_numbers)
    parser.add_argument("--batch", type=int)
    chosen = parser.parse_args()
    return Options(
        chosen.name, chosen.file, chosen.out, dict(chosen.input_shape), dict(chosen.input_range), chosen.batch
    )


def _numbers(text: str) -> tuple[str, list[int]]:
    name, _, numbers = text.rpartition("=")
    return name, [int(number) for number in numbers.split(",") if number]
