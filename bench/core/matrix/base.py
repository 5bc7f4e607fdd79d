"""What all parts of matrix.yaml have in common: strict entries, names, and the words that several of them use."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Platform = Literal["amd64", "arm64", "l4t-r32", "l4t-r35", "l4t-r36"]
# How far a device or an image was tried: see docs/design.md.
Verified = Literal["declared", "built (stand-in)", "built", "emulated", "measured"]
# What `make images GROUP=...` builds: the CPU's frameworks, those of accelerators, of NVIDIA cards, of Jetson boards.
Group = Literal["cpu", "accelerator", "cuda", "l4t"]
Reason = Annotated[str, Field(min_length=1)]
Precision = Literal["fp32", "fp16", "int8"]


class Entry(BaseModel):
    """A part of matrix.yaml: no key that is not known, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
