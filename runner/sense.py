"""A stream of what the sensors of this machine say, until somebody ends it.

Every sensor has a thread of its own, so that one that is slow, or hangs, keeps no other waiting. Its readings fall at a
random moment of each period: readings at a fixed step can follow the inferences' own beat and see only their peaks.
"""

import os
import platform
import random
import signal
import stat
import threading
import time

from runner import __version__, sensors
from runner.clock import monotonic_ns
from runner.emit import one_line
from runner.protocol import PROTOCOL, ProtocolError, hash_runner
from runner.sense_request import complete
from runner.sensors.base import Fault

PATIENCE = 3.0  # seconds in which a sensor's last reading must end


def run(request, emit, once=False):
    """Stream what `request` (a JSON value) asks for; with `once` each sensor is read once. Returns the exit code."""
    try:
        request = complete(request)
    except ProtocolError as error:
        emit("error", **{"class": "request", "message": str(error)})
        return 1
    stop = threading.Event()
    say = _Locked(emit, stop)
    found, lost = _find(request)
    say(
        "sensing",
        protocol=PROTOCOL,
        runner=__version__,
        runner_sha256=hash_runner(),
        python=platform.python_version(),
        machine=platform.machine(),
        root=request["root"],
        period_s=request["period_s"],
        channels=[channel.describe() for _, channels in found for channel in channels],
    )
    for name, reason in lost:
        say("lost", sensor=name, channel=None, reason=reason)
    begun = _cpu_seconds()
    streams = [_Stream(sensor, channels, request["period_s"], say) for sensor, channels in found if channels]
    if once:
        for stream in streams:
            stream.read()
    else:
        _until_told(streams, request["seconds"], stop)
    spent = _cpu_seconds() - begun
    say("done", readings=sum(stream.readings for stream in streams), cpu_ns=int(spent * 1e9))
    return 0


def _cpu_seconds():
    """What this process and the programs that it started have used."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def _find(request):
    """([(sensor, channels)], [(name, reason)]): those that can be asked, and those that cannot."""
    found, lost = [], []
    for sensor in sensors.make(request["sensors"], request["root"], request["ttys"]):
        try:
            found.append((sensor, sensor.find()))
        except Fault as fault:
            lost.append((sensor.name, str(fault)))
        except OSError as error:
            lost.append((sensor.name, (error.strerror or str(error)).lower()))
    return found, lost


def _until_told(streams, seconds, stop):
    """Read every sensor until its time is over, a signal, or the end of standard input where that is a pipe."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
        threading.Thread(target=_watch_input, args=(stop,), daemon=True).start()
    threads = [threading.Thread(target=stream.run, args=(stop,), daemon=True) for stream in streams]
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    stop.set()
    end = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _watch_input(stop):
    while os.read(0, 4096):
        pass
    stop.set()


class _Stream:
    """One sensor's part of the stream."""

    def __init__(self, sensor, channels, period, say):
        self._sensor, self._channels, self._say = sensor, channels, say
        self._period = max(period, sensor.period)
        self._lost = set()
        self.readings = 0

    def run(self, stop):
        """Read at a random moment of each period until `stop` is set. The first reading comes at once."""
        begin, step = time.monotonic(), 0
        while not stop.is_set():
            self.read()
            now = time.monotonic()
            step = max(step + 1, int((now - begin) / self._period))  # periods that were missed are gone
            stop.wait(max(0.0, begin + (step + random.random()) * self._period - now))
        self.read()  # so that what went on until now lies between two readings
        self._sensor.close()

    def read(self):
        """Emit one reading, and what was lost since the one before."""
        start = monotonic_ns()
        try:
            values, faults = self._sensor.read()
        except Exception as error:  # a defect of a sensor's class is no reason to stop the others
            values, faults = {}, dict.fromkeys((channel.id for channel in self._channels), one_line(error))
        end = monotonic_ns()
        for channel in sorted(set(faults) - self._lost):
            self._say("lost", sensor=self._sensor.name, channel=channel, reason=faults[channel])
        self._lost = set(faults)
        if values:
            self.readings += 1
            self._say("reading", sensor=self._sensor.name, at_ns=(start + end) // 2, took_ns=end - start, values=values)


class _Locked:
    """The emitter for several threads, which sets `stop` when nobody listens any more."""

    def __init__(self, emit, stop):
        self._emit, self._stop, self._lock = emit, stop, threading.Lock()
        self._heard = True

    def __call__(self, event, **fields):
        with self._lock:
            try:
                if self._heard:
                    self._emit(event, **fields)
            except BrokenPipeError:
                self._heard = False
                self._stop.set()
