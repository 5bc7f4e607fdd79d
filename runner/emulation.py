"""Whether an emulator runs this process, as qemu does where the kernel is told to start it for foreign programs.

An emulator answers for the kernel: the name of the machine, `/proc/self/exe`, `/proc/cpuinfo` are what a program of
that machine expects. `/proc/thread-self/exe` is the program that the kernel itself runs: qemu leaves that name alone.
"""

import sys

MACHINES = {0x03: "i386", 0x28: "arm", 0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv"}  # of an ELF file


def emulated_on(python=sys.executable, running="/proc/thread-self/exe"):
    """The machine on which an emulator runs this Python; None where it runs by itself, or nothing can be told."""
    own, kernels = _machine(python), _machine(running)
    if own is None or kernels is None or own == kernels:
        return None
    return MACHINES.get(kernels, "machine {}".format(kernels))


def _machine(path):
    """The number of the machine that an ELF file is for; None where there is no such file."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(20)
    except OSError:
        return None
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return None
    return int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
