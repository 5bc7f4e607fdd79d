"""Watching the host: what is read below a root of our own, and which of it is a flag."""

import json
from pathlib import Path

import pytest

from bench.hosts.monitor import REPLACED_FOR, Watch, flags, replaceable

SECOND = 10**9


def tree(root: Path, **files: str) -> Path:
    """A host below `root`; names have `__` for `/`."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def stat(busy: tuple[int, int], steal: tuple[int, int] = (0, 0)) -> str:
    """/proc/stat of two CPUs, in ticks."""
    lines = [f"cpu{n} {b} 0 0 5000 70 0 0 {s} 0 0" for n, (b, s) in enumerate(zip(busy, steal, strict=True))]
    return "\n".join(["cpu  999 0 0 0 0 0 0 0 0 0", *lines, "intr 5", "ctxt 7"])


def said(seconds: float = 1.0, cpus_all: int = 2, khz: tuple[int, int] | None = None, **later: float) -> dict:
    """The runner's event: `later` are seconds by then; nothing had happened before."""
    names = ("t", "cpu", "busy", "steal", "busy_all", "steal_all", "wait")
    before = {f"{name}_ns": 0 for name in names}
    before |= {"voluntary": 1, "involuntary": 2, "major_faults": 0, "cpus_all": cpus_all, "khz": khz and [khz[0]]}
    after = before | {"t_ns": int(seconds * SECOND), "involuntary": 9, "khz": khz and [khz[1]]}
    after |= {f"{name}_ns": round(value * SECOND) for name, value in later.items()}
    return {"before": before, "after": after}


def window(tmp_path: Path, event: dict | None, cpus=(0,)) -> dict:
    watch = Watch(cpus, tmp_path)
    reading = watch.read()
    return watch.window(reading, reading | {"t_ns": reading["t_ns"] + 2 * SECOND}, event)


def test_what_ran_on_our_cpus_and_was_not_ours_is_foreign(tmp_path):
    timed = window(tmp_path, said(cpu=0.9, busy=0.97, busy_all=1.5))["timed"]
    assert timed["foreign"] == pytest.approx(0.07)
    assert timed["neighbours"] == pytest.approx(0.53)
    assert timed["involuntary"] == 7


@pytest.mark.parametrize(
    ("event", "flagged"),
    [
        (said(cpu=1.0, busy=1.0), []),
        (said(cpu=1.0, busy=1.0, steal=0.03), ["steal"]),
        (said(cpu=1.0, busy=1.0, steal=0.02), []),  # two ticks: chance
        (said(seconds=10, cpu=9, busy=9, steal=0.05), []),  # half a percent
        (said(cpu=0.9, busy=0.97), ["foreign-load"]),
        (said(cpu=0.97, busy=1.0), []),
        (said(cpu=1.02, busy=1.0), []),  # ticks are coarse: less than nothing is nothing
        (said(cpu=1.0, busy=1.0, busy_all=1.4), ["busy-neighbours"]),
        (said(cpu=1.0, busy=1.0, busy_all=1.2), []),
        (said(cpu=1.0, busy=1.0, khz=(1_500_000, 1_400_000)), ["frequency"]),
        (said(cpu=1.0, busy=1.0, khz=(1_500_000, 1_490_000)), []),
        (said(cpu=0.9, busy=0.9, wait=0.06), ["preempted"]),
        (said(cpu=0.5, busy=0.8, steal=0.1, wait=0.4), ["steal", "foreign-load", "preempted"]),
    ],
)
def test_a_launch_is_flagged_for_what_reached_a_threshold(event, flagged, tmp_path):
    assert window(tmp_path, event)["flags"] == flagged


@pytest.mark.parametrize("event", [None, {}, {"before": None, "after": None}, {"before": {}, "after": {"t_ns": 1}}])
def test_a_runner_that_says_nothing_flags_nothing(event, tmp_path):
    found = window(tmp_path, event)
    assert (found["timed"], found["flags"]) == (None, [])
    json.dumps(found)


def test_a_host_that_tells_nothing_flags_nothing(tmp_path):
    event = said(cpu=1.0)
    for reading in event.values():
        reading |= dict.fromkeys(("busy_ns", "steal_ns", "busy_all_ns", "steal_all_ns", "cpus_all", "wait_ns"))
    found = window(tmp_path, event)
    assert found["flags"] == []
    assert found["launch"]["throttled"] is None
    assert found["timed"]["foreign"] is None


def test_the_whole_launch_is_read_from_the_host(tmp_path):
    watch = Watch([1], tree(tmp_path, proc__stat=stat((100, 200), (0, 5))))
    before = watch.read()
    tree(tmp_path, proc__stat=stat((150, 260), (0, 9)))
    launch = watch.window(before, watch.read(), None)["launch"]
    assert (launch["busy"], launch["busy_all"]) == (pytest.approx(0.6), pytest.approx(1.1))
    assert (launch["steal"], launch["steal_all"]) == (pytest.approx(0.04), pytest.approx(0.04))


COUNT = "sys__devices__system__cpu__cpu0__thermal_throttle__core_throttle_count"
FIRMWARE = "sys__devices__platform__soc__soc:firmware__get_throttled"
TYPE, STATE = (f"sys__class__thermal__cooling_device0__{name}" for name in ("type", "cur_state"))


@pytest.mark.parametrize(
    ("before", "after", "throttled"),
    [
        ({COUNT: "7"}, {COUNT: "7"}, False),
        ({COUNT: "7"}, {COUNT: "8"}, True),
        ({TYPE: "cpufreq-cpu0", STATE: "0"}, {STATE: "0"}, False),
        ({TYPE: "cpufreq-cpu0", STATE: "0"}, {STATE: "2"}, True),
        ({TYPE: "cpufreq-cpu0", STATE: "2"}, {STATE: "0"}, True),
        ({TYPE: "pwm-fan", STATE: "0"}, {STATE: "3"}, None),
        ({FIRMWARE: "0"}, {FIRMWARE: "0"}, False),
        ({FIRMWARE: "50000"}, {FIRMWARE: "50000"}, False),  # since the start, not now
        ({FIRMWARE: "0"}, {FIRMWARE: "40000"}, True),  # in between
        ({FIRMWARE: "40000"}, {FIRMWARE: "40004"}, True),  # now
    ],
)
def test_throttling_is_seen_where_the_host_tells_it(before, after, throttled, tmp_path):
    watch = Watch([0], tree(tmp_path, **before))
    reading = watch.read()
    tree(tmp_path, **after)
    found = watch.window(reading, watch.read(), None)
    assert found["launch"]["throttled"] is throttled
    assert found["flags"] == (["throttled"] if throttled else [])


def test_memory_pressure_is_shown_and_no_reason_to_launch_again(tmp_path):
    pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    watch = Watch([0], tree(tmp_path, proc__pressure__memory=pressure.format(1000)))
    before = watch.read()
    tree(tmp_path, proc__pressure__memory=pressure.format(31_000))
    found = watch.window(before, watch.read() | {"t_ns": before["t_ns"] + SECOND}, None)
    assert found["launch"]["pressure"] == {"cpu": None, "memory": pytest.approx(0.03), "io": None}
    assert found["flags"] == ["memory-pressure"]
    assert not replaceable(found["flags"])


def test_only_what_an_arm_cannot_bring_about_is_a_reason():
    assert all(replaceable([flag]) for flag in REPLACED_FOR)
    assert not replaceable(["preempted", "memory-pressure"])
    assert not replaceable([])


def test_a_window_that_was_read_back_says_the_same(tmp_path):
    found = window(tmp_path, said(cpu=0.5, busy=0.9, khz=(2, 1)))
    assert flags(json.loads(json.dumps(found))) == found["flags"]
