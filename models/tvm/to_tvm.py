"""ONNX as TVM runs it: a folder with one shared library for each kind of machine, `x86_64.so` and `aarch64.so`.

Each holds the machine code of the network and its weights. This machine's is tuned (tune.py) and therefore not the same
bytes every time: which candidate is the fastest is measured. What is made for another machine cannot be tuned here.
"""

from collections.abc import Mapping
from pathlib import Path

import onnx
import tvm
from tvm import relax
from tvm.ir import IRModule
from tvm.relax import transform
from tvm.relax.frontend.onnx import from_onnx
from tvm.s_tir.meta_schedule.database import Database
from tvm.target import Target

from models.tvm.link import link
from models.tvm.tune import tune

# The oldest processors that the code runs on: with AVX2 and FMA (Haswell, 2013; Zen), and with Armv8.0's own SIMD
# instructions (the Cortex-A53 of a Raspberry Pi 3 and all after it). Code for this very machine would not be portable.
TARGETS = {
    "x86_64": {"kind": "llvm", "mtriple": "x86_64-linux-gnu", "mcpu": "x86-64-v3"},
    "aarch64": {"kind": "llvm", "mtriple": "aarch64-linux-gnu", "mcpu": "generic", "mattr": ["+neon"]},
}
CORES = 4  # for how many cores loops are split at most; fewer take several parts each


def to_tvm(model: Path, folder: Path, linkers: Mapping[str, str], here: str) -> None:
    """Compile a file for the machines that have a linker, tuned for the machine `here`, into a new folder."""
    folder.mkdir()
    for machine, linker in linkers.items():
        target = Target({**TARGETS[machine], "num-cores": CORES})
        module = _lowered(model, target)
        if machine == here:
            module = _scheduled(module, target, tune(module, target))
        executable = tvm.compile(module, target)
        executable.export_library(
            str(folder / f"{machine}.so"), fcompile=lambda to, files, linker=linker, **_: link(linker, files, to)
        )


def _lowered(model: Path, target: Target) -> IRModule:
    """The network as calls of operators that are fused and written as loops; the weights are constants in it."""
    with target:
        passes = [
            transform.DecomposeOpsForInference(),
            transform.CanonicalizeBindings(),
            relax.get_pipeline("zero"),
            transform.AttachAttrLayoutFreeBuffers(),  # the layout of weights is the schedule's to choose
        ]
        return tvm.transform.Sequential(passes)(from_onnx(onnx.load(model), keep_params_in_input=False))


def _scheduled(module: IRModule, target: Target, found: Database) -> IRModule:
    """The network with the schedules that were found, and its weights laid out as they want them."""
    with target, found:
        passes = [
            transform.MetaScheduleApplyDatabase(),
            transform.SplitLayoutRewritePreproc(),
            transform.LiftTransformParams(),
            transform.FoldConstant(),
        ]
        return tvm.transform.Sequential(passes)(module)
