"""Object files as a shared library, without a compiler: what LLVM made needs a linker only.

Nothing is linked in: what the code calls of libc, libm and TVM's runtime is in the process that loads it.
"""

import shutil
import subprocess
from collections.abc import Iterable, Sequence


class LinkError(Exception):
    """There is no linker, or it did not make the library."""


def find_linkers(machines: Iterable[str], here: str) -> dict[str, str]:
    """Machine → the GNU linker for it, of those that are installed. Raises LinkError when `here` has none."""
    found = {machine: shutil.which(f"{machine}-linux-gnu-ld") for machine in machines}
    found[here] = found.get(here) or shutil.which("ld")
    if not found[here]:
        raise LinkError(f"there is no linker for {here}: install binutils")
    return {machine: path for machine, path in found.items() if path}


def link(linker: str, files: Sequence[str], target: str) -> None:
    """Make a shared library of object files, with a build id that its contents give."""
    command = [linker, "-shared", "--build-id=sha1", "-z", "noexecstack", "-o", target, *files]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise LinkError(f"{linker} ended with {done.returncode} and said:\n{done.stdout}")
