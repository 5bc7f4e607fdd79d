"""What auto-tuning gains: a network that TVM compiled with schedules it tried on this machine, and without any.

    setup/env .venv/bin/python benchmarks/tuning.py [--model mobilenet-v2] [--pairs 15] [--json]

In the image of the step that makes TVM's artifacts, by its own program: compiled untuned (plain loops, in one thread)
and tuned, then timed in turns. Told is the ratio tuned / untuned of each pair: the median, with the 95 % interval of
the median by the sign test, which takes nothing for granted of how times are spread.
"""

import argparse
import json
import os
from pathlib import Path

import docker
from scipy.stats import binom

from bench.artifacts.steps import RUN
from bench.artifacts.store import Store
from bench.core.paths import PROJECT, model_store
from bench.images import engine as engines
from bench.images.engine import LABEL
from bench.images.local import native_platform

PROGRAM = """
import json, platform, sys, time
from pathlib import Path
import numpy as np
from models.tvm.link import find_linkers
from models.tvm.run import run_tvm
from models.tvm.to_tvm import TARGETS, to_tvm
machine, shape, pairs = platform.machine(), json.loads(sys.argv[1]), int(sys.argv[2])
linkers = {machine: find_linkers(TARGETS, machine)[machine]}
networks = {}
for name, here in (("untuned", ""), ("tuned", machine)):
    began = time.perf_counter()
    to_tvm(Path("/in/model.onnx"), Path(name), linkers, here)
    networks[name] = run_tvm(Path(name) / f"{machine}.so")
    print(name, "compiled in", round(time.perf_counter() - began), "s", file=sys.stderr)
given, found = [np.random.RandomState(0).standard_normal(shape).astype(np.float32)], {name: [] for name in networks}
for turn in range(pairs + 1):
    for name, run in networks.items():
        began = time.perf_counter()
        run(given)
        if turn:  # the first of each warms up
            found[name].append(time.perf_counter() - began)
print(json.dumps(found))
"""


def measure(client: docker.DockerClient, model: Path, shape: list[int], pairs: int) -> dict[str, list[float]]:
    """Seconds of every inference, in the order in which they were made."""
    container = client.containers.create(
        f"edgebench/models-tvm:{native_platform()}",
        ["-c", PROGRAM, json.dumps(shape), str(pairs)],
        mounts=[
            docker.types.Mount("/project/models", str(PROJECT / "models"), type="bind", read_only=True),
            docker.types.Mount("/in/model.onnx", str(model), type="bind", read_only=True),
        ],
        environment={"PYTHONPATH": "/project", "HOME": "/tmp"},
        working_dir="/tmp",
        labels={LABEL: RUN},
        network_mode="none",
    )
    try:
        container.start()
        code = container.wait()["StatusCode"]
        said = container.logs(stderr=False).decode()
        if code:
            raise SystemExit(container.logs(stdout=False).decode()[-3000:])
        return json.loads(said.splitlines()[-1])
    finally:
        engines.remove(container)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mobilenet-v2")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    graph = Store(model_store()).find(asked.model, "onnx", "fp32")
    if graph is None:
        raise SystemExit(f"make it first: bench models build {asked.model} --format onnx")
    found = measure(engines.connect(), graph.path, graph.inputs[0]["shape"], asked.pairs)
    ratios = sorted(tuned / plain for tuned, plain in zip(found["tuned"], found["untuned"], strict=True))
    below = int(binom.ppf(0.025, len(ratios), 0.5))  # so many of the smallest lie outside of the interval
    told = {
        "model": asked.model,
        "seconds": {name: sorted(times)[len(times) // 2] for name, times in found.items()},
        "ratio": ratios[len(ratios) // 2],
        "interval": [ratios[max(below - 1, 0)], ratios[min(len(ratios) - below, len(ratios) - 1)]],
        "pairs": asked.pairs,
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg()[0],
    }
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    for name, seconds in told["seconds"].items():
        print(f"{name:>8}  {1000 * seconds:8.2f} ms")
    print(f"tuned / untuned: {told['ratio']:.3f} [{told['interval'][0]:.3f}, {told['interval'][1]:.3f}]")
    print(f"{told['cpus']} CPUs, load average {told['load_average']:.1f}")


if __name__ == "__main__":
    main()
