"""Which launches may be compared: same code, same data, same way; what the arm itself changes is not judged."""

from typing import Any

import pytest

from analysis.data.comparable import compare, identity, kernel_state

HELLO: dict[str, Any] = {
    "versions": {"onnxruntime": "1.32.0", "numpy": "2.4.6"},
    "env": {"OMP_NUM_THREADS": "2"},
    "threads": 2,
    "affinity": [0, 1],
    "runner_sha256": "aa",
    "python": "3.11.2",
    "machine": "x86_64",
    "kernel": {"seccomp": 2, "namespaces": {"pid": 1}, "uptime": 5},
}
LOADED: dict[str, Any] = {"artifact_sha256": "bb", "libraries": {"libonnxruntime.so": "cc"}}


def verdict(hello: dict[str, Any] | None = None, loaded: dict[str, Any] | None = None) -> tuple[bool, str | None]:
    """A container launch as above against a native one with changes."""
    other = identity(HELLO | (hello or {}), LOADED | (loaded or {}))
    return compare({"container": [identity(HELLO, LOADED)], "native": [other]})


def test_what_agrees_is_comparable() -> None:
    assert verdict() == (True, None)


@pytest.mark.parametrize(
    "change",
    [
        {"kernel": {"seccomp": 0, "cap_eff": "1ff"}},
        {"kernel": {"cpu_quota": "200000/100000"}},  # all that its two CPUs have
        {"python": "3.11.9"},
        {"uid": 7},
        {"slowdown": 0.0},
        {"argv": ["x"]},
        {"import_ns": 9},
    ],
)
def test_what_an_arm_may_change_is_not_judged(change: dict[str, Any]) -> None:
    assert verdict(change) == (True, None)


@pytest.mark.parametrize(
    ("hello", "loaded", "reason"),
    [
        ({"versions": HELLO["versions"] | {"numpy": "2.3.1"}}, {}, "package numpy: 2.4.6 (container), 2.3.1 (native)"),
        ({"versions": {"onnxruntime": "1.32.0"}}, {}, "package numpy: 2.4.6 (container), absent (native)"),
        ({}, {"libraries": {"libonnxruntime.so": "dd"}}, "library libonnxruntime.so: cc (container), dd (native)"),
        ({"threads": 1}, {}, "threads: 2 (container), 1 (native)"),
        ({"affinity": [0]}, {}, "CPU affinity: 0,1 (container), 0 (native)"),
        ({}, {"artifact_sha256": "ee"}, "artifact: bb (container), ee (native)"),
        ({"runner_sha256": "ff"}, {}, "runner: aa (container), ff (native)"),
        ({"python": "3.12.2"}, {}, "Python: 3.11 (container), 3.12 (native)"),
        ({"env": {"OMP_NUM_THREADS": "1"}}, {}, "environment OMP_NUM_THREADS: 2 (container), 1 (native)"),
        ({"slowdown": 0.05}, {}, "slowdown on purpose: 0 (container), 0.05 (native)"),
        ({"kernel": {"cpu_quota": "50000/100000"}}, {}, "cpu_quota: none (container), 50000/100000 (native)"),
        ({"env": {}}, {}, "environment OMP_NUM_THREADS: 2 (container), absent (native)"),
    ],
)
def test_what_differs_is_named(hello: dict[str, Any], loaded: dict[str, Any], reason: str) -> None:
    assert verdict(hello, loaded) == (False, reason)


def test_a_package_is_named_before_the_libraries_it_brings() -> None:
    comparable, reason = verdict(
        {"versions": {}}, {"libraries": {"libonnxruntime.so": "dd", "liba.so": "1", "libb.so": "2"}}
    )
    assert not comparable
    assert reason is not None
    assert reason.startswith("package numpy")
    assert reason.endswith("; and 2 more")


def test_a_change_within_an_arm_is_one_too() -> None:
    then, now = identity(HELLO, LOADED), identity(HELLO, LOADED | {"libraries": {"libonnxruntime.so": "dd"}})
    said = compare({"container": [then, now], "native": [then, now]})
    assert said == (False, "library libonnxruntime.so changed during the run in container: cc, then dd")


def test_silence_is_not_agreement() -> None:
    assert identity({}, LOADED) == identity(HELLO, {}) == {}
    silent = compare({"container": [{}], "native": [{}]})
    assert silent == (False, "a launch of container does not say what it ran")


def test_the_kernel_s_word_is_kept() -> None:
    assert kernel_state(HELLO) == {"seccomp": 2, "namespaces": {"pid": 1}}
    assert kernel_state({"kernel": "none"}) == {}
