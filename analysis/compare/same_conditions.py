"""The differences between the launches of two runs, and whether they are allowed.

Software may differ, and is reported: packages, images, the kernel, the engine, the environment. The conditions of the
measurement may not: the machine, the resources of a launch, the model's file, the runner. `bench compare --across`
allows a difference in one of these by name, to compare for instance the same file on two boards.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.data.comparable import ABSENT, SHOWN, Identity
from analysis.data.fields import section
from bench.core.terminal import short

# Conditions that must be the same, by the word of --across that allows a difference.
ACROSS: dict[str, tuple[str, ...]] = {
    "hosts": ("device", "machine", "CPU model", "CPUs", "governor", "virtualization"),
    "resources": ("threads", "CPU affinity", "memory limit"),
    "artifacts": ("artifact",),
    "runners": ("runner",),
}
MOST = 40  # characters of a value
_WORD = {key: word for word, keys in ACROSS.items() for key in keys}
_HOST = {
    "cpu_model": "CPU model",
    "cpus": "CPUs",
    "governor": "governor",
    "virtualization": "virtualization",
    "kernel": "kernel",
    "os": "operating system",
}
_PLAN = {"memory": "memory limit", "profile": "profile", "warmup": "warm-up", "stop": "samples"}


@dataclass(frozen=True)
class Judgement:
    """`refused` is the reason not to compare the two sides, or None; `changed` maps a name to its values (A, B)."""

    refused: str | None
    changed: dict[str, tuple[str, str]]


def run_identity(facts: Mapping[str, Any], framework: str, arm: str) -> dict[str, str]:
    """Return the facts of run.json that hold for all launches of a framework in an arm, as name → text."""
    plan, host = section(facts, "plan"), section(facts, "host")
    image = section(section(facts, "images"), framework)
    said = {
        "device": plan.get("device"),
        **{name: host.get(key) for key, name in _HOST.items()},
        **{name: plan.get(key) for key, name in _PLAN.items()},
        "bench": section(facts, "versions").get("bench"),
    }
    if arm != "native":  # the native arm uses no image
        said["image"] = image.get("digest")
    if arm == "container":
        said |= {f"engine {key}": value for key, value in section(host, "engine").items()}
    return {key: _text(value) for key, value in said.items()}


def judge(
    a: Sequence[Identity], b: Sequence[Identity], run_a: Identity, run_b: Identity, across: Collection[str] = ()
) -> Judgement:
    """Decide whether the launches of one cell and arm may be compared between run A and run B.

    `across` holds words of ACROSS. Differences among the launches of one run are always refused, because it would be
    unclear which launches to compare.
    """
    for name, launches in (("A", a), ("B", b)):
        if not all(launches):
            return Judgement(f"a launch of {name} does not say what it ran", {})
        if mixed := _mixed(name, launches):
            return Judgement(mixed, {})
    one, other = {**a[0], **run_a}, {**b[0], **run_b}
    changed = {
        key: (one.get(key, ABSENT), other.get(key, ABSENT))
        for key in sorted(one.keys() | other.keys(), key=_weight)
        if one.get(key, ABSENT) != other.get(key, ABSENT)
    }
    fixed = [key for key in changed if key in _WORD and _WORD[key] not in across]
    if not fixed:
        return Judgement(None, changed)
    said = "; ".join(
        f"{key}: {short(changed[key][0], MOST)} (A), {short(changed[key][1], MOST)} (B)" for key in fixed[:SHOWN]
    )
    more = f"; and {len(fixed) - SHOWN} more" if len(fixed) > SHOWN else ""
    words = " ".join(f"--across {word}" for word in ACROSS if word in {_WORD[key] for key in fixed})
    return Judgement(f"{said}{more}; {words} compares all the same", changed)


def _mixed(run: str, launches: Sequence[Identity]) -> str | None:
    first = launches[0]
    for launch in launches[1:]:
        if launch is first or launch == first:  # launches.py shares equal identities: nearly always the same object
            continue
        key = min((key for key in first.keys() | launch.keys() if first.get(key) != launch.get(key)), key=_weight)
        before, after = (short(said.get(key, ABSENT), MOST) for said in (first, launch))
        return f"{key} changed during run {run}: {before}, {after}"
    return None


def _weight(key: str) -> tuple[bool, bool, str]:
    """Sort key: names that must not differ, then packages and all others, then the libraries of packages."""
    return key not in _WORD, key.startswith("library"), key


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return ABSENT if value is None else str(value)
