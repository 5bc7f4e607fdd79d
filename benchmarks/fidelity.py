"""Does a cell's time agree with that of the framework's own tool? The same model, threads, precision, CPUs, packages.

    .venv/bin/python benchmarks/fidelity.py openvino [--blocks 20] [--seconds 2] [--cpus 0] [--model mobilenet-v2]

    openvino   its benchmark_app, synchronous, one stream. It reads `InferRequest.latency`, a clock inside OpenVINO, and
               so leaves out the call itself, which ours has in it as a caller does. A third process of each block
               times the same call from outside and reads that clock, too: the difference is added to the tool's
    litert     its litert-benchmark, which calls the newer of LiteRT's two interfaces, as ours calls the older

Each block has one launch of ours in the native arm and one of the tool, in the same environment made from the lock
file, in random order. Told is the ratio of medians, ours / theirs, with its interval over blocks. The claim: the
interval contains 1.00 and lies within ±2 %; exit code 1 where it does not hold. Needs the model in the store.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from analysis.report.stats.ratios import LaunchMedians, difference
from bench.arms.launch import environment
from bench.arms.native import NativeArm
from bench.arms.outcome import median_ns, record
from bench.artifacts.request import Prepared
from bench.core import cpus as cpu_lists
from bench.core.matrix.plan import Launch, Selection, make_plan
from bench.core.matrix.schema import Bounds, load_matrix
from bench.run.execute import Settings, spec_of
from bench.run.lock import reserved
from bench.run.requests import prepare_requests

MARGIN = 0.02
PRECISIONS = {"fp32": "f32"}


def main() -> int:
    """Measure, print what was found, and say whether the claim holds."""
    parser = argparse.ArgumentParser(description="A cell's median against that of the framework's own tool.")
    parser.add_argument("framework", choices=TOOLS)
    parser.add_argument("--model", default="mobilenet-v2")
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2.0, help="of timed inferences, in ours and in theirs")
    parser.add_argument("--cpus", help="for both, as 0-1; all when left out")
    options = parser.parse_args()
    chosen = cpu_lists.parse(options.cpus) if options.cpus else cpu_lists.allowed()
    matrix = load_matrix()
    wanted = Selection(device="host", frameworks=[options.framework], models=[options.model], precisions=["fp32"],
                       arms=["native"])  # fmt: skip
    plan = make_plan(matrix, wanted)
    plan = replace(plan, stop=Bounds(iterations=1, seconds=options.seconds))
    settings = Settings(
        run_id="fidelity", cpus=cpu_lists.show(chosen), threads=len(chosen), timeout=300.0, memory=None, replace=False
    )
    order, ours, theirs, calls = random.Random(0), {}, {}, {}
    with reserved():
        (cell,) = prepare_requests(plan, matrix, len(chosen)).values()
        arm = NativeArm(matrix)
        arm.prepare(options.framework)
        python, leaves_out = arm.pythons[options.framework], LEAVES_OUT.get(options.framework)
        what = ["ours", "theirs", *["call"] * (leaves_out is not None)]
        for block in range(1, options.blocks + 1):
            for each in order.sample(what, len(what)):
                if each == "ours":
                    spec = spec_of(Launch(cell.cell, "native", block), cell, settings)
                    line = record(Launch(cell.cell, "native", block), 1, "", arm.launch(spec))
                    took = median_ns(line)
                    if took is None:
                        raise SystemExit(f"a launch failed: {line['reason']}: {line['message']}")
                    ours[block] = took
                elif each == "theirs":
                    theirs[block] = TOOLS[options.framework](python, cell, settings, options.seconds)
                elif leaves_out is not None:
                    calls[block] = leaves_out(python, cell, settings, options.seconds)
            said = "".join(
                f", {name} {times[block] / 1e6:.3f} ms"
                for name, times in (("theirs", theirs), ("call", calls))
                if times
            )
            print(f"block {block}: {ours[block] / 1e6:.3f} ms{said}", file=sys.stderr)
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{cell.cell.id}, CPUs {settings.cpus}, load average {load}")
    if calls:
        show("ours / the tool's own", ours, theirs)
        theirs = {block: theirs[block] + calls[block] for block in theirs}
        print(f"the call, which the tool leaves out: {median(calls.values()) / 1e6:.3f} ms")
    low, high = show("ours / theirs", ours, theirs)
    holds = low <= 1 <= high and low >= 1 / (1 + MARGIN) and high <= 1 + MARGIN
    print(f"contains 1.00 and lies within ±{MARGIN:.0%}: {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


def show(title: str, ours: Mapping[int, float], theirs: Mapping[int, float]) -> tuple[float, float]:
    """Print the ratio of medians in ns by block; its interval."""
    found = difference(LaunchMedians(ours), LaunchMedians(theirs))
    assert found is not None
    low, high = found.ci95
    print(f"{title}  {found.ratio:.4f} [{low:.4f}, {high:.4f}]  {found.blocks} blocks")
    return low, high


def benchmark_app(python: Path, cell: Prepared, settings: Settings, seconds: float) -> float:
    """The median in ns that OpenVINO's tool reports."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", str(cell.artifact.path), "-d", "CPU", "-hint", "none", "-nstreams", "1", "-api", "sync"]
        words += ["-nthreads", str(settings.threads), "-infer_precision", PRECISIONS[cell.cell.precision]]
        words += ["-t", str(max(1, round(seconds))), "-report_type", "no_counters", "-report_folder", folder]
        _run([python, python.with_name("benchmark_app"), *words, "-json_stats"], settings)
        report = json.loads((Path(folder) / "benchmark_report.json").read_text())
    return float(report["execution_results"]["latency (ms)"]) * 1e6


CALL = """
import sys, time
from statistics import median
sys.modules["openvino_telemetry"] = None
import numpy, openvino
path, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
core = openvino.Core()
config = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
request = core.compile_model(core.read_model(path), "CPU", config).create_infer_request()
drawn = numpy.random.default_rng(0)
inputs = {each.any_name: drawn.standard_normal(each.shape, "float32") for each in request.model_inputs}
outside, inside, end = [], [], time.monotonic() + seconds
while time.monotonic() < end:
    start = time.perf_counter_ns()
    list(request.infer(inputs, share_inputs=True).values())
    outside.append(time.perf_counter_ns() - start)
    inside.append(request.latency * 1e6)
print(median(a - b for a, b in zip(outside, inside)))
"""


def call_of_openvino(python: Path, cell: Prepared, settings: Settings, seconds: float) -> float:
    """The median in ns of what a call takes outside of OpenVINO's own clock."""
    return float(_run([python, "-c", CALL, cell.artifact.path, settings.threads, seconds], settings))


def litert_benchmark(python: Path, cell: Prepared, settings: Settings, seconds: float) -> float:
    """The median in ns that LiteRT's tool reports. It counts runs, so a short one first tells how many to ask for."""
    words = ["-m", "ai_edge_litert.tools.benchmark_litert_model", "--model", str(cell.artifact.path)]
    words += ["--num_threads", str(settings.threads)]

    def median_ms(runs: int) -> float:
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            _run([python, *words, "--num_runs", str(runs), "--result_json", report.name], settings)
            return float(json.loads(Path(report.name).read_text())["latency"]["median_ms"])

    return median_ms(max(50, round(seconds * 1e3 / max(median_ms(20), 0.01)))) * 1e6


def _run(command: list[str | Path | float], settings: Settings) -> str:
    pinned = ["taskset", "--cpu-list", settings.cpus, *map(str, command)]
    # A session of its own, as ours has: the kernel may share out CPU time by session.
    done = subprocess.run(
        pinned, env=environment(settings.threads), cwd="/", capture_output=True, text=True, start_new_session=True
    )
    if done.returncode:
        raise SystemExit(f"{command[1]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


TOOLS: dict[str, Callable[[Path, Prepared, Settings, float], float]] = {
    "openvino": benchmark_app,
    "litert": litert_benchmark,
}
LEAVES_OUT = {"openvino": call_of_openvino}


if __name__ == "__main__":
    sys.exit(main())
