"""What bench adds to the launch of a container, beside the same `docker run` typed by hand, pair by pair.

    setup/env .venv/bin/python benchmarks/launch_cost.py [--pairs 20] [--json]

Needs the image and the model of the cell (`make demo` leaves both). Printed: the ratio of wall times bench/docker of
each pair (its median and range), the CPU time that bench itself used while the runner ran, in percent of one core, and
bench's peak memory. Claimed: median ratio at most 1.05, under 1 %, under 200 MB; exit code 1 when one does not hold.
"""

import argparse
import json
import os
import random
import resource
import shlex
import statistics
import subprocess
import time
from typing import Any

from bench.arms.container import ContainerArm, options
from bench.arms.launch import Spec
from bench.core import cpus
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.images import engine
from bench.images.local import native_platform
from bench.run.lock import reserved
from bench.run.requests import prepare_requests

CLAIMED = {"ratio": 1.05, "bench_cpu_percent_of_a_core": 1.0, "bench_peak_memory_mb": 200.0}


def spec_of_a_launch(framework: str, model: str) -> Spec:
    """The launch to time, as `bench matrix run --profile demo` would make it."""
    chosen = cpus.allowed()
    plan = make_plan(load_matrix(), Selection(device="host", frameworks=[framework], models=[model], profile="demo"))
    (cell,) = prepare_requests(plan, load_matrix(), len(chosen)).values()
    return Spec(
        launch="launch-cost",
        run_id="benchmark",
        framework=framework,
        request=cell.request,
        mounts=cell.mounts,
        cpus=cpus.show(chosen),
        threads=len(chosen),
        timeout=120.0,
    )


def by_hand(spec: Spec, image: str) -> list[str]:
    """The `docker run` that does what the container arm does, written out."""
    words = options(spec)
    command = ["docker", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"]
    command += ["--security-opt", "no-new-privileges", "--user", words["user"], "--hostname", words["hostname"]]
    command += ["--cpuset-cpus", spec.cpus, "--tmpfs", "/tmp:" + words["tmpfs"]["/tmp"]]
    for name, value in words["environment"].items():
        command += ["--env", f"{name}={value}"]
    for folder in spec.mounts:
        command += ["--mount", f"type=bind,source={folder},target={folder},readonly"]
    return [*command, image, *words["command"]]


class WatchedArm(ContainerArm):
    """The container arm, noting how busy bench is between the start of the runner and its end."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.busy: list[float] = []

    def _listen(self, *given: Any) -> tuple[bytes, bytes]:
        wall, cpu = time.perf_counter(), time.process_time()
        said = super()._listen(*given)
        self.busy.append((time.process_time() - cpu) / (time.perf_counter() - wall))
        return said


def main() -> None:
    """Time the pairs in random order within each, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", default="onnxruntime")
    parser.add_argument("--model", default="cifarnet")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()

    spec = spec_of_a_launch(asked.framework, asked.model)
    arm = WatchedArm(engine.connect(), native_platform())
    arm.prepare(asked.framework)
    command = by_hand(spec, arm.images[asked.framework])

    ours: list[float] = []
    theirs: list[float] = []

    def launch_with_bench() -> None:
        wall = time.perf_counter()
        outcome = arm.launch(spec)
        ours.append(time.perf_counter() - wall)
        if outcome.exit_code != 0:
            raise SystemExit(f"the launch failed: {outcome.reason} {outcome.message} {outcome.stderr}")

    def launch_by_hand() -> None:
        wall = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        theirs.append(time.perf_counter() - wall)

    order = random.Random(0)
    with reserved():
        for _ in range(asked.pairs):
            for launch in order.sample([launch_with_bench, launch_by_hand], 2):
                launch()

    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    found = {
        "pairs": asked.pairs,
        "bench_s": statistics.median(ours),
        "docker_run_s": statistics.median(theirs),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "bench_cpu_percent_of_a_core": 100 * statistics.median(arm.busy),
        "bench_peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "cpus": os.cpu_count(),
    }
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        print("peer:", shlex.join(command))
        for name, value in found.items():
            print(f"{name:>30}  {value:.3f}" if isinstance(value, float) else f"{name:>30}  {value}")
    holds = all(found[name] <= most for name, most in CLAIMED.items())
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
