"""May two arms of a cell be compared? Only when they ran the same code on the same data in the same way.

Judged: package versions, build ids of the mapped libraries, threads, CPU affinity and quota, environment, artifact,
runner, Python's minor version, and whether one was slowed down on purpose, as the self-test does. All launches that
are used must agree, not just those of one block: a package that was upgraded during the run is as wrong as one that
differs between arms.

Not judged, because an arm is there to change it, but kept: namespaces, cgroup, seccomp, capabilities.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from analysis.data.fields import section
from bench.core.terminal import short

ABSENT = "absent"
FORCED = "timed with --force: its outputs are not those of the reference"
SHOWN = 3  # differences that a reason spells out; the rest is counted
_KERNEL = (
    "seccomp",
    "no_new_privs",
    "cap_eff",
    "cap_bnd",
    "speculation_store_bypass",
    "apparmor",
    "cgroup",
    "namespaces",
    "cpu_quota",
    "memory_limit",
    "filesystem",
)

Identity = Mapping[str, str]


def disagreement(facts: dict[str, Any], cell: str) -> str | None:
    """Why no comparison counts a cell of a run: its outputs are not the reference's, and it was timed by force."""
    if section(section(facts, "artifacts"), cell).get("agrees") is not False:
        return None
    return f"{cell} was {FORCED}"


def identity(hello: Mapping[str, Any], loaded: Mapping[str, Any]) -> dict[str, str]:
    """What a launch was, as flat text → text, so that two launches differ in keys that can be named.

    Empty when the runner did not say hello or did not load: then nothing may be compared.
    """
    if not hello or not loaded:
        return {}
    return {
        **_flat("package", hello.get("versions")),
        **_flat("library", loaded.get("libraries")),
        **_flat("environment", hello.get("env")),
        "threads": str(hello.get("threads", ABSENT)),
        "CPU affinity": _cpus(hello.get("affinity")),
        "cpu_quota": short_quota(hello) or "none",
        "slowdown on purpose": str(hello.get("slowdown") or 0),
        "artifact": str(loaded.get("artifact_sha256", ABSENT)),
        "runner": str(hello.get("runner_sha256", ABSENT)),
        "Python": ".".join(str(hello.get("python", ABSENT)).split(".")[:2]),
        "machine": str(hello.get("machine", ABSENT)),
    }


def kernel_state(hello: Mapping[str, Any]) -> dict[str, Any]:
    """What the kernel said of the process: recorded, never judged."""
    kernel = hello.get("kernel")
    return {key: kernel[key] for key in _KERNEL if key in kernel} if isinstance(kernel, Mapping) else {}


def short_quota(hello: Mapping[str, Any]) -> str | None:
    """The CPU quota of a launch as the kernel has it, `50000/100000`, where it is less than its CPUs have; or None."""
    quota, affinity = kernel_state(hello).get("cpu_quota"), hello.get("affinity")
    found = re.fullmatch(r"(\d+)/([1-9]\d*)", quota) if isinstance(quota, str) else None
    enough = found and isinstance(affinity, list) and int(found[1]) >= len(affinity) * int(found[2])
    return found[0] if found and not enough else None


def compare(arms: Mapping[str, Sequence[Identity]], meant: Collection[str] = ()) -> tuple[bool, str | None]:
    """(comparable, reason) of the launches of two arms: arm → one identity a launch.

    `meant` are keys of the identity in which the arms differ on purpose: an arm that runs on other CPUs, say.
    """
    for arm, launches in arms.items():
        if not all(launches):
            return False, f"a launch of {arm} does not say what it ran"
    differences = [text for key in _keys(arms) if key not in meant and (text := _difference(key, arms))]
    if not differences:
        return True, None
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return False, "; ".join(differences[:SHOWN]) + more


def _difference(key: str, arms: Mapping[str, Sequence[Identity]]) -> str | None:
    seen = {arm: sorted({launch.get(key, ABSENT) for launch in launches}) for arm, launches in arms.items()}
    if len({value for values in seen.values() for value in values}) <= 1:
        return None
    for arm, values in seen.items():
        if len(values) > 1:
            return f"{key} changed during the run in {arm}: {short(values[0], 20)}, then {short(values[1], 20)}"
    return f"{key}: " + ", ".join(f"{short(values[0], 20)} ({arm})" for arm, values in seen.items())


def _keys(arms: Mapping[str, Sequence[Identity]]) -> list[str]:
    """Every key of any launch, the telling ones first: a differing package also changes its libraries."""
    keys = {key for launches in arms.values() for launch in launches for key in launch}
    return sorted(keys, key=lambda key: (key.startswith("library"), not key.startswith("package"), key))


def _flat(kind: str, values: Any) -> dict[str, str]:
    if not isinstance(values, Mapping):
        return {}
    return {f"{kind} {name}": str(value) for name, value in values.items()}


def _cpus(affinity: Any) -> str:
    return ",".join(map(str, affinity)) if isinstance(affinity, list) else ABSENT
