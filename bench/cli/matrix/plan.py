"""`bench matrix plan`: the cells, images and launches of a run."""

from bench.cli.common import AsJson, HostOption, address_of, print_json
from bench.cli.matrix.options import (
    ALL_ARMS,
    Arms,
    Blocks,
    Device,
    EnergyPass,
    Frameworks,
    Globs,
    HalfWidth,
    Images,
    LockFile,
    MaxBlocks,
    Models,
    Precisions,
    Profile,
    Samples,
    Seed,
)
from bench.cli.matrix.request import cells_of, enough_of, parse_arms, plan_of, target_of
from bench.core.matrix.plan import Selection
from bench.run.machine import machine_at


def plan(
    device: Device = "host",
    framework: Frameworks = None,
    model: Models = None,
    precision: Precisions = None,
    select: Globs = None,
    arms: Arms = ALL_ARMS,
    profile: Profile = "default",
    blocks: Blocks = None,
    samples: Samples = None,
    half_width: HalfWidth = None,
    max_blocks: MaxBlocks = None,
    seed: Seed = None,
    energy: EnergyPass = False,
    images: Images = None,
    lock: LockFile = None,
    host: HostOption = None,
    as_json: AsJson = False,
) -> None:
    """Show the cells, images and hardware that a run would use. Starts nothing."""
    from bench.cli.matrix import selection
    from bench.images.registry.lock import chosen_lock

    chosen = cells_of(device, framework, model, precision, select, seed)
    enough = enough_of(blocks, samples, half_width, max_blocks)
    chosen_arms = parse_arms(arms)
    matrix, made = plan_of(Selection(**chosen, **enough, arms=chosen_arms, profile=profile, energy=energy))
    with machine_at(address_of(matrix, device, host)) as machine:
        target, locked = target_of(made, matrix, machine), chosen_lock(images, lock)
    if as_json:
        print_json(
            {
                "device": made.device,
                "profile": made.profile,
                "seed": made.seed,
                "arms": list(made.arms),
                "blocks": made.blocks,
                "half_width": made.half_width,
                "cells": selection.rows(made, target, locked),
                "armless": made.armless,
                "skipped": [{"cell": name, "reason": reason} for name, reason in made.skipped.items()],
                "launches": [launch.id for launch in made.launches()],
                "energy_launches": [launch.id for launch in made.energy_launches()],
            }
        )
        return
    selection.show_plan(made, target, locked)
