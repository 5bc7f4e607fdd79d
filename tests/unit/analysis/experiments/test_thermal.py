"""Thermal studies: when a board is steady, what held it back, and what a study that was cut short still says."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from analysis.charts.vega import save
from analysis.experiments.thermal import answer, over_time, steady
from analysis.experiments.thermal_events import read_recording
from analysis.experiments.thermal_figure import thermal_chart
from analysis.experiments.thermal_table import clock, sentences, show
from bench.core.errors import ConfigError
from bench.journal.journal import dumps
from tests.support.synthetic_thermal import HEAT, SECOND, STATE, WATTS, channel, heard, heat, write_study
from tests.unit.analysis.data.test_launches import JSON

KEYS = {
    "schema", "id", "created", "cell", "arm", "minutes", "cooldown", "host", "seconds", "inferences", "warmest",
    "meter", "scope", "steady", "by_minute", "throttling", "lost", "ended", "warnings",
}  # fmt: skip


def told(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(dumps(answer(read_recording(folder))))
    return said


def test_a_board_that_warms_up_and_slows_down_is_steady_when_both_are_over(tmp_path):
    said = told(write_study(tmp_path / "s", minutes=20))
    assert set(said) == KEYS
    assert (said["seconds"], said["ended"], said["warmest"]) == (1200.0, None, "thermal/CPU-therm")
    assert (said["scope"], said["meter"]) == ("board", [WATTS])
    first, last = said["by_minute"][0], said["by_minute"][-1]
    assert (first["latency_ms"], last["latency_ms"]) == (10.0, 15.0)
    assert last["frequency"] == {"cpufreq/policy0": 1200.0}
    assert last["power"] == {"um25c/rfcomm0": 5.0}
    found = said["steady"]
    assert found["reached"]
    # 1 °C below the end of a rise by 35 °C with a constant of 3 minutes: 10.7 minutes; the mean of minute 11 is below.
    assert found["from_minute"] == 12
    assert found["latency_ms"] == 15.0
    assert found["temperature_c"] == pytest.approx(74.7, abs=0.2)


def test_what_held_it_back_is_told_with_when_and_how_long(tmp_path):
    said = told(write_study(tmp_path / "s", minutes=20))
    (event,) = said["throttling"]
    begin = next(second for second in range(1200) if heat(second) > 70)
    assert event["channel"] == STATE
    assert event["what"] == "state 2"
    assert event["from_s"] == pytest.approx(begin + 0.5)
    assert event["to_s"] == pytest.approx(1199.5)


def minute(latency: float, temperature: float | None = 50.0) -> dict[str, Any]:
    heats = {} if temperature is None else {"cpu": temperature}
    return {"minute": 0, "latency_ms": latency, "temperature": heats, "frequency": {}, "power": {}}


@pytest.mark.parametrize(
    ("minutes", "start"),
    [
        ([minute(10)] * 5, 1),
        ([minute(10), *[minute(12)] * 5], 2),
        ([minute(10, 48.9), *[minute(10)] * 5], 2),
        ([minute(10, 49.1), *[minute(10)] * 5], 1),
        ([*[minute(10)] * 5, minute(11), *[minute(10)] * 5], 7),
    ],
)
def test_the_rule_of_steadiness(minutes, start):
    found = steady(minutes, "cpu")
    assert (found["reached"], found["from_minute"], found["reason"]) == (True, start, None)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([], "0 whole minutes were measured, and 5 must agree"),
        ([minute(10)] * 4, "4 whole minutes"),
        (
            [minute(10 + n) for n in range(9)],
            "time still changed: only the last minute is like itself, and 5 must agree",
        ),
        ([minute(10, 40.0 + n) for n in range(9)], "temperature still changed: only the last 2 minutes agree"),
    ],
)
def test_what_still_changes_is_not_steady(minutes, said):
    found = steady(minutes, "cpu")
    assert not found["reached"]
    assert said in found["reason"]


def test_without_a_temperature_time_alone_decides_and_it_is_said():
    found = steady([minute(10, None)] * 6, None)
    assert (found["reached"], found["temperature_c"]) == (True, None)
    assert "no sensor here tells a temperature" in found["reason"]


def test_a_study_that_was_cut_short_says_what_it_had(tmp_path):
    folder = write_study(tmp_path / "s", events=heard(7, 70.0)[: 2 * 60 * 6])
    with (folder / "events.jsonl").open("a") as stream:
        stream.write('{"event": "window", "start_ns": 1')
    said = told(folder)
    assert len(said["by_minute"]) == 5
    assert "the board went off" in said["ended"]
    assert len(said["warnings"]) == 1
    assert "ended before its time" in "\n".join(sentences(said))


def test_a_launch_that_failed_says_why(tmp_path):
    error = {"source": "runner", "event": "error", "class": "load", "message": "no such operator"}
    said = told(write_study(tmp_path / "s", events=[error]))
    assert said["ended"] == "load: no such operator"
    assert said["steady"]["reached"] is False
    assert over_time(read_recording(tmp_path / "s")).empty


def test_a_sensor_that_was_lost_is_named_and_has_no_number_after(tmp_path):
    events = heard(6, 99.0)
    for event in events[300:]:
        if event["event"] == "reading":
            del event["values"][HEAT]
    events.insert(
        300, {"source": "sampler", "event": "lost", "sensor": "thermal", "channel": HEAT, "reason": "vanished"}
    )
    said = told(write_study(tmp_path / "s", events=events))
    assert said["lost"] == [{"sensor": "thermal", "channel": HEAT, "reason": "vanished"}]
    assert said["warmest"] == "thermal/GPU-therm"
    assert f"lost: {HEAT}: vanished" in sentences(said)


def test_energy_counters_are_told_as_power(tmp_path):
    name = "rapl/package-0/energy"
    events: list[dict[str, Any]] = [{"event": "sensing", "channels": [channel(name, method="counter")]}]
    events += [e for e in heard(1, 99.0) if e["event"] == "window"]
    events += [{"event": "reading", "at_ns": (100 + n) * SECOND, "values": {name: 7.0 * n}} for n in range(61)]
    said = told(write_study(tmp_path / "s", events=events, sensors={"meter": [name], "scope": "package"}))
    assert said["by_minute"][0]["power"] == {"rapl/package-0": pytest.approx(7.0)}


def test_bits_that_appear_are_events_and_those_that_stay_are_not(tmp_path):
    name, bits = "vcgencmd/since-boot/throttle", {"0": "under-voltage", "2": "throttled"}
    events: list[dict[str, Any]] = [{"event": "sensing", "channels": [channel(name, bits=bits)]}]
    events += [e for e in heard(1, 99.0) if e["event"] == "window"]
    events += [
        {"event": "reading", "at_ns": (100 + n) * SECOND, "values": {name: 5 if n > 30 else 1}} for n in range(60)
    ]
    (event,) = told(write_study(tmp_path / "s", events=events))["throttling"]
    assert (event["what"], event["from_s"], event["to_s"]) == ("throttled", 30.0, 31.0)


def test_only_the_meter_s_channels_are_the_board_s_power(tmp_path):
    folder = write_study(tmp_path / "s", minutes=6, sensors={"meter": ["um25c/other/power"], "scope": "board"})
    assert told(folder)["by_minute"][0]["power"] == {}
    folder = write_study(tmp_path / "t", minutes=6, sensors={"meter": None})
    assert told(folder)["by_minute"][0]["power"] == {"um25c/rfcomm0": 6.0}, "all, where nobody knows which is"


def test_the_table_fits_80_columns_and_says_it_in_words(tmp_path):
    out = io.StringIO()
    show(told(write_study(tmp_path / "s")), Console(file=out, width=80))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "steady from minute 12 on: 15.00 ms an inference at 74.7 °C" in text
    assert "first at 5:52" in text
    assert "W is of the board" in text


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_figure_becomes_a_picture(tmp_path, ending):
    study = read_recording(write_study(tmp_path / "s", minutes=8))
    path = tmp_path / f"thermal.{ending}"
    save(thermal_chart(over_time(study), answer(study)), path)
    assert path.read_bytes().startswith(b"\x89PNG" if ending == "png" else b"<svg")


def test_the_figure_thins_long_lines(tmp_path):
    study = read_recording(write_study(tmp_path / "s", minutes=30))
    spec = json.dumps(thermal_chart(over_time(study), answer(study)).to_dict())
    assert spec.count('"series": "inference"') <= 402


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no study\.json"):
        read_recording(tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recording(tmp_path)
    (tmp_path / "study.json").write_text('{"study": "other"}')
    with pytest.raises(ConfigError, match="not a thermal study"):
        read_recording(tmp_path)
    with pytest.raises(ConfigError, match="schema 9"):
        read_recording(write_study(tmp_path / "s", events=[], schema=9))


def test_moments_are_told_as_a_clock():
    assert [clock(second) for second in (0, 75, 3599.6, -5)] == ["0:00", "1:15", "60:00", "−0:05"]


@settings(deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(("event", "values", "at_ns", "start_ns", "channels")), JSON),
        max_size=6,
    )
)
def test_no_content_upsets_a_study(tmp_path_factory: pytest.TempPathFactory, changes: list[Any]) -> None:
    events = heard(1, 41.0)[:41]
    for index, key, value in changes:
        events[index] = {**events[index], key: value}
    folder = write_study(tmp_path_factory.mktemp("odd") / "s", events=[json.loads(dumps(e)) for e in events])
    said = told(folder)
    show(said, Console(file=io.StringIO(), width=80))
    assert set(said) == KEYS
