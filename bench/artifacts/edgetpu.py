"""Google's compiler for the Edge TPU. No package index has it, so it must be installed on this machine."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from bench.core.matrix.artifact_kind import Kind

FORMAT = "edgetpu"
PROGRAM = "edgetpu_compiler"
BESIDE = "edgetpu_compiler_bin"  # folder of the actual program and its libraries in Google's package
WHY = f"no {PROGRAM} on the PATH: https://coral.ai/docs/edgetpu/compiler/"


def kinds_without_compiler(names: Iterable[str], kinds: Iterable[Kind]) -> dict[tuple[str, Kind], str]:
    """Map (model, kind) to the reason, if this machine has no compiler for it."""
    wanted = [kind for kind in kinds if kind.format == FORMAT]
    if not wanted or shutil.which(PROGRAM):
        return {}
    return {(name, kind): WHY for name in names for kind in wanted}


def stage_compiler(kinds: Iterable[Kind], folder: Path) -> dict[str, Path]:
    """Return the extra input of a step (option → path): a folder with the compiler, if a kind needs it."""
    program = shutil.which(PROGRAM)
    if program is None or all(kind.format != FORMAT for kind in kinds):
        return {}
    kept = folder / "compiler"
    kept.mkdir()
    found = Path(program).resolve()
    shutil.copy(found, kept / PROGRAM)
    if (found.parent / BESIDE).is_dir():
        shutil.copytree(found.parent / BESIDE, kept / BESIDE)
    return {"compiler": kept}
