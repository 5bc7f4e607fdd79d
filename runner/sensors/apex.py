"""Edge TPUs on PCIe or the Coral Dev Board, by the `apex` driver; one on USB tells nothing of itself.

`temp` and trip_point{0,1,2}_temp in m°C; from each trip point on the driver lowers the clock one step.
Source: the gasket driver's src/apex_driver.c; docs/sensors.md.
"""

import os
from functools import partial

from runner.sensors.base import Channel, Fault, Sensor, number


class Apex(Sensor):
    """What /sys/class/apex says."""

    name = "apex"
    period = 0.5

    def find(self):
        """The temperature of each chip, and how many of its trip points that has reached."""
        for folder in self.glob("sys/class/apex/apex_[0-9]*"):
            chip = os.path.basename(folder)
            path = os.path.join(folder, "temp")
            try:
                rate = 1e3 / number(os.path.join(folder, "temp_poll_interval"))
            except (Fault, ZeroDivisionError):
                rate = None
            channels = [
                Channel(self.name, chip, "temperature", "device", self.outside(path), rate_hz=rate),
                Channel(self.name, chip, "throttle", "device", self.outside(path), rate_hz=rate, unit="state"),
            ]
            self.add_group(channels, partial(_heat_and_step, folder), chip)
        return self.found()


def _heat_and_step(folder):
    heat = number(os.path.join(folder, "temp"), 1e-3)
    trips = [number(os.path.join(folder, "trip_point{}_temp".format(index)), 1e-3) for index in range(3)]
    return heat, sum(heat >= trip for trip in trips)
