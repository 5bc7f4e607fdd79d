"""The sampler as bench starts it: it is there before a launch, its words are kept, and it never outlives us."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.core.errors import ConfigError, HostError
from bench.core.matrix.schema import Sensing
from bench.core.paths import PROJECT
from bench.hosts.sensors import Sampler, survey
from bench.run.energy import series
from tests.support.sensor_trees import IIO, TX2, XEON, plant
from tests.unit.runner.sensors.usbmeter import FakeMeter, frame


def sensing(root: Path, **change: object) -> Sensing:
    return Sensing(root=str(root), period=0.02, **change)


def alive(process: "subprocess.Popen[str]") -> bool:
    return process.poll() is None


def test_it_is_heard_from_its_start_to_its_end(tmp_path):
    seen = []
    with Sampler(sensing(plant(tmp_path, TX2)), hear=seen.append) as sampler:
        assert sampler.heard[0]["event"] == "sensing"
        time.sleep(0.3)
        events = sampler.stop()
        assert not alive(sampler._process)
    assert events[-1]["event"] == "done"
    assert seen == events
    assert sum(event["event"] == "reading" for event in events) > 4


def test_waiting_ends_when_it_ends(tmp_path):
    with Sampler(sensing(plant(tmp_path, TX2))) as sampler:
        sampler.wait(0.1)
        sampler._process.kill()
        with pytest.raises(HostError, match="the sampler ended with exit code"):
            sampler.wait(30)


def test_it_ends_with_what_goes_wrong_beside_it(tmp_path):
    with pytest.raises(KeyboardInterrupt), Sampler(sensing(plant(tmp_path, TX2))) as sampler:
        raise KeyboardInterrupt
    assert not alive(sampler._process)


def test_it_does_not_outlive_a_bench_that_is_killed(tmp_path):
    code = f"""
import time
from bench.core.matrix.schema import Sensing
from bench.hosts.sensors import Sampler
with Sampler(Sensing(root={str(plant(tmp_path, TX2))!r})) as sampler:
    print(sampler._process.pid, flush=True)
    time.sleep(60)
"""
    bench = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)}
    )
    child = int(bench.stdout.readline())
    bench.send_signal(signal.SIGKILL)
    bench.communicate()
    end = time.monotonic() + 20
    while Path(f"/proc/{child}/cmdline").exists() and b"sense" in Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < end, "it goes on alone"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/bin/false"], "exit code 1"),
        (["/bin/echo", '{"event": "other"}'], "cannot be read"),
    ],
)
def test_one_that_does_not_start_is_said(tmp_path, command, said):
    with pytest.raises(HostError, match=said), Sampler(sensing(tmp_path), command):
        pytest.fail("it started")


def test_one_that_refuses_its_request_says_why(tmp_path):
    broken = Sensing.model_construct(root="/", ttys=[], meter=[], period=-1.0)
    with pytest.raises(HostError, match="period_s"), Sampler(broken):
        pytest.fail("it started")


def test_the_survey_names_the_meter_and_what_it_is_of(tmp_path):
    found = survey(sensing(plant(tmp_path, TX2)))
    assert (found["meter"], found["scope"]) == (["ina3221/VDD_IN/power", "ina3221/VDD_MUX/power"], "board")
    assert (found["reason"], found["lost"]) == (None, {})
    assert found["sensing"]["root"] == str(tmp_path)
    assert len(found["channels"]) > 9


def test_the_survey_of_a_machine_without_power_sensors_says_so(tmp_path):
    found = survey(sensing(tmp_path))
    assert (found["meter"], found["reason"]) == (None, "there is no power sensor here")


def test_a_meter_that_cannot_be_read_is_none(tmp_path):
    plant(tmp_path, XEON)
    path = tmp_path / "sys/class/powercap/intel-rapl:1/energy_uj"
    path.unlink()
    path.mkdir()
    found = survey(sensing(tmp_path))
    assert found["meter"] is None
    assert found["reason"] == "rapl/package-1/energy cannot be read: is a directory"


def test_a_usb_meter_that_does_not_answer_is_the_user_s_to_mend(tmp_path):
    with pytest.raises(ConfigError, match=r"--usb-meter: /dev/no-such-tty: no such file"):
        survey(sensing(tmp_path, ttys=["/dev/no-such-tty"]))


def test_readings_become_a_series_for_each_channel(tmp_path):
    plant(tmp_path, TX2)
    with FakeMeter(frame(volts=5.0, amperes=1.0)) as meter:
        with Sampler(sensing(tmp_path, ttys=[meter.path])) as sampler:
            time.sleep(0.2)
            (tmp_path / IIO / "0-0041/iio:device1/in_power0_input").write_text("broken\n")
            time.sleep(0.2)
            said = series(sampler.stop(), baseline=0.1)
        name = f"um25c/{Path(meter.path).name}/power"
    assert said["readings"][name]["values"][0] == pytest.approx(5.0)
    rail = said["readings"]["ina3221/VDD_IN/power"]
    assert len(rail["t_ns"]) == len(rail["values"]) > 3
    assert set(rail["values"]) == {6.0}
    assert [(event["channel"], event["sensor"]) for event in said["lost"]] == [("ina3221/VDD_IN/power", "ina3221")]
    begin, end = said["baseline_ns"]
    assert end - begin == 10**8
    assert begin <= rail["t_ns"][0]
    assert 0 <= said["cpu_ns"] < said["span_ns"]
