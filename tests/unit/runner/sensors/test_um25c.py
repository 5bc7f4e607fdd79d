"""A USB meter over a pseudo-terminal that speaks its protocol, and that at times does not."""

import pytest

from runner.sensors import um25c
from runner.sensors.base import Fault
from tests.unit.runner.sensors.usbmeter import FakeMeter, frame

MODELS = {"UM24C": 0x0963, "UM25C": 0x09C9, "UM34C": 0x0D4C}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(um25c, "SECONDS", 0.3)


@pytest.mark.parametrize("name", list(MODELS))
def test_each_model_is_read_on_its_own_scale(sensor, name):
    with FakeMeter(frame(MODELS[name], volts=5.12, amperes=0.734)) as meter:
        made = sensor("um25c", meter.path)
        channels = {channel.quantity: channel for channel in made.find()}
        assert {channel.scope for channel in channels.values()} == {"board"}
        assert channels["power"].source == f"{name} at {meter.path}"
        values, faults = made.read()
    assert faults == {}
    assert values[channels["voltage"].id] == pytest.approx(5.12)
    assert values[channels["current"].id] == pytest.approx(0.734)
    assert values[channels["power"].id] == pytest.approx(5.12 * 0.734)


def test_the_vendor_s_limits_of_error_are_told_for_the_um25c_alone(sensor):
    with FakeMeter(frame(volts=5.0)) as meter:
        channels = {channel.quantity: channel for channel in sensor("um25c", meter.path).find()}
    assert channels["voltage"].accuracy == {"relative": 0.0005, "absolute": pytest.approx(0.002)}
    assert channels["current"].accuracy == {"relative": 0.001, "absolute": pytest.approx(0.0004)}
    # dP = V dI + I dV, at 5 V: 0.05 % + 0.1 % + 2 mV / 5 V of the power, and 0.4 mA times 5 V.
    assert channels["power"].accuracy == {"relative": pytest.approx(0.0019), "absolute": pytest.approx(0.002)}
    with FakeMeter(frame(MODELS["UM24C"])) as meter:
        assert {channel.accuracy for channel in sensor("um25c", meter.path).find()} == {None}


def test_each_reading_asks_once_and_sees_what_changed(sensor):
    with FakeMeter(frame(amperes=0.1), frame(amperes=0.2), frame(amperes=0.3)) as meter:
        made = sensor("um25c", meter.path)
        made.find()
        watts = [next(value for name, value in made.read()[0].items() if "power" in name) for _ in range(2)]
        assert meter.asked == 3
    assert watts == pytest.approx([1.0, 1.5])


WRONG_END = frame()[:-2] + b"\x00\x00"
SHORT = frame()[:100]
SHIFTED = frame()[1:] + b"\x00"


@pytest.mark.parametrize("torn", [WRONG_END, SHORT, b"", SHIFTED], ids=["end", "short", "silent", "shifted"])
def test_a_torn_answer_is_asked_for_again(sensor, torn):
    with FakeMeter(frame(), torn, frame(volts=5.2)) as meter:
        made = sensor("um25c", meter.path)
        made.find()
        values, faults = made.read()
    assert faults == {}
    assert max(values.values()) == pytest.approx(5.2)


@pytest.mark.parametrize(
    ("torn", "reason"),
    [
        (WRONG_END, "wrong end"),
        (SHORT, "100 of 130 bytes within 0.3 s"),
        (b"", "no answer"),
        (frame(0x1234), "0x1234 is no model"),
        (frame(MODELS["UM34C"])[:-1] + b"\x00", "wrong end"),
    ],
)
def test_answers_that_stay_torn_are_a_fault_of_all_three(sensor, torn, reason):
    with FakeMeter(frame(), torn) as meter:
        made = sensor("um25c", meter.path)
        ids = {channel.id for channel in made.find()}
        values, faults = made.read()
        assert values == {}
        assert set(faults) == ids
        assert all(reason in fault and meter.path in fault for fault in faults.values())


def test_a_meter_that_is_unplugged_is_a_fault_and_no_number(sensor):
    with FakeMeter() as meter:
        made = sensor("um25c", meter.path)
        made.find()
        meter.unplug()
        for _ in range(2):
            values, faults = made.read()
            assert values == {}
            assert len(faults) == 3


@pytest.mark.parametrize("path", ["/dev/no-such-tty", "/dev/null"])
def test_a_tty_that_is_none_is_said(sensor, path):
    with pytest.raises(Fault, match=path):
        sensor("um25c", path).find()


def test_a_tty_without_a_meter_is_said(sensor):
    with FakeMeter(b"") as meter, pytest.raises(Fault, match="no answer"):
        sensor("um25c", meter.path).find()


def test_the_sum_of_the_um34c_covers_the_bytes_it_should():
    good = frame(MODELS["UM34C"], volts=5.0, amperes=1.0)
    assert um25c.parse(good) == (MODELS["UM34C"], 5.0, 1.0)
    flipped = bytearray(good)
    flipped[3] ^= 1
    with pytest.raises(Fault):
        um25c.parse(bytes(flipped))
