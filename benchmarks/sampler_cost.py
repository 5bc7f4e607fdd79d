"""What reading the sensors costs a launch that it runs beside: pairs of launches with and without `runner sense`.

    .venv/bin/python benchmarks/sampler_cost.py [--pairs 10] [--seconds 10] [--json]

Needs the model of the cell and its native environment (`make demo` leaves both), and no sensor: the sampler reads a
constructed TX2 (12 files of power monitors, temperatures, clocks) ten times a second and a UM25C at a pseudo-terminal
twice, which costs what the real files cost this side of their drivers. Printed: the ratio of inference times with and
without (geometric mean over pairs, with its 95 % t interval), and the CPU time that the sampler used, in percent of a
core. Claimed: the interval's lower end is at most 1.01, and under 3 % of a core; exit code 1 when one does not hold.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats

from bench.arms.launch import Spec
from bench.arms.native import NativeArm
from bench.arms.outcome import record
from bench.core import cpus
from bench.core.matrix.plan import Launch, Selection, make_plan
from bench.core.matrix.schema import Energy, Sensing, load_matrix
from bench.run.energy import EnergyPass
from bench.run.lock import reserved
from bench.run.requests import prepare_requests
from tests.support.sensor_trees import TX2, plant
from tests.unit.runner.sensors.usbmeter import FakeMeter

MOST_RATIO, MOST_CPU = 1.01, 3.0


def measure(framework: str, model: str, pairs: int, seconds: float, sensing: Sensing) -> dict[str, object]:
    """Launch the pairs, each in random order, and say what was found."""
    matrix, chosen = load_matrix(), cpus.allowed()
    wanted = Selection(device="host", frameworks=[framework], models=[model], arms=["native"], energy=True)
    bounds = Energy(launches=1, baseline=1.0, seconds=seconds)
    plan = replace(make_plan(matrix, wanted), energy=bounds)
    (cell,) = prepare_requests(plan, matrix, len(chosen)).values()
    arm, order = NativeArm(matrix), random.Random(0)
    arm.prepare(framework)
    spec = Spec(
        launch="sampler-cost", run_id="benchmark", framework=framework, request=cell.request, mounts=cell.mounts,
        cpus=cpus.show(chosen), threads=len(chosen), timeout=120.0,
    )  # fmt: skip
    ratios, busy = [], []
    for pair in range(1, pairs + 1):
        medians = {}
        for sample in order.sample([True, False], 2):
            launch = Launch(cell.cell, "native", pair, "energy" if sample else "control")
            line = record(launch, 1, "", *EnergyPass(bounds, sensing).launch(arm, spec, cell, sample=sample))
            if line["reason"]:
                raise SystemExit(f"a launch failed: {line['reason']}: {line['message']}")
            medians[sample] = float(np.median([window["median_ns"] for window in line["windows"]]))
            if sample:
                busy.append(100 * line["sensed"]["cpu_ns"] / line["sensed"]["span_ns"])
        ratios.append(medians[True] / medians[False])
        print(f"pair {pair}: {ratios[-1]:.4f}", file=sys.stderr)
    logs = np.log(ratios)
    low, high = np.exp(stats.t.interval(0.95, len(logs) - 1, loc=logs.mean(), scale=stats.sem(logs)))
    return {
        "cell": cell.cell.id, "pairs": pairs, "seconds": seconds, "ratio": float(np.exp(logs.mean())),
        "ratio_low": float(low), "ratio_high": float(high), "sampler_cpu_percent_of_a_core": float(np.median(busy)),
        "load_average": os.getloadavg()[0],
    }  # fmt: skip


def main() -> None:
    """Measure, print, and say whether the claims hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", default="onnxruntime")
    parser.add_argument("--model", default="cifarnet")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, FakeMeter() as meter, reserved():
        sensing = Sensing(root=str(plant(Path(folder), TX2)), ttys=[meter.path])
        found = measure(asked.framework, asked.model, asked.pairs, asked.seconds, sensing)
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:>30}  {value:.4f}" if isinstance(value, float) else f"{name:>30}  {value}")
    holds = found["ratio_low"] <= MOST_RATIO and found["sampler_cpu_percent_of_a_core"] <= MOST_CPU
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
