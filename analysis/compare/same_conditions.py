"""What differs between the launches of two runs, and whether it may.

What is compared may change and is told: packages, images, the kernel, the engine, the environment. How it is measured
may not: the machine, what a launch may use of it, the model's file, the runner. Each of those is let through by name
(`bench compare --across`), since "the same file on two boards" is a fair question, and nothing else is let through
with it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.data.comparable import ABSENT, SHOWN, Identity
from analysis.data.fields import section
from bench.core.terminal import short

# What must be the same, by the word that lets it differ.
ACROSS: dict[str, tuple[str, ...]] = {
    "hosts": ("device", "machine", "CPU model", "CPUs", "governor", "virtualization"),
    "resources": ("threads", "CPU affinity", "memory limit"),
    "artifacts": ("artifact",),
    "runners": ("runner",),
}
MOST = 40  # letters of a value
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
    """`refused` says why two sides may not be compared, or is None; `changed` is what differs: (A, B)."""

    refused: str | None
    changed: dict[str, tuple[str, str]]


def run_identity(facts: Mapping[str, Any], framework: str, arm: str) -> dict[str, str]:
    """What a run.json says of all launches of a framework in an arm, as flat text → text."""
    plan, host = section(facts, "plan"), section(facts, "host")
    image = section(section(facts, "images"), framework)
    said = {
        "device": plan.get("device"),
        **{name: host.get(key) for key, name in _HOST.items()},
        **{name: plan.get(key) for key, name in _PLAN.items()},
        "bench": section(facts, "versions").get("bench"),
    }
    if arm != "native":  # which needs no image
        said["image"] = image.get("digest")
    if arm == "container":
        said |= {f"engine {key}": value for key, value in section(host, "engine").items()}
    return {key: _text(value) for key, value in said.items()}


def judge(
    a: Sequence[Identity], b: Sequence[Identity], run_a: Identity, run_b: Identity, across: Collection[str] = ()
) -> Judgement:
    """May the launches of one cell and arm in run A be compared with those in run B?

    `across` holds words of ACROSS. Whatever differs among the launches of one run is refused: there is no telling
    which launches to take.
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
        if launch is first or launch == first:  # load.py shares what is alike: nearly always the same object
            continue
        key = min((key for key in first.keys() | launch.keys() if first.get(key) != launch.get(key)), key=_weight)
        before, after = (short(said.get(key, ABSENT), MOST) for said in (first, launch))
        return f"{key} changed during run {run}: {before}, {after}"
    return None


def _weight(key: str) -> tuple[bool, bool, str]:
    """The telling ones first: what must not differ, then packages and all else, then the libraries they bring."""
    return key not in _WORD, key.startswith("library"), key


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return ABSENT if value is None else str(value)
