"""What the host did to the launches of a run, in plain words (bench/hosts/monitor.py has the rule)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

MOSTLY = 0.5  # of the launches: then the disturbance is how the machine is


def disturbances(report: dict[str, Any]) -> Iterator[str]:
    """How many launches were measured again, how many that count were disturbed all the same, and by what."""
    arms = [arm for cell in report["cells"] for arm in cell["arms"].values()]
    replaced, flagged = (_total(arms, name) for name in ("replaced", "flagged"))
    launches = sum(arm["launches"] for arm in arms)
    if number := replaced["launches"]:
        yield f"{_launches(number)} disturbed by the host and measured again ({_flags(replaced)})"
    if number := flagged["launches"]:
        too = " too" if replaced["launches"] else ""
        verb = "was" if number == 1 else "were"
        busy = ": this machine was not quiet, and intervals are wide for it" if number > MOSTLY * launches else ""
        yield f"{number} of the {launches} launches that count {verb} disturbed{too} ({_flags(flagged)}){busy}"


def _total(arms: list[dict[str, Any]], name: str) -> dict[str, Any]:
    by_flag: Counter[str] = Counter()
    for arm in arms:
        by_flag.update(arm[name]["by_flag"])
    return {"launches": sum(arm[name]["launches"] for arm in arms), "by_flag": by_flag}


def _flags(total: dict[str, Any]) -> str:
    ordered = sorted(total["by_flag"].items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{flag} {count}" for flag, count in ordered)


def _launches(number: int) -> str:
    return "1 launch was" if number == 1 else f"{number} launches were"
