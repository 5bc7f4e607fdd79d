"""A quantized TFLite file compiled for Google's Edge TPU, by Google's own compiler, which no package index has.

Source: https://coral.ai/docs/edgetpu/compiler/
"""

import re
import subprocess
from pathlib import Path

PROGRAM = "edgetpu_compiler"
OPERATION = b"edgetpu-custom-op"  # what the compiler puts in the place of everything that the Edge TPU computes
SECONDS = 600


def compile_for_edgetpu(compiler: Path | None, source: Path, scratch: Path) -> tuple[bytes, dict[str, str]]:
    """The compiled file, and what compiled it: the compiler's version and how many operations run where.

    `compiler` is the folder that holds the program. Raises LookupError without one, RuntimeError with the compiler's
    own words where it refuses the file or leaves all of it to the CPU.
    """
    if compiler is None:
        raise LookupError(f"no {PROGRAM} was given")
    command = [str(compiler / PROGRAM), "-s", "-o", str(scratch), str(source)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS
    )
    made = scratch / f"{source.stem}_edgetpu.tflite"
    if done.returncode or not made.exists():
        raise RuntimeError(f"{PROGRAM} refuses the model: {_last(done.stdout)}")
    compiled = made.read_bytes()
    if OPERATION not in compiled:
        raise RuntimeError(f"{PROGRAM} leaves every operation to the CPU: {_last(done.stdout)}")
    facts = {PROGRAM: _found(r"Compiler version (\S+)", done.stdout)}
    for place in ("Edge TPU", "CPU"):
        facts[f"operations on the {place}"] = _found(rf"will run on {place}: (\d+)", done.stdout)
    return compiled, facts


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    return match[1] if match else "not told"


def _last(said: str) -> str:
    lines = said.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
