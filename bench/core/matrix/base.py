"""What all parts of matrix.yaml share: the strict base class, names, and common types."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Platform = Literal["amd64", "arm64", "l4t-r32", "l4t-r35", "l4t-r36"]
# How far a device or an image was tested: docs/design.md.
Verified = Literal["declared", "built (stand-in)", "built", "emulated", "measured"]
# What `make images GROUP=...` builds: frameworks for CPUs, accelerators, NVIDIA cards or Jetson boards.
Group = Literal["cpu", "accelerator", "cuda", "l4t"]
Reason = Annotated[str, Field(min_length=1)]
Precision = Literal["fp32", "fp16", "int8"]


class Entry(BaseModel):
    """A part of matrix.yaml. Unknown keys are errors, and values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
