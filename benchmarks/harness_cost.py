"""What the runner itself adds to every sample, beside MLPerf LoadGen's SingleStream, both with nothing to infer.

    python3.11 -m venv /tmp/loadgen && /tmp/loadgen/bin/pip install mlcommons-loadgen==6.0.17
    PYTHONPATH=. /tmp/loadgen/bin/python benchmarks/harness_cost.py

The two take turns, so that a noisy machine is noisy for both. A sample's cost is the difference in wall time between a
long and a short series over the difference in their lengths, which leaves out what a series costs once; told is the
median over the rounds. The claim: at most 500 ns, and at most a fifth of LoadGen's; exit code 1 when it does not hold.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import mlperf_loadgen as loadgen

from runner.adapters import noop
from runner.measure import time_calls

MOST_NS = 500
MOST_RATIO = 0.2


def runner_series(samples: int) -> int:
    """Wall time in ns of the runner's own timing loop around the no-op adapter."""
    bounds = {"iterations": samples, "seconds": 0, "max_iterations": samples}
    start = perf_counter_ns()
    taken = time_calls(noop.infer, None, [], bounds)
    end = perf_counter_ns()
    assert len(taken) == samples
    return end - start


def loadgen_series(samples: int) -> int:
    """Wall time in ns of LoadGen's SingleStream with a system under test that answers at once."""
    answered = 0

    def answer(queries: list[loadgen.QuerySample]) -> None:
        nonlocal answered
        answered += len(queries)
        loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(query.id, 0, 0) for query in queries])

    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_query_count = settings.max_query_count = samples
    settings.min_duration_ms = 0
    system = loadgen.ConstructSUT(answer, lambda: None)
    library = loadgen.ConstructQSL(1, 1, lambda _: None, lambda _: None)
    try:
        with tempfile.TemporaryDirectory() as folder:
            logs = loadgen.LogSettings()
            logs.log_output.outdir = folder
            logs.enable_trace = False
            start = perf_counter_ns()
            loadgen.StartTestWithLogSettings(system, library, settings, logs)
            end = perf_counter_ns()
    finally:
        loadgen.DestroyQSL(library)
        loadgen.DestroySUT(system)
    assert answered == samples, f"LoadGen asked {answered} times, not {samples}"
    return end - start


def cost(series: Callable[[int], int], samples: int) -> float:
    """Nanoseconds for each further sample of a series."""
    short = samples // 10
    return (series(samples) - series(short)) / (samples - short)


def main() -> int:
    """Run the rounds, print the medians, and say whether the claim holds."""
    parser = argparse.ArgumentParser(description="Cost per sample of the runner and of MLPerf LoadGen.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--samples", type=int, default=200_000, help="in the long series of a round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    options = parser.parse_args()

    rounds = [
        (cost(runner_series, options.samples), cost(loadgen_series, options.samples)) for _ in range(options.rounds)
    ]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    figures = {
        "runner_ns": round(ours, 1),
        "loadgen_ns": round(theirs, 1),
        "ratio": round(ours / theirs, 4),
        "rounds": options.rounds,
        "samples": options.samples,
        "holds": ours <= MOST_NS and ours / theirs <= MOST_RATIO,
    }
    print(f"runner   {ours:8.0f} ns a sample (at most {MOST_NS})")
    print(f"LoadGen  {theirs:8.0f} ns a sample")
    print(f"ratio    {ours / theirs:8.3f}    (at most {MOST_RATIO})")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
