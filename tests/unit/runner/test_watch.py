"""What the runner reads beside its timed window, from trees of our own."""

import threading
from pathlib import Path

from runner import watch


def tree(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return str(root)


STAT = """cpu  900 0 0 0 0 0 0 0 0 0
cpu0 10 1 5 500 7 2 3 4 0 0
cpu1 100 0 0 0 0 0 0 1
cpu10 1000 0 0 0 0 0 0 0 0 0
intr 5
"""


def test_busy_is_what_is_neither_idle_nor_waiting_nor_stolen(tmp_path):
    found = watch.cpu_times([0], tree(tmp_path, {"stat": STAT}))
    assert found["busy_ns"] == 21 * watch.TICK_NS
    assert found["steal_ns"] == 4 * watch.TICK_NS
    assert found["busy_all_ns"] == 1121 * watch.TICK_NS
    assert found["steal_all_ns"] == 5 * watch.TICK_NS
    assert found["cpus_all"] == 3


def test_waiting_is_that_of_all_threads(tmp_path):
    proc = tree(tmp_path, {"self/task/7/schedstat": "100 20 3\n", "self/task/8/schedstat": "100 5 3\n"})
    (tmp_path / "self/task/9").mkdir()  # one that has just ended
    assert watch.run_queue_wait(proc) == 25


def test_frequencies_are_those_of_our_cpus_or_none(tmp_path):
    path = "devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq"
    sys = tree(tmp_path, {path.format(1): "1500000\n", path.format(2): "600000\n"})
    assert watch.frequencies([2, 1], sys) == [600_000, 1_500_000]
    assert watch.frequencies([0, 1], sys) is None


def test_a_system_that_tells_nothing_is_no_error(tmp_path):
    found = watch.read([0], str(tmp_path), str(tmp_path))
    for name in ("wait_ns", "khz", "busy_ns", "steal_all_ns", "cpus_all"):
        assert found[name] is None
    assert found["cpu_ns"] > 0


def test_what_happens_between_two_readings_is_in_their_difference():
    before = watch.read([0])
    threading.Event().wait(0.01)
    after = watch.read([0])
    assert after["t_ns"] - before["t_ns"] >= 10_000_000
    assert after["voluntary"] > before["voluntary"]
    assert after["cpu_ns"] >= before["cpu_ns"]
