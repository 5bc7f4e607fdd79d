"""Energy counters of processors: wrap, nesting, the second way to the same register, and who may read them."""

import pytest

from runner.sensors.base import Fault
from runner.sensors.counter import Counter
from tests.support.sensor_trees import XEON, plant

PACKAGE = "sys/class/powercap/intel-rapl:0"
ID = "rapl/package-0/energy"


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands one second further each time it is read."""
    ticks = iter(range(0, 10**15, 10**9))
    monkeypatch.setattr(Counter.__init__, "__defaults__", (None, lambda: next(ticks)))


@pytest.fixture
def rapl(sensor, tmp_path, clock):
    plant(tmp_path, XEON)
    made = sensor("rapl")
    made.channels = {channel.id: channel for channel in made.find()}
    return made


def test_domains_say_what_holds_them_and_each_register_comes_once(rapl):
    assert set(rapl.channels) == {
        "rapl/package-0/energy", "rapl/package-0.core/energy", "rapl/package-0.dram/energy", "rapl/package-1/energy",
    }  # fmt: skip
    assert {name: channel.inside for name, channel in rapl.channels.items() if channel.inside} == {
        "rapl/package-0.core/energy": ID
    }, "memory stands beside its package"
    told = rapl.channels[ID].describe()
    assert (told["scope"], told["method"], told["unit"]) == ("package", "counter", "J")


def test_a_platform_domain_holds_the_packages(sensor, tmp_path):
    plant(tmp_path, {**XEON, "sys/class/powercap/intel-rapl:2/name": "psys\n"})
    channels = {channel.name: channel for channel in sensor("rapl").find()}
    assert channels["psys"].scope == "platform"
    assert channels["package-0"].inside == "rapl/psys/energy"


def test_only_what_is_new_in_the_second_way_is_taken_from_it(sensor, tmp_path):
    plant(tmp_path, {**XEON, "sys/class/powercap/intel-rapl-mmio:1/name": "package-9\n"})
    sources = {channel.name: channel.source for channel in sensor("rapl").find()}
    assert sources["package-0"].startswith("/sys/class/powercap/intel-rapl:0/")
    assert sources["package-9"].startswith("/sys/class/powercap/intel-rapl-mmio:1/")


def test_the_first_reading_is_zero_and_then_joules_are_counted(rapl, tmp_path):
    assert rapl.read()[0][ID] == 0
    (tmp_path / PACKAGE / "energy_uj").write_text("262012500000\n")
    assert rapl.read()[0][ID] == pytest.approx(12.5)


def test_a_register_that_begins_again_goes_on(rapl, tmp_path):
    rapl.read()
    (tmp_path / PACKAGE / "energy_uj").write_text("10000000\n")  # 143.32885 J to the end, and 10 J more
    values, faults = rapl.read()
    assert faults == {}
    assert values[ID] == pytest.approx(153.32885)
    (tmp_path / PACKAGE / "energy_uj").write_text("15000000\n")
    assert rapl.read()[0][ID] == pytest.approx(158.32885)


def test_a_register_that_jumps_is_a_fault_and_never_a_wrap(rapl, tmp_path):
    (tmp_path / PACKAGE / "energy_uj").write_text("50000000\n")
    rapl.read()
    (tmp_path / PACKAGE / "energy_uj").write_text("0\n")  # as a wrap it would be 262,093 J in a second
    assert "cannot be" in rapl.read()[1][ID]
    (tmp_path / PACKAGE / "energy_uj").write_text("60000000\n")
    assert rapl.read() == ({**rapl.read()[0], ID: 0.0}, {}), "counting begins anew"


@pytest.mark.parametrize("text", ["much\n", "-1\n", ""])
def test_nonsense_is_a_fault(rapl, tmp_path, text):
    rapl.read()
    (tmp_path / PACKAGE / "energy_uj").write_text(text)
    assert ID in rapl.read()[1]


def test_a_register_that_only_root_may_read_is_named_with_the_reason(rapl, monkeypatch):
    import builtins

    real = builtins.open

    def refuse(path, *more, **named):
        if str(path).endswith("energy_uj"):
            raise PermissionError(13, "Permission denied")
        return real(path, *more, **named)

    monkeypatch.setattr(builtins, "open", refuse)
    values, faults = rapl.read()
    assert values == {}
    assert faults[ID] == "permission denied"


def test_a_counter_without_a_span_may_not_go_back():
    readings = iter([5.0, 6.0, 1.0, 2.0, 4.0])
    ticks = iter(range(0, 10**12, 10**9))
    counter = Counter(lambda: next(readings), clock=lambda: next(ticks))
    assert [counter(), counter()] == [0.0, 1.0]
    with pytest.raises(Fault, match="went back from 6 to 1 J"):
        counter()
    assert [counter(), counter()] == [1.0, 3.0]
