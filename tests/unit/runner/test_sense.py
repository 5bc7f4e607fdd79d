"""The stream of `runner sense`, as a process: what it says, how it ends, and what becomes of a sensor that fails."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.core.paths import PROJECT
from bench.images.venvs import find_python
from runner.protocol import hash_runner
from tests.support.sensor_trees import IIO, TX2, plant
from tests.unit.runner.sensors.usbmeter import FakeMeter, frame

ENV = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"}
VDD_IN = f"{IIO}/0-0041/iio:device1/in_power0_input"


class Stream:
    """A running `runner sense`, its request already given."""

    def __init__(self, request: object, python: str = sys.executable) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "runner", "sense", "--request", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENV,
        )
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        self.events: list[dict] = []
        self.thread = threading.Thread(target=self._gather)
        self.thread.start()

    def _gather(self) -> None:
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def ended(self) -> tuple[int, list[dict]]:
        code = self.process.wait(30)
        self.thread.join(30)
        return code, self.events


@contextmanager
def streaming(below: Path, /, python: str = sys.executable, **request: object) -> Iterator[Stream]:
    """Stream below a root, ended in any case."""
    stream = Stream({"protocol": 1, "root": str(below), "period_s": 0.02, **request}, python)
    try:
        yield stream
    finally:
        stream.process.kill()
        for pipe in (stream.process.stdin, stream.process.stderr):
            pipe.close()
        stream.process.wait(30)
        stream.thread.join(30)
        stream.process.stdout.close()


def of(events: list[dict], kind: str) -> list[dict]:
    return [event for event in events if event["event"] == kind]


def run_to_end(below: Path, python: str = sys.executable, **request: object) -> list[dict]:
    with streaming(below, python, seconds=0.5, **request) as stream:
        code, events = stream.ended()
    assert code == 0
    return events


def wait_until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_it_says_what_there_is_then_reads_it_and_then_that_it_is_done(tmp_path):
    events = run_to_end(plant(tmp_path, TX2))
    assert events[0]["event"] == "sensing"
    assert events[0]["runner_sha256"] == hash_runner()
    assert events[-1]["event"] == "done"
    assert events[-1]["readings"] == len(of(events, "reading"))
    assert events[-1]["cpu_ns"] >= 0
    known = {channel["channel"]: channel for channel in events[0]["channels"]}
    rail = known["ina3221/VDD_IN/power"]
    assert set(rail) == {
        "channel", "sensor", "name", "quantity", "unit", "scope", "method", "rate_hz", "accuracy", "source",
    }  # fmt: skip
    seen = {name for reading in of(events, "reading") for name in reading["values"]}
    assert seen == set(known)


def test_readings_of_a_sensor_fall_at_moments_that_do_not_repeat(tmp_path):
    events = run_to_end(plant(tmp_path, TX2), sensors=["ina3221"])
    moments = [reading["at_ns"] for reading in of(events, "reading")]
    assert moments == sorted(moments)
    steps = {later - earlier for earlier, later in pairwise(moments)}
    assert len(moments) > 4
    assert max(steps) > 1.2 * min(steps), "a fixed step could follow the inferences' own"


def test_a_period_is_no_shorter_than_the_sensor_s_own(tmp_path):
    with FakeMeter() as meter:
        events = run_to_end(plant(tmp_path, TX2), ttys=[meter.path], period_s=0.01, sensors=["um25c", "ina3221"])
    counts = {name: sum(r["sensor"] == name for r in of(events, "reading")) for name in ("um25c", "ina3221")}
    assert counts["um25c"] <= 4
    assert counts["ina3221"] > counts["um25c"], "a slow sensor keeps no other waiting"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_its_last_line(tmp_path, how):
    with streaming(plant(tmp_path, TX2)) as stream:
        wait_until(lambda: of(stream.events, "reading"))
        stream.process.send_signal(how)
        code, events = stream.ended()
    assert code == 0
    assert events[-1]["event"] == "done"


def test_the_end_of_its_input_ends_it(tmp_path):
    with streaming(plant(tmp_path, TX2)) as stream:
        wait_until(lambda: of(stream.events, "reading"))
        stream.process.stdin.close()
        code, events = stream.ended()
    assert code == 0
    assert events[-1]["event"] == "done"


def test_it_ends_when_nobody_listens_any_more(tmp_path):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "sense", "--request", "-"],
        stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.DEVNULL, env=ENV,
    )  # fmt: skip
    os.close(writing)
    process.stdin.write(
        json.dumps({"protocol": 1, "root": str(plant(tmp_path, TX2)), "period_s": 0.02}).encode() + b"\n"
    )
    process.stdin.flush()
    os.read(reading, 1)
    os.close(reading)
    process.wait(30)
    process.stdin.close()


def test_a_request_in_a_file_needs_no_input(tmp_path):
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"protocol": 1, "root": str(plant(tmp_path, TX2)), "seconds": 0.2}))
    done = subprocess.run(
        [sys.executable, "-m", "runner", "sense", "--request", str(request)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=ENV, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["readings"] > 0


def test_the_list_is_one_reading_of_each(tmp_path):
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"protocol": 1, "root": str(plant(tmp_path, TX2))}))
    done = subprocess.run(
        [sys.executable, "-m", "runner", "sense", "--list", "--request", str(request)],
        capture_output=True, text=True, env=ENV, timeout=60,
    )  # fmt: skip
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["sensing", *["reading"] * 4, "done"]
    assert {event.get("sensor") for event in events[1:-1]} == {"ina3221", "thermal", "cpufreq", "devfreq"}


def test_a_machine_without_sensors_lists_none(tmp_path):
    events = run_to_end(tmp_path)
    assert [event["event"] for event in events] == ["sensing", "done"]
    assert events[0]["channels"] == []


def test_a_rail_that_fails_is_lost_by_name_once_and_has_no_number_until_it_is_back(tmp_path):
    plant(tmp_path, TX2)
    name = "ina3221/VDD_IN/power"
    with streaming(tmp_path, sensors=["ina3221"]) as stream:
        wait_until(lambda: of(stream.events, "reading"))
        (tmp_path / VDD_IN).write_text("-5000\n")
        wait_until(lambda: of(stream.events, "lost"))
        lost = len(of(stream.events, "reading"))
        wait_until(lambda: len(of(stream.events, "reading")) > lost + 3)
        (tmp_path / VDD_IN).write_text("7000\n")
        wait_until(lambda: stream.events[-1].get("values", {}).get(name) == 7.0)
        stream.process.send_signal(signal.SIGTERM)
        _, events = stream.ended()
    (only,) = of(events, "lost")
    assert (only["sensor"], only["channel"], only["reason"]) == ("ina3221", name, "-5 W cannot be")
    after = events[events.index(only) :]
    gone = [reading for reading in of(after, "reading") if name not in reading["values"]]
    assert len(gone) >= 3
    assert {reading["values"][name] for reading in of(events, "reading") if name in reading["values"]} == {6.0, 7.0}


def test_a_meter_that_is_unplugged_is_lost_and_the_rest_goes_on(tmp_path):
    plant(tmp_path, TX2)
    with FakeMeter(frame()) as meter, streaming(tmp_path, ttys=[meter.path], sensors=["um25c", "ina3221"]) as stream:
        wait_until(lambda: {r["sensor"] for r in of(stream.events, "reading")} == {"um25c", "ina3221"})
        meter.unplug()
        wait_until(lambda: len(of(stream.events, "lost")) == 3)
        lost = len(of(stream.events, "reading"))
        wait_until(lambda: len(of(stream.events, "reading")) > lost + 3)
        stream.process.stdin.close()
        code, events = stream.ended()
    assert code == 0
    assert {event["sensor"] for event in of(events, "lost")} == {"um25c"}


def test_a_tty_without_a_meter_is_lost_before_anything_is_read(tmp_path):
    events = run_to_end(plant(tmp_path, TX2), ttys=["/dev/no-such-tty"], sensors=["um25c", "ina3221"])
    (lost,) = of(events, "lost")
    assert (lost["sensor"], lost["channel"]) == ("um25c", None)
    assert "/dev/no-such-tty" in lost["reason"]
    assert of(events, "reading")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"protocol": 2}, "protocol 2"),
        ({"colour": 1}, "colour"),
        ({"sensors": ["ina3222"]}, "ina3221"),
        ({"sensors": "ina3221"}, "sensors"),
        ({"root": None}, "root"),
        ({"period_s": 0}, "period_s"),
        ({"period_s": True}, "period_s"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": "1"}, "seconds"),
        ({"ttys": "/dev/rfcomm0"}, "ttys"),
        ({"ttys": [1]}, "ttys"),
    ],
)
def test_a_wrong_request_is_refused(tmp_path, change, word):
    with streaming(tmp_path, **change) as stream:
        code, events = stream.ended()
    (error,) = events
    assert (code, error["event"], error["class"]) == (1, "error", "request")
    assert word in error["message"]


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_what_is_no_request_is_refused(text):
    done = subprocess.run(
        [sys.executable, "-m", "runner", "sense", "--request", "-"],
        input=text, capture_output=True, text=True, env=ENV, timeout=60,
    )  # fmt: skip
    assert done.returncode == (1 if text == "[]" else 2)
    assert json.loads(done.stdout)["class"] == "request"


def test_the_oldest_python_of_a_board_can_sense(tmp_path):
    try:
        python = find_python("3.6")
    except HostError as error:
        pytest.skip(str(error))
    with FakeMeter(frame()) as meter:
        events = run_to_end(plant(tmp_path, TX2), ttys=[meter.path], python=python)
    assert events[0]["python"].startswith("3.6.")
    assert {reading["sensor"] for reading in of(events, "reading")} >= {"um25c", "ina3221", "thermal"}
