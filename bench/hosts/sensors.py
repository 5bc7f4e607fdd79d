"""Runs `runner sense` beside a launch, on the machine with the sensors.

The request is sent by standard input; closing it ends the program. So every transport with three pipes works.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import Sensing
from bench.core.paths import PROJECT
from bench.hosts.meter import NoMeter, choose
from runner.protocol import PROTOCOL

Event = dict[str, Any]

# The command of the runner on this machine. For another machine it follows the command that reaches it.
LOCAL = (sys.executable, "-B", "-m", "runner")
PATIENCE = 30.0  # seconds that a sampler may take to find its sensors, and again to end


class Sampler:
    """A running `runner sense`. `heard` lists its events; `hear` is called with each when it arrives."""

    def __init__(
        self, sensing: Sensing, command: Sequence[str] = LOCAL, hear: Callable[[Event], None] | None = None
    ) -> None:
        self.sensing, self.command, self.hear = sensing, command, hear
        self.heard: list[Event] = []
        self._started, self._over = threading.Event(), threading.Event()
        self._failure: HostError | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it has found its sensors. Raises HostError when it does not."""
        self._process = _start([*self.command, "sense", "--request", "-"])
        assert self._process.stdin is not None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        with suppress(BrokenPipeError):  # it has ended already; its events say why
            self._process.stdin.write(json.dumps(_request(self.sensing)) + "\n")
            self._process.stdin.flush()
        self._started.wait(PATIENCE)
        if not self.heard or self.heard[0].get("event") != "sensing":
            self._end()
            raise _failed(self.heard, self._process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def wait(self, seconds: float) -> None:
        """Wait while it samples. Raises HostError as soon as it ends, or the HostError that `hear` raised."""
        if self._over.wait(seconds):
            raise self._failure or _failed(self.heard, self._process)

    def stop(self) -> list[Event]:
        """End it and return all its events. Raises the HostError that `hear` raised."""
        self._end()
        if self._failure:
            raise self._failure
        return self.heard

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            with suppress(ValueError):  # cut short by its end
                event = json.loads(line)
                self.heard.append(event)
                self._pass_on(event)
            self._started.set()
        self._started.set()
        self._over.set()

    def _pass_on(self, event: Event) -> None:
        try:
            if self.hear and not self._failure:
                self.hear(event)
        except HostError as error:  # raised again in the thread that waits or stops
            self._failure = error
            self._over.set()

    def _end(self) -> None:
        with suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(PATIENCE)
        if self._process.stdout and not self._thread.is_alive():
            self._process.stdout.close()


def survey(sensing: Sensing, command: Sequence[str] = LOCAL) -> dict[str, Any]:
    """The sensors of a machine, for run.json: `channels`, `lost` (silent channel → why), `meter`, `scope`, `reason`.

    `meter` is None where no channel is the board's power; `reason` then says why in one line.
    Raises ConfigError when the globs of `sensing.meter` fit nothing, HostError when the runner does not answer.
    """
    process = _start([*command, "sense", "--list", "--request", "-"])
    try:
        said, _ = process.communicate(json.dumps(_request(sensing)) + "\n", PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise HostError("a sensor does not answer", "runner sense --list shows which one is the last") from None
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if not events or events[0].get("event") != "sensing":
        raise _failed(events, process)
    channels = events[0]["channels"]
    lost = {str(e["channel"] or e["sensor"]): str(e["reason"]) for e in events if e["event"] == "lost"}
    found = {"sensing": sensing.model_dump(), "channels": channels, "lost": lost, "meter": None, "scope": None}
    if sensing.ttys and "um25c" in lost:
        raise ConfigError(f"--usb-meter: {lost['um25c']}", "is it bound (rfcomm), awake, and yours to open?")
    try:
        meter = choose(channels, sensing.meter)
    except NoMeter as why:
        return {**found, "reason": str(why)}
    if mute := [name for name in meter.channels if name in lost]:
        return {**found, "reason": f"{mute[0]} cannot be read: {lost[mute[0]]}"}
    return {**found, "meter": list(meter.channels), "scope": meter.scope, "reason": None}


def _request(sensing: Sensing) -> dict[str, Any]:
    return {"protocol": PROTOCOL, "root": sensing.root, "ttys": sensing.ttys, "period_s": sensing.period}


def _start(command: Sequence[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        cwd="/",
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C must reach bench alone, which then ends it
    )


def _failed(events: Sequence[Event], process: "subprocess.Popen[str]") -> HostError:
    error = next((event for event in events if event.get("event") == "error"), None)
    said = str(error["message"]) if error else f"the sampler ended with exit code {process.poll()}"
    return HostError(f"the sensors cannot be read: {said}", "try it by hand: python -m runner sense --list")
