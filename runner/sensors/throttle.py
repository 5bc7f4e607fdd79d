"""What the kernel does against heat: cooling devices that slow a processor down, and how often a processor did itself.

A cooling device's `cur_state` is 0 while it does nothing. x86 processors count in
thermal_throttle/{core,package}_throttle_count (which Docker hides from containers since 28.0.2).
Source: Linux's thermal documentation; docs/sensors.md.
"""

import os
import re

from runner.sensors.base import Channel, Sensor, label, number, reader

# Types of cooling devices that cost speed; fans and the like do not.
SLOWING = re.compile(r"cpufreq|devfreq|throttle|balanced|processor", re.IGNORECASE)


class Throttle(Sensor):
    """Cooling devices that slow down, and the counters of the processors."""

    name = "throttle"
    period = 0.5

    def find(self):
        """A state for each cooling device, a count for each processor's own counter of its first thread."""
        for folder in self.glob("sys/class/thermal/cooling_device[0-9]*"):
            kind = label(os.path.join(folder, "type"), "")
            path = os.path.join(folder, "cur_state")
            if SLOWING.search(kind):
                channel = Channel(self.name, kind, "throttle", "device", self.outside(path), unit="state")
                self.add(channel, reader(path), os.path.basename(folder))
        for kind in ("core", "package"):
            self._add_counters(kind)
        return self.found()

    def _add_counters(self, kind):
        pattern = "sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/{}_throttle_count".format(kind)
        paths = self.glob(pattern)
        if paths:
            name = "cpu {}s".format(kind)
            channel = Channel(
                self.name, name, "throttle", "package", self.outside(paths[0]), method="counter", unit="count"
            )
            self.add(channel, lambda: sum(number(path) for path in paths), kind)
