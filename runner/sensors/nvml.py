"""NVIDIA cards: energy, power, temperature, clock and what holds the clock back, from the driver's own library.

By ctypes, as runner/cuda.py does: libnvidia-ml.so.1 comes with every driver, and a package for these few calls would
have to be on every board. The energy counter is there since Volta; before (Titan X, Titan Xp) power is sampled. On
cards after GA100 the power is the mean of one second. Source: NVIDIA's NVML API reference; docs/sensors.md.
"""

import ctypes
from functools import partial

from runner.sensors.base import Channel, Fault, Sensor
from runner.sensors.counter import Counter

LIBRARY = "libnvidia-ml.so.1"
NOT_SUPPORTED = 3
OF_GPU, OF_SM = (ctypes.c_int(0),), (ctypes.c_int(1),)  # NVML_TEMPERATURE_GPU, NVML_CLOCK_SM

# Quantity → function, what it fills in, its arguments before that, and what one unit of it is.
CALLS = {
    "energy": ("nvmlDeviceGetTotalEnergyConsumption", ctypes.c_ulonglong, (), 1e-3),
    "power": ("nvmlDeviceGetPowerUsage", ctypes.c_uint, (), 1e-3),
    "temperature": ("nvmlDeviceGetTemperature", ctypes.c_uint, OF_GPU, 1),
    "frequency": ("nvmlDeviceGetClockInfo", ctypes.c_uint, OF_SM, 1),
    "throttle": ("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong, (), 1),
}

# Bits of nvmlDeviceGetCurrentClocksThrottleReasons that mean slower than asked for; idle and set clocks are not.
REASONS = {
    "2": "software power cap",
    "3": "hardware slowdown",
    "5": "software thermal slowdown",
    "6": "hardware thermal slowdown",
    "7": "hardware power brake",
}
MASK = sum(1 << int(bit) for bit in REASONS)


class Nvml(Sensor):
    """Every card that the driver shows."""

    name = "nvml"
    period = 0.05

    def find(self):
        """The channels that the card supports; none where there is no driver."""
        try:
            self._library = load()
        except OSError:
            return []
        self._call("nvmlInit_v2")
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        for index in range(count.value):
            card = ctypes.c_void_p()
            self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(card))
            self._add_card(card, "gpu{}".format(index))
        return self.found()

    def _add_card(self, card, name):
        for quantity, (function, kind, before, scale) in CALLS.items():
            read = partial(self._ask, card, function, kind, before, scale)
            if quantity == "throttle":
                read = partial(_reasons, read)
            try:
                read()
            except _NotSupported:
                continue
            except Fault:
                pass  # it is here, and cannot be read now: the stream will say so
            counted = quantity == "energy"
            channel = Channel(
                self.name, name, quantity, "device", function, method="counter" if counted else "sampled",
                bits=REASONS if quantity == "throttle" else None,
            )  # fmt: skip
            self.add(channel, Counter(read) if counted else read, name)

    def _ask(self, card, function, kind, before, scale):
        value = kind()
        self._call(function, card, *(before + (ctypes.byref(value),)))
        return value.value * scale

    def _call(self, name, *arguments):
        try:
            code = getattr(self._library, name)(*arguments)
        except AttributeError:  # an old driver's library lacks it
            raise _NotSupported(name) from None
        if code == NOT_SUPPORTED:
            raise _NotSupported(name)
        if code:
            raise Fault("{}: {}".format(name, self._words(code)))

    def _words(self, code):
        try:
            spell = self._library.nvmlErrorString
        except AttributeError:
            return "error {}".format(code)
        spell.restype = ctypes.c_char_p
        return spell(ctypes.c_int(code)).decode("utf-8", "replace").lower()


def _reasons(read):
    return read() & MASK


class _NotSupported(Fault):
    """The card cannot tell this."""


def load():
    """The driver's library. Raises OSError where there is none."""
    return ctypes.CDLL(LIBRARY)
