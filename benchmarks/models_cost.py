"""How long making, adding and keeping models takes.

    setup/env .venv/bin/python benchmarks/models_cost.py [--format onnx --format tflite …] [--precision fp32] [--json]

In a cache of its own, which is removed afterwards, with the engine in use and images that are built already (the first
is built if it is not; run it twice): the four networks of the demo in every format that is asked for, in all precisions
if none is named, as `bench models build` makes them, and the same once more, when all is there; then the ONNX file of
MobileNet-v2 as a user's own, and the same bytes under another name. TVM is left out unless it is named: it measures
what it makes, a minute and a half and more for each network, and how long is its own choice.

Claimed: all artifacts of the four networks in under 4 minutes, a user's ONNX file in under 5 s (with the 17
inferences of its reference), and no byte twice. Exit code 1 when a claim does not hold.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.artifacts.recipe import MAKERS, Recipes
from bench.artifacts.store import Store
from bench.core.files import size_of

NETWORKS = ("cifarnet", "resnet-18", "mobilenet-v2", "resnet-50")
BUILD_S, ADD_S = 240.0, 5.0  # s
FORMATS = tuple(form for form in dict.fromkeys(kind.format for kind in MAKERS) if form not in ("tvm", "edgetpu"))


def bench(home: Path, *words: str) -> float:
    """Call `bench …` with a cache of its own: wall time in s. What it says goes to standard error."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli.app", *words],
        env={**os.environ, "EDGEBENCH_CACHE": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    took = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"bench {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", action="append", dest="formats", help=f"{' '.join(FORMATS)} when left out")
    parser.add_argument("--precision", action="append", dest="precisions")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    formats = [f"--format={each}" for each in asked.formats or FORMATS]
    precisions = [f"--precision={each}" for each in asked.precisions or ("all",)]
    with tempfile.TemporaryDirectory(prefix="models-cost-", dir="/var/tmp") as name:
        home = Path(name)
        bench(home, "models", "build", "cifarnet", *formats, *precisions)  # whatever image is not built yet
        subprocess.run(["rm", "-rf", str(home / "models")], check=True)
        build = bench(home, "models", "build", *NETWORKS, *formats, *precisions)
        again = bench(home, "models", "build", *NETWORKS, *formats, *precisions)
        store = Store(home / "models", Recipes())
        count = sum(len(manifest["artifacts"]) for manifest in store.list())
        made = store.find("mobilenet-v2", "onnx", "fp32")
        assert made, "it was just made"
        bench(home, "models", "add", "first", "--file", str(made.path))
        before = size_of(home / "models" / "blobs")
        add = bench(home, "models", "add", "second", "--file", str(made.path))
        grown = size_of(home / "models" / "blobs") - before
    found = {
        "artifacts": count,
        "build_s": build,
        "again_s": again,
        "add_s": add,
        "grown_bytes": grown,
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "claims": [
            {"what": "build, s", "found": build, "at_most": BUILD_S, "holds": build <= BUILD_S},
            {"what": "add, s", "found": add, "at_most": ADD_S, "holds": add <= ADD_S},
            {"what": "the same bytes again, bytes", "found": grown, "at_most": 0, "holds": grown == 0},
        ],
    }
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{count} artifacts made in {build:.0f} s; looked at again in {again:.1f} s")
        print(f"{found['cpus']} CPUs, load average {found['load_average']:.1f}")
        for claim in found["claims"]:
            verdict = "holds" if claim["holds"] else "DOES NOT HOLD"
            print(f"{claim['what']:>30}  {claim['found']:8.1f} of {claim['at_most']:g}: {verdict}")
    raise SystemExit(0 if all(claim["holds"] for claim in found["claims"]) else 1)


if __name__ == "__main__":
    main()
