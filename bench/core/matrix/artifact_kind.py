"""The kind of an artifact, as recipes, the matrix and the store name it."""

from typing import NamedTuple


class Kind(NamedTuple):
    """The kind of a model's artifact: a format in a precision."""

    format: str
    precision: str

    def __str__(self) -> str:
        return f"{self.format}/{self.precision}"
