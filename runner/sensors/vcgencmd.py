"""What a Raspberry Pi's firmware says: temperature, and whether it slows down or lacks voltage.

`vcgencmd` is looked for below the root, where Raspberry Pi OS has it (/usr/bin) or had it (/opt/vc/bin). It is started
for every reading, which is why readings are rare. Source: Raspberry Pi's documentation of vcgencmd; docs/sensors.md.
"""

import os
import re
import subprocess
from functools import partial

from runner.sensors.base import Channel, Fault, Sensor

PLACES = ("usr/bin/vcgencmd", "opt/vc/bin/vcgencmd")
SECONDS = 2  # no answer takes longer

# Bits of get_throttled: those of now; the same 16 higher mean "since the board started" and stay.
BITS = {
    "0": "under-voltage",
    "1": "Arm frequency capped",
    "2": "throttled",
    "3": "soft temperature limit",
}
LOW = 0xF


class Vcgencmd(Sensor):
    """`measure_temp` and `get_throttled`."""

    name = "vcgencmd"
    period = 1.0

    def find(self):
        """The temperature of the chip, what holds it back now, and what did since it started."""
        program = find_program(self.root)
        if program is None:
            return []
        heat = Channel(self.name, "soc", "temperature", "device", "vcgencmd measure_temp")
        self.add(heat, lambda: _parse(r"temp=(-?[\d.]+)", ask(program, "measure_temp"), float))
        states = [
            Channel(self.name, name, "throttle", "board", "vcgencmd get_throttled", bits=BITS)
            for name in ("now", "since-boot")
        ]
        self.add_group(states, lambda: _throttled(program))
        return self.found()


def find_program(root):
    """The path of vcgencmd, or None."""
    for place in PLACES:
        path = os.path.join(root, place)
        if os.path.exists(path):
            return path
    return None


def ask(program, *words):
    """What vcgencmd answers. Raises Fault when it does not, or refuses."""
    try:
        done = subprocess.run(
            [program] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Fault("vcgencmd did not answer within {} s".format(SECONDS)) from None
    except OSError as error:
        raise Fault("vcgencmd: {}".format((error.strerror or str(error)).lower())) from None
    said = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode or said.startswith("error="):
        raise Fault("vcgencmd {}: {:.60}".format(" ".join(words), said or "exit code {}".format(done.returncode)))
    return said


def _parse(pattern, said, kind):
    match = re.search(pattern, said)
    if not match:
        raise Fault("vcgencmd said '{:.40}'".format(said))
    try:
        return kind(match.group(1))
    except ValueError:
        raise Fault("vcgencmd said '{:.40}'".format(said)) from None


def _throttled(program):
    """The bits of now, and those that stay until the next start."""
    bits = _parse(r"throttled=0x([0-9a-fA-F]+)", ask(program, "get_throttled"), partial(int, base=16))
    return bits & LOW, bits >> 16 & LOW
