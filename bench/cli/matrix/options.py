"""Options that several commands declare."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.core.matrix.arm_names import ARMS

ALL_ARMS = ",".join(ARMS)
MOST_BLOCKS = 100  # the default of --max-blocks

Device = Annotated[str, typer.Option("--device", help="A device of matrix.yaml.")]
Frameworks = Annotated[list[str] | None, typer.Option("--framework", help="Select this framework; may be repeated.")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Select this model; may be repeated.")]
Precisions = Annotated[list[str] | None, typer.Option("--precision", help="fp32, fp16 or int8; may be repeated.")]
Globs = Annotated[
    list[str] | None, typer.Option("--select", help="Select cells that match this glob; may be repeated.")
]
Arms = Annotated[str, typer.Option("--arms", help="Arms to launch, separated by commas.")]
Profile = Annotated[str, typer.Option("--profile", help="A profile of matrix.yaml: how many launches and samples.")]
Blocks = Annotated[int | None, typer.Option("--blocks", min=1, help="Launches of each arm; default: the profile's.")]
Samples = Annotated[
    int | None, typer.Option("--samples", min=1, help="Timed inferences of a launch; default: the profile's.")
]
HalfWidth = Annotated[
    str | None,
    typer.Option("--half-width", help="Add blocks until every ratio's 95 % interval is within ± this (0.5%)."),
]
MaxBlocks = Annotated[
    int | None,
    typer.Option("--max-blocks", min=1, help=f"The most blocks with --half-width; default: {MOST_BLOCKS}."),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of the launch order; default: random, recorded.")]
EnergyPass = Annotated[
    bool, typer.Option("--energy", help="Also measure energy, in separate launches after the timed ones.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Images = Annotated[
    Literal["local", "locked"] | None,
    typer.Option("--images", help="Images built here or of the lock file; default: locked if that file exists."),
]
LockFile = Annotated[Path | None, typer.Option("--lock", help="Default: EDGEBENCH_LOCK, or images.lock.")]
Cpus = Annotated[str | None, typer.Option("--cpus", help="CPUs that every launch uses, for example 0-1; default: all.")]
Replace = Annotated[
    bool, typer.Option("--replace/--no-replace", help="Repeat launches that the host disturbed, at most twice.")
]
