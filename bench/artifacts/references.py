"""models/references.toml as checked objects: published figures of each network, to compare with our counts."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from bench.core.errors import ConfigError
from bench.core.matrix.base import Entry
from bench.core.paths import PROJECT

REFERENCES = PROJECT / "models" / "references.toml"

Whole = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]


class Paper(Entry):
    """The publication of a network."""

    authors: Text
    year: int
    title: Text
    venue: Text
    url: Annotated[str, Field(pattern=r"^https://")]


class Count(Entry):
    """Another source's counts of a network. Multiply-accumulates are at `input` (such as 320x320), or at our size."""

    by: Text
    params: Whole | None = None
    macs: Whole | None = None
    input: str | None = None
    why: str | None = None


class Study(Entry):
    """The row of the reference study's Table I. `unit`: whether its work counts a MAC once (mac) or twice (flop)."""

    input: Text
    unit: Literal["mac", "flop"]
    work: Whole
    params: Whole
    work_per_param: float

    @property
    def macs(self) -> float:
        """The work in multiply-accumulates."""
        return self.work if self.unit == "mac" else self.work / 2


class Reference(Entry):
    """The references of one network. `output` describes the output if it is not a score per class."""

    paper: Paper
    counts: list[Count] = Field(default_factory=list)
    study: Study | None = None
    output: str | None = None
    note: str | None = None


def load_references(path: Path = REFERENCES) -> dict[str, Reference]:
    """Map each model to its references. Raises ConfigError with the place and the fault."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(dict[str, Reference]).validate_python(entries)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    except ValidationError as error:
        faults = [f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}" for fault in error.errors()]
        raise ConfigError("\n".join(faults)) from None
