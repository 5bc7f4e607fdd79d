"""What all sensors have in common: channels, how their numbers are checked, and what is said when there is none."""

import glob
import os
from collections import Counter as Multiset

UNITS = {
    "power": "W",
    "energy": "J",
    "voltage": "V",
    "current": "A",
    "temperature": "°C",
    "frequency": "MHz",
    "throttle": "bits",
}

# What no board of this project can show: such a number is a broken driver's, not a measurement. A little below zero
# is what the offset of a shunt makes of an idle rail.
LIMITS = {
    "power": (-1.0, 20000.0),
    "energy": (0.0, 1e12),
    "voltage": (-1.0, 1000.0),
    "current": (-1.0, 1000.0),
    "temperature": (-55.0, 200.0),
    "frequency": (0.0, 20000.0),
    "throttle": (0, 2**32 - 1),
}


class Fault(Exception):
    """Why a channel has no number now, in a few words."""


class Channel:
    """One number that a sensor gives.

    scope     what it is of: `board`, `rail NAME`, `package` (a processor), `device` (a card, a chip), `platform`
    method    `sampled` (a value of the moment) or `counter` (it goes up; the difference is the value)
    rate_hz   how often it changes, where that is known
    accuracy  limits of error as the vendor states them: `relative` (of the reading) and `absolute` (in `unit`)
    source    what is read
    inside    id of the channel whose energy holds this one's
    bits      what each bit of a throttle state means
    """

    def __init__(
        self, sensor, name, quantity, scope, source, method="sampled", rate_hz=None, accuracy=None, inside=None,
        bits=None, unit=None,
    ):  # fmt: skip
        self.sensor, self.name, self.quantity, self.scope = sensor, name, quantity, scope
        self.source, self.method, self.rate_hz, self.accuracy = source, method, rate_hz, accuracy
        self.inside, self.bits, self.unit = inside, bits, unit or UNITS[quantity]

    @property
    def id(self):
        """Its name in the stream, for example `ina3221/VDD_IN/power`."""
        return "{}/{}/{}".format(self.sensor, self.name, self.quantity)

    def describe(self):
        """Everything of it, for the stream."""
        keys = ("sensor", "name", "quantity", "unit", "scope", "method", "rate_hz", "accuracy", "source")
        told = {key: getattr(self, key) for key in keys}
        told["channel"] = self.id
        told.update({key: getattr(self, key) for key in ("inside", "bits") if getattr(self, key) is not None})
        return told

    def check(self, value):
        """The value, if it is one that can be. Raises Fault."""
        least, most = LIMITS[self.quantity]
        if not least <= value <= most:  # NaN as well
            raise Fault("{:g} {} cannot be".format(value, self.unit))
        return value


class Sensor:
    """One kind of sensor on a board. Whoever inherits fills in `name`, `period` and `find`."""

    name = ""
    period = 0.0  # seconds; to read it more often tells nothing new, or costs too much

    def __init__(self, root):
        """`root` is where /sys, /proc and the like are looked for."""
        self.root = root
        self._groups = []  # (channels, what gives their numbers or raises Fault, where they are)

    def find(self):
        """The channels that are here, readable or not. Raises Fault when the sensor is here and tells nothing."""
        raise NotImplementedError

    def read(self):
        """What could be read (channel id → number) and what could not (channel id → reason)."""
        values, faults = {}, {}
        for channels, read, _ in self._groups:
            try:
                numbers = read()
            except Fault as fault:
                faults.update((channel.id, str(fault)) for channel in channels)
                continue
            for channel, each in zip(channels, numbers):  # noqa: B905 (Python 3.6)
                try:
                    values[channel.id] = channel.check(each)
                except Fault as fault:
                    faults[channel.id] = str(fault)
        return values, faults

    def add(self, channel, read, place=""):
        """Have `read` give this channel's number; `place` tells it from another of the same name."""
        self.add_group([channel], lambda: (read(),), place)

    def add_group(self, channels, read, place=""):
        """Have `read` give the numbers of these channels, all of one moment."""
        self._groups.append((channels, read, place))

    def found(self):
        """The channels that were added; those that share a name get their place behind it: `VDD_IN@1-0041`."""
        every = [(channel, place) for channels, _, place in self._groups for channel in channels]
        counts = Multiset(channel.id for channel, _ in every)
        for channel, place in every:
            if counts[channel.id] > 1:
                channel.name = "{}@{}".format(channel.name, place)
        return [channel for channel, _ in every]

    def close(self):
        """Let go of what was opened."""

    def glob(self, pattern):
        """The paths below the root that match, sorted."""
        return sorted(glob.glob(os.path.join(glob.escape(self.root), pattern)))

    def outside(self, path):
        """A path as it is on the board, without the root."""
        return os.path.join("/", os.path.relpath(path, self.root))


def text(path):
    """What a small file says. Raises Fault."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(4096).replace("\0", "").strip()
    except OSError as error:
        raise Fault((error.strerror or str(error)).lower()) from None


def number(path, scale=1.0):
    """The number in a small file times `scale`. Raises Fault."""
    said = text(path)
    try:
        return int(said) * scale
    except ValueError:
        raise Fault("'{:.20}' is no number".format(said)) from None


def label(path, otherwise=None):
    """What a file names something, fit for a channel's name; `otherwise` where it does not."""
    try:
        return text(path).replace("/", "-") or otherwise
    except Fault:
        return otherwise


def reader(path, scale=1.0):
    """What gives the number in a file, again and again."""
    return lambda: number(path, scale)
