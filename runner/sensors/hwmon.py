"""hwmon: whatever else Linux's own drivers measure of power, energy and temperature.

powerN_input or powerN_average in µW, energyN_input in µJ, tempN_input in m°C. A chip is known by its `name`, a value by
its label. Source: Linux's hwmon documentation; docs/sensors.md.
"""

import os
import re

from runner.sensors.base import Channel, Sensor, label, reader
from runner.sensors.counter import Counter

# File → quantity and scale.
FILES = {
    r"power(\d+)_(?:input|average)": ("power", 1e-6),
    r"energy(\d+)_input": ("energy", 1e-6),
    r"temp(\d+)_input": ("temperature", 1e-3),
}
# Chips that another class reads.
OTHERS = ("ina3221",)


class Hwmon(Sensor):
    """The chips below /sys/class/hwmon, without those that are a thermal zone's or another class's."""

    name = "hwmon"
    period = 0.05

    def find(self):
        """Power, energy and temperature of every chip."""
        for folder in self.glob("sys/class/hwmon/hwmon*"):
            chip = label(os.path.join(folder, "name"))
            if chip and chip not in OTHERS and "/thermal_zone" not in os.path.realpath(folder):
                self._add_chip(folder, chip)
        return self.found()

    def _add_chip(self, folder, chip):
        taken = set()
        for file in sorted(os.listdir(folder), key=lambda file: (file.endswith("_average"), file)):  # at need alone
            for pattern, (quantity, scale) in FILES.items():
                match = re.fullmatch(pattern, file)
                if match and (quantity, match.group(1)) not in taken:
                    taken.add((quantity, match.group(1)))
                    self._add(folder, file, chip, quantity, scale)

    def _add(self, folder, file, chip, quantity, scale):
        stem = file.split("_")[0]
        path = os.path.join(folder, file)
        channel = Channel(
            self.name, "{}.{}".format(chip, label(os.path.join(folder, stem + "_label"), stem)), quantity, "device",
            self.outside(path), method="counter" if quantity == "energy" else "sampled",
        )  # fmt: skip
        read = reader(path, scale)
        self.add(channel, Counter(read) if quantity == "energy" else read, os.path.basename(folder))
