"""The power management chip of a Raspberry Pi 5: volts and amperes of its rails, by `vcgencmd pmic_read_adc`.

`VDD_CORE_A current(7)=0.75012000A` and `VDD_CORE_V volt(15)=0.89746V` belong together by name. Their products add up to
what the chip gives on, which is less than the board takes: what hangs on 5 V directly (USB, HATs, the fan) is not in
it, nor what the chip itself loses. EXT5V is the supply's voltage, without a current. Source: docs/sensors.md.
"""

import re

from runner.sensors.base import Channel, Fault, Sensor
from runner.sensors.vcgencmd import ask, find_program

LINE = re.compile(r"^\s*(\w+)_([AV])\s+(?:current|volt)\(\d+\)=(-?[\d.]+)[AV]\s*$", re.MULTILINE)
SUPPLY = "EXT5V"


class Pmic(Sensor):
    """The sum of all rails that have both numbers, and the voltage of the supply."""

    name = "pmic"
    period = 0.5  # a program is started for each reading

    def find(self):
        """Nothing on a board whose firmware does not know the command: only the Pi 5's does."""
        program = find_program(self.root)
        try:
            told = _rails(program) if program else {}
        except Fault:
            return []
        source = "vcgencmd pmic_read_adc"
        if told:
            self.add_group(
                [
                    Channel(self.name, "rails", "power", "rails of the PMIC", source),
                    Channel(self.name, SUPPLY, "voltage", "rail " + SUPPLY, source),
                ],
                lambda: _power_and_supply(program),
            )
        return self.found()


def _power_and_supply(program):
    rails = _rails(program)
    return sum(pair["A"] * pair["V"] for pair in rails.values() if len(pair) == 2), rails[SUPPLY]["V"]


def _rails(program):
    """Rail → its `A` and `V`, whichever are told. Raises Fault when no power can be made of them."""
    found = {}
    for name, unit, value in LINE.findall(ask(program, "pmic_read_adc")):
        try:
            found.setdefault(name, {})[unit] = float(value)
        except ValueError:
            raise Fault("{}_{} is '{}'".format(name, unit, value)) from None
    if SUPPLY not in found or not any(len(pair) == 2 for pair in found.values()):
        raise Fault("pmic_read_adc told no rail with both volts and amperes")
    return found
