"""What an artifact is: the words by which recipes, the matrix and the store name one."""

from typing import NamedTuple


class Kind(NamedTuple):
    """What an artifact of a model is: a format in a precision."""

    format: str
    precision: str

    def __str__(self) -> str:
        return f"{self.format}/{self.precision}"
