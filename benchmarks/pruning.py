"""Whether a framework is faster when nine of ten weights are zero.

    setup/env .venv/bin/python benchmarks/pruning.py [--model mobilenet-v2] [--framework NAME …] [--blocks 10] [--json]

The model's ONNX file is taken twice into the store: as it is, and with the 90 % of each layer's weights that are the
smallest set to zero (in a container: nothing is parsed here). Both are made for every framework that can take them,
timed in the container arm in alternating blocks, and taken out again. Told is the ratio pruned / dense of each
framework with its 95 % interval, as `bench report` makes intervals: a framework exploits zeros where the ratio is well
below one. A file that stores zeros as numbers is what every converter here writes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import docker

from analysis.data.launches import load
from analysis.report.stats.ratios import LaunchMedians, estimate
from bench.artifacts.steps import RUN
from bench.artifacts.store import Store
from bench.core.paths import model_store
from bench.images import engine as engines
from bench.images.engine import LABEL
from bench.images.local import native_platform
from bench.journal.journal import read

FRAMEWORKS = ("onnxruntime", "openvino", "opencv", "tensorflow", "tflite", "litert", "ncnn")
FORMATS = {"tensorflow": "savedmodel", "tflite": "tflite", "litert": "tflite", "ncnn": "ncnn", "tvm": "tvm"}
SHARE = 0.9
MARGIN = 0.05
PRUNE = """
import sys, numpy as np, onnx
from onnx import numpy_helper
model = onnx.load("/in/model.onnx")
total = zeros = 0
for tensor in model.graph.initializer:
    array = numpy_helper.to_array(tensor).copy()
    if array.ndim > 1:
        array[np.abs(array) < np.quantile(np.abs(array), float(sys.argv[1]))] = 0
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
        total, zeros = total + array.size, zeros + int((array == 0).sum())
model.producer_name = "pruned"
onnx.save(model, "/out/pruned.onnx")
print(zeros / total)
"""


def bench(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Call `bench …`, saying on standard error what it says."""
    return subprocess.run([sys.executable, "-m", "bench.cli.app", *words], cwd=cwd, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)})  # fmt: skip


def prune(dense: Path, folder: Path) -> float:
    """Write pruned.onnx; which share of the weights of layers is zero in it."""
    folder.chmod(0o777)
    said = engines.connect().containers.run(
        f"edgebench/models-add:{native_platform()}",
        ["-c", PRUNE, str(SHARE)],
        mounts=[
            docker.types.Mount("/in/model.onnx", str(dense), type="bind", read_only=True),
            docker.types.Mount("/out", str(folder), type="bind"),
        ],
        labels={LABEL: RUN},
        network_mode="none",
        remove=True,
    )
    return float(said.decode().split()[-1])


def compare(run: Path, names: dict[str, str]) -> dict[str, dict[str, object]]:
    """Framework → the ratio pruned / dense over blocks."""
    frame = load(read(run)).launches
    good = frame[frame["status"] == "ok"]
    found = {}
    for framework, rows in good.groupby("framework"):
        by_model = {
            name: dict(zip(mine["block"], mine["median_ns"], strict=True)) for name, mine in rows.groupby("model")
        }
        if set(by_model) != set(names.values()):
            continue
        blocks = by_model[names["pruned"]].keys() & by_model[names["dense"]].keys()
        sides = [
            LaunchMedians({block: by_model[names[side]][block] for block in blocks}) for side in ("pruned", "dense")
        ]
        result = estimate(*sides, MARGIN)
        dense = sorted(by_model[names["dense"]].values())
        found[str(framework)] = {
            "ratio": result.ratio,
            "ci95": list(result.ci95) if result.ci95 else None,
            "blocks": result.blocks,
            "dense_ms": dense[len(dense) // 2] / 1e6,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mobilenet-v2")
    parser.add_argument("--framework", action="append", dest="frameworks")
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    frameworks = asked.frameworks or list(FRAMEWORKS)
    made = Store(model_store()).find(asked.model, "onnx", "fp32")
    if made is None:
        raise SystemExit(f"make it first: bench models build {asked.model} --format onnx")
    names = {side: f"pruning-{asked.model}-{side}" for side in ("dense", "pruned")}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        share = prune(made.path, folder)
        try:
            for side, file in (("dense", made.path), ("pruned", folder / "pruned.onnx")):
                if bench("models", "add", names[side], "--file", str(file)).returncode:
                    raise SystemExit(f"{side}: it could not be added")
            formats = sorted({FORMATS[each] for each in frameworks if each in FORMATS})
            bench("models", "build", *names.values(), *(f"--format={each}" for each in formats))
            words = [f"--framework={each}" for each in frameworks] + [f"--model={each}" for each in names.values()]
            bench("matrix", "run", "--device", "host", "--arms", "container", "--profile", "demo", "--quiet",
                  "--blocks", str(asked.blocks), *words, cwd=folder)  # fmt: skip
            (run,) = (folder / "results").iterdir()
            found = compare(run, names)
        finally:
            for name in names.values():
                bench("models", "remove", name)
    if asked.json:
        print(json.dumps({"model": asked.model, "zeros": share, "frameworks": found}, indent=2))
        return
    print(f"{asked.model}, {share:.0%} of the weights zero")
    for framework, row in found.items():
        low, high = row["ci95"] or (float("nan"), float("nan"))
        print(f"{framework:>12}  {row['dense_ms']:8.2f} ms, pruned / dense {row['ratio']:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
