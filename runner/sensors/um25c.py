"""UM25C and its sisters UM24C and UM34C: meters between a board and its USB supply, read over a serial line.

Bluetooth's serial port (`rfcomm bind 0 ADDRESS`, PIN 1234, gives /dev/rfcomm0) at 9600 baud. The byte 0xF0 is answered
with 130 bytes, big-endian: model, voltage, current, ...; the end is 0xFFF1, or for the UM34C a sum of some of them.
The meter's own numbers change about twice a second. Source: libsigrok's rdtech-um and rd-usb; docs/sensors.md.
"""

import os
import select
import struct
import termios
import time
import tty
from functools import reduce

from runner.sensors.base import Channel, Fault, Sensor

ASK = b"\xf0"
LENGTH = 130
SECONDS = 1.0  # for an answer
END = 0xFFF1
# Bytes of the UM34C's answer that make, by exclusive or, its last one.
SUMMED = (
    1, 3, 7, 9, 15, 17, 19, 23, 31, 39, 41, 45, 49, 53, 55, 57, 59, 63, 67, 69, 73, 79, 83, 89, 97, 99, 109, 111, 113,
    119, 121, 127,
)  # fmt: skip

# Model → name, V and A of one unit.
MODELS = {0x0963: ("UM24C", 0.01, 0.001), 0x09C9: ("UM25C", 0.001, 0.0001), 0x0D4C: ("UM34C", 0.01, 0.001)}
# Limits of error as the vendor states them, of the UM25C alone: (relative, digits).
VOLTS, AMPERES = (0.0005, 2), (0.001, 4)


class Um25c(Sensor):
    """The meter at a tty that was named; none is looked for, since a tty may belong to anything."""

    name = "um25c"
    period = 0.5

    def __init__(self, root, tty):
        """`tty` is a path as this process sees it, not below the root."""
        Sensor.__init__(self, root)
        self._meter = Meter(tty)

    def find(self):
        """Power, voltage and current of the whole board. Raises Fault when there is no meter at the tty."""
        meter = self._meter
        model, volts, _ = meter.ask()
        name, v_unit, a_unit = MODELS[model]
        accuracy = _accuracy(name, volts, v_unit, a_unit)
        source = "{} at {}".format(name, meter.path)
        channels = [
            Channel(
                self.name, os.path.basename(meter.path), quantity, "board", source, rate_hz=2.0,
                accuracy=accuracy.get(quantity),
            )
            for quantity in ("power", "voltage", "current")
        ]  # fmt: skip
        self.add_group(channels, self._read)
        return self.found()

    def _read(self):
        _, volts, amperes = self._meter.ask()
        return volts * amperes, volts, amperes

    def close(self):
        """Let go of the tty."""
        self._meter.close()


class Meter:
    """One meter at a tty; opened when it is needed, and anew after it was lost."""

    def __init__(self, path):
        self.path, self._tty = path, None

    def ask(self):
        """(model, V, A). A torn answer is asked for once more. Raises Fault."""
        try:
            try:
                return parse(self._answer())
            except Fault:
                return parse(self._answer())
        except OSError as error:
            self.close()
            raise Fault("{}: {}".format(self.path, (error.strerror or str(error)).lower())) from None
        except termios.error as error:
            self.close()
            raise Fault("{}: {}".format(self.path, error.args[-1])) from None
        except Fault as fault:
            raise Fault("{}: {}".format(self.path, fault)) from None

    def close(self):
        """Let go of the tty."""
        if self._tty is not None:
            os.close(self._tty)
            self._tty = None

    def _answer(self):
        if self._tty is None:
            self._tty = _open(self.path)
        termios.tcflush(self._tty, termios.TCIFLUSH)  # the rest of an answer that came too late
        os.write(self._tty, ASK)
        said, end = b"", time.monotonic() + SECONDS
        while len(said) < LENGTH:
            if not select.select([self._tty], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Fault("{} of {} bytes within {:g} s".format(len(said), LENGTH, SECONDS) if said else "no answer")
            piece = os.read(self._tty, LENGTH - len(said))
            if not piece:
                raise OSError(0, "the line was closed")
            said += piece
        return said


def parse(said):
    """(model, V, A) of an answer of 130 bytes. Raises Fault when it is not whole."""
    model, volts, amperes = struct.unpack_from(">HHH", said)
    if model not in MODELS:
        raise Fault("0x{:04x} is no model that is known".format(model))
    name, v_unit, a_unit = MODELS[model]
    if name == "UM34C":
        whole = reduce(lambda left, right: left ^ right, (said[index] for index in SUMMED)) == said[-1]
    else:
        whole = struct.unpack_from(">H", said, LENGTH - 2)[0] == END
    if not whole:
        raise Fault("the answer has a wrong end")
    return model, volts * v_unit, amperes * a_unit


def _accuracy(name, volts, v_unit, a_unit):
    """Limits of error per quantity; the power's are those of its factors, at this voltage."""
    if name != "UM25C":
        return {}
    v_digits, a_digits = VOLTS[1] * v_unit, AMPERES[1] * a_unit
    return {
        "voltage": {"relative": VOLTS[0], "absolute": v_digits},
        "current": {"relative": AMPERES[0], "absolute": a_digits},
        "power": {"relative": VOLTS[0] + AMPERES[0] + v_digits / max(volts, 1.0), "absolute": a_digits * volts},
    }


def _open(path):
    """The tty, as eight raw bits at 9600 baud."""
    line = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(line)
        settings = termios.tcgetattr(line)
        settings[4] = settings[5] = termios.B9600
        termios.tcsetattr(line, termios.TCSANOW, settings)
    except BaseException:
        os.close(line)
        raise
    return line
