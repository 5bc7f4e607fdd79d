"""Thermal zones: temperatures by the kernel's own names for them (`type`), on every board.

Source: Linux's thermal documentation; docs/sensors.md.
"""

import os

from runner.sensors.base import Channel, Sensor, label, reader

CONSTANT = ("PMIC-Die",)  # of Jetson boards: always the same number


class Thermal(Sensor):
    """The zones below /sys/class/thermal."""

    name = "thermal"
    period = 0.2

    def find(self):
        """The temperature of every zone that measures one."""
        for folder in self.glob("sys/class/thermal/thermal_zone[0-9]*"):
            kind = label(os.path.join(folder, "type"), os.path.basename(folder))
            path = os.path.join(folder, "temp")
            if kind not in CONSTANT:
                channel = Channel(self.name, kind, "temperature", "device", self.outside(path))
                self.add(channel, reader(path, 1e-3), os.path.basename(folder))
        return self.found()
