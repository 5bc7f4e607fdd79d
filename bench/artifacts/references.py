"""models/references.toml as checked objects: what others say of a network, to stand beside what we count."""

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
    """Where a network was published."""

    authors: Text
    year: int
    title: Text
    venue: Text
    url: Annotated[str, Field(pattern=r"^https://")]


class Count(Entry):
    """What somebody else counts of a network; multiply-accumulates at `input`, such as 320x320, or at ours."""

    by: Text
    params: Whole | None = None
    macs: Whole | None = None
    input: str | None = None
    why: str | None = None


class Study(Entry):
    """The row of the reference study's Table I. `unit` is what its work turned out to count: once a MAC, or twice."""

    input: Text
    unit: Literal["mac", "flop"]
    work: Whole
    params: Whole
    work_per_param: float

    @property
    def macs(self) -> float:
        """Its work as multiply-accumulates."""
        return self.work if self.unit == "mac" else self.work / 2


class Reference(Entry):
    """All of one network; `output` says what comes out where that is not a score for each class."""

    paper: Paper
    counts: list[Count] = Field(default_factory=list)
    study: Study | None = None
    output: str | None = None
    note: str | None = None


def load_references(path: Path = REFERENCES) -> dict[str, Reference]:
    """Model → what others say of it. Raises ConfigError with the place and the fault."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(dict[str, Reference]).validate_python(entries)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    except ValidationError as error:
        faults = [f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}" for fault in error.errors()]
        raise ConfigError("\n".join(faults)) from None
