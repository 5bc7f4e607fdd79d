"""NVIDIA cards through a stand-in for the driver's library: new ones with an energy counter, old ones without."""

import ctypes

import pytest

from runner.sensors import nvml
from runner.sensors.base import Fault

LOST, DRIVER_NOT_LOADED = 15, 9


class FakeLibrary:
    """Answers NVML's calls as the driver does: a code, and the value through the last pointer."""

    def __init__(self, **values):
        self.values = {"count": 1, "power": 71_500, "temperature": 64, "frequency": 1800, "throttle": 0x1, **values}
        self.code = 0

    def nvmlInit_v2(self):  # noqa: N802
        return self.code

    def nvmlDeviceGetCount_v2(self, count):  # noqa: N802
        count._obj.value = self.values["count"]
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, card):  # noqa: N802
        card._obj.value = index.value + 1
        return 0

    class _Words:
        """nvmlErrorString: a function object that has a `restype`."""

        restype = None

        def __call__(self, code):
            return {LOST: b"GPU is lost", DRIVER_NOT_LOADED: b"Driver Not Loaded"}[code.value]

    nvmlErrorString = _Words()  # noqa: N815

    def __getattr__(self, name):
        quantity = next((quantity for quantity, call in nvml.CALLS.items() if call[0] == name), None)
        if quantity is None:
            raise AttributeError(name)

        def answer(*arguments):
            if quantity not in self.values:
                return nvml.NOT_SUPPORTED
            assert arguments[0].value, "a card"
            arguments[-1]._obj.value = self.values[quantity]
            return self.code

        return answer


@pytest.fixture
def card(sensor, monkeypatch):
    def make(library):
        monkeypatch.setattr(nvml, "load", lambda: library)
        return sensor("nvml")

    return make


def test_since_volta_energy_is_counted(card):
    library = FakeLibrary(energy=1_000_000)
    made = card(library)
    channels = {channel.id: channel for channel in made.find()}
    assert channels["nvml/gpu0/energy"].method == "counter"
    assert {channel.scope for channel in channels.values()} == {"device"}
    assert made.read()[0]["nvml/gpu0/energy"] == 0
    library.values["energy"] += 1500  # mJ
    values, faults = made.read()
    assert faults == {}
    assert values == {
        "nvml/gpu0/energy": pytest.approx(1.5),
        "nvml/gpu0/power": pytest.approx(71.5),
        "nvml/gpu0/temperature": 64,
        "nvml/gpu0/frequency": 1800,
        "nvml/gpu0/throttle": 0,
    }


def test_before_volta_there_is_power_alone(card):
    channels = {channel.quantity: channel for channel in card(FakeLibrary()).find()}
    assert "energy" not in channels
    assert channels["power"].method == "sampled"


def test_only_what_slows_a_card_counts_as_throttling(card):
    """An idle card (bit 0) and clocks that somebody set (bit 1) are no fault of heat or power."""
    made = card(FakeLibrary(throttle=0b0110_0111))
    made.find()
    assert made.read()[0]["nvml/gpu0/throttle"] == 0b0110_0100


def test_every_card_has_its_channels(card):
    assert {channel.name for channel in card(FakeLibrary(count=2)).find()} == {"gpu0", "gpu1"}


def test_a_card_that_falls_off_the_bus_is_a_fault_of_all_it_told(card):
    library = FakeLibrary(energy=1)
    made = card(library)
    made.find()
    library.code = LOST
    values, faults = made.read()
    assert values == {}
    assert len(faults) == 5
    assert faults["nvml/gpu0/power"] == "nvmlDeviceGetPowerUsage: gpu is lost"


def test_a_driver_that_is_not_loaded_is_said(card):
    library = FakeLibrary()
    library.code = DRIVER_NOT_LOADED
    with pytest.raises(Fault, match="driver not loaded"):
        card(library).find()


def test_a_machine_without_the_driver_has_no_channels(card, monkeypatch):
    monkeypatch.setattr(nvml, "LIBRARY", "libno-such-thing.so.1")
    monkeypatch.setattr(nvml, "load", lambda: ctypes.CDLL(nvml.LIBRARY))
    made = card(None)
    monkeypatch.setattr(nvml, "load", lambda: ctypes.CDLL(nvml.LIBRARY))
    assert made.find() == []
