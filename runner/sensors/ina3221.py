"""INA3221: the power monitors of Jetson boards, three rails a chip, by the driver of JetPack 4 and by Linux's own.

JetPack 4 (`ina3221x`, iio): rail_name_K and in_powerK_input in mW, K from 0. Linux, and so JetPack 5 and up (`ina3221`,
hwmon): inK_label, inK_input in mV, currK_input in mA, K from 1, and no power: it is their product.
Source: NVIDIA's and Linux's drivers; docs/sensors.md.
"""

import os
import re

from runner.sensors.base import Channel, Sensor, label, number, reader

UNCONNECTED = re.compile(r"NC\b|sum of shunt", re.IGNORECASE)


class Ina3221(Sensor):
    """The rails of every chip, by their labels."""

    name = "ina3221"
    period = 0.02

    def find(self):
        """Power of each rail; voltage and current where they are what is read."""
        for path in self.glob("sys/bus/i2c/drivers/ina3221x/*-00*/iio:device*/rail_name_[0-9]"):
            self._add_iio(os.path.dirname(path), path[-1], label(path))
        for path in self.glob("sys/bus/i2c/drivers/ina3221/*-00*/hwmon/hwmon*/in[1-3]_label"):
            self._add_hwmon(os.path.dirname(path), os.path.basename(path)[2], label(path))
        return self.found()

    def _add_iio(self, folder, index, rail):
        chip = os.path.basename(os.path.dirname(folder))
        power, volts, amperes = (
            os.path.join(folder, "in_{}{}_input".format(what, index)) for what in ("power", "voltage", "current")
        )
        if not os.path.exists(power):
            self._add_product(rail, volts, amperes, chip)
        elif _is_rail(rail):
            self.add(self._channel(rail, "power", power), reader(power, 1e-3), chip)

    def _add_hwmon(self, folder, index, rail):
        chip = os.path.basename(os.path.dirname(os.path.dirname(folder)))
        if label(os.path.join(folder, "in{}_enable".format(index))) != "0":
            volts, amperes = (os.path.join(folder, name + index + "_input") for name in ("in", "curr"))
            self._add_product(rail, volts, amperes, chip)

    def _add_product(self, rail, volts, amperes, chip):
        def read():
            volt, ampere = number(volts, 1e-3), number(amperes, 1e-3)
            return volt * ampere, volt, ampere

        if _is_rail(rail):
            paths = (("power", volts), ("voltage", volts), ("current", amperes))
            self.add_group([self._channel(rail, quantity, path) for quantity, path in paths], read, chip)

    def _channel(self, rail, quantity, path):
        return Channel(self.name, rail, quantity, "rail " + rail, self.outside(path))


def _is_rail(name):
    return bool(name) and not UNCONNECTED.match(name)
