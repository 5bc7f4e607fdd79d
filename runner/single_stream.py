"""MLPerf LoadGen in place of the runner's own loop: SingleStream, the next query as soon as the last is complete.

LoadGen is no part of an image: it is a folder that holds its module, seen under the same path in every arm, and it
decides when it is enough: both bounds are reached. What it computes it writes to a log, of which the parts that its
rules are about are given on; the times of the single inferences are taken here, so that they are kept like all others.
"""

import json
import os
import sys
import tempfile
from array import array
from statistics import median

from runner.clock import perf_counter_ns
from runner.packages import version

PERCENTILE = 0.9  # of the SingleStream rules
SPARE = 1.25  # what is faster than warm-up by 2 / SPARE runs out of queries, and LoadGen then says that it is not valid
# A line of LoadGen's log: our name and its key. What is not there is None.
RESULTS = {
    "valid": "result_validity",
    "min_duration_met": "result_min_duration_met",
    "min_queries_met": "result_min_queries_met",
    "early_stopping_met": "early_stopping_met",
    "queries": "result_query_count",
    "p90_ns": "result_90.00_percentile_latency_ns",
    "early_stopping_p90_ns": "early_stopping_latency_ss",
    "mean_ns": "result_mean_latency_ns",
}
PREFIX = ":::MLLOG "


def run(infer, session, inputs, bounds, warmup, folder, give_up):
    """The inference times in ns, and what LoadGen says of the test. `warmup` are times from before, in ns.

    `give_up` is called with what `infer` raised, and must not return: LoadGen has no way to end a test early. Raises
    ImportError when the folder does not hold LoadGen for this Python.
    """
    sys.path.append(folder)
    import mlperf_loadgen as loadgen

    samples, clock = array("q"), perf_counter_ns

    def answer(queries):
        for query in queries:
            start = clock()
            try:
                infer(session, inputs)
            except Exception as error:
                give_up(error)
            end = clock()
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(query.id, 0, 0)])
            samples.append(end - start)

    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.single_stream_target_latency_percentile = PERCENTILE
    settings.min_duration_ms = int(bounds["seconds"] * 1000)
    settings.min_query_count = bounds["iterations"]
    # It makes its queries beforehand, each of some 460 bytes, and twice as many as this latency would take.
    settings.single_stream_expected_latency_ns = int(SPARE * median(warmup)) + 1
    system = loadgen.ConstructSUT(answer, lambda: None)
    library = loadgen.ConstructQSL(1, 1, lambda _: None, lambda _: None)
    try:
        with tempfile.TemporaryDirectory() as logs:
            log = loadgen.LogSettings()
            log.log_output.outdir = logs
            log.enable_trace = False
            loadgen.StartTestWithLogSettings(system, library, settings, log)
            said = results(os.path.join(logs, "mlperf_log_detail.txt"))
    finally:
        loadgen.DestroyQSL(library)
        loadgen.DestroySUT(system)
    return samples, dict(said, version=version("mlcommons-loadgen", [folder]))


def results(path):
    """What RESULTS names, of a detail log."""
    found = {}
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if line.startswith(PREFIX):
                entry = json.loads(line[len(PREFIX) :])
                found[entry["key"]] = entry["value"]
    said = {name: found.get(key) for name, key in RESULTS.items()}
    said["valid"] = said["valid"] == "VALID"
    return said
