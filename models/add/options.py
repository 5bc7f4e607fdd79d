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

    def shape(self, name: str, declared: Sequence[int | None] | None) -> list[int]:
        """The shape of an input whose open axes are None, or of which nothing is declared, not even how many it has.

        Raises Refused where one stays open, or another differs.
        """
        wanted = self.shapes.get(name)
        if declared is None:
            if wanted is None:
                raise Refused(f"the input '{name}' declares no shape: say --input-shape {name}=… with all of its sizes")
            return _positive(name, wanted)
        shown = ",".join("?" if size is None else str(size) for size in declared)
        if wanted is None:
            wanted = [self.batch if place == 0 and size is None and self.batch else size  # type: ignore[misc]
                      for place, size in enumerate(declared)]  # fmt: skip
            if None in wanted:
                raise Refused(f"the input '{name}' has open axes: say --input-shape {name}={shown} with numbers for ?")
        if len(wanted) != len(declared) or any(
            fixed not in (None, size) for fixed, size in zip(declared, wanted, strict=True)
        ):
            raise Refused(f"the input '{name}' is {shown or 'one number'}, not {','.join(map(str, wanted))}")
        return _positive(name, wanted)

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
    sizes = [(prod(each["shape"]) * np.dtype(each["dtype"]).itemsize, each) for each in inputs]
    size = sum(size for size, _ in sizes)
    if size > LARGEST:
        _, most = max(sizes, key=lambda pair: pair[0])
        raise Refused(
            f"the input '{most['name']}' cannot be {','.join(map(str, most['shape']))}: all inputs would take more "
            f"than {size - 1 >> 30} GiB, and at most {LARGEST >> 30} GiB are made; give smaller sizes with "
            "--input-shape, or export the model with smaller ones"
        )


def _positive(name: str, shape: list[int]) -> list[int]:
    if any(size < 1 for size in shape):
        raise Refused(f"the input '{name}' cannot be {','.join(map(str, shape))}: say sizes from 1 with --input-shape")
    return shape


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
