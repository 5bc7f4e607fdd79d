"""What a journal or a run.json says, taken with care: either is a file that anybody may have written."""

from typing import Any, TypeGuard

DAY_NS = 24 * 3600 * 10**9  # no inference of this project takes a day: a larger number is damage
MOST = 2**62  # of a count, a size or a moment in ns


def section(facts: Any, name: str) -> dict[str, Any]:
    """A part that should be an object; empty where it is not one."""
    part = facts.get(name) if isinstance(facts, dict) else None
    return part if isinstance(part, dict) else {}


def is_count(value: Any) -> TypeGuard[int]:
    """Whether this is an integer above 0, of a size that means something."""
    return type(value) is int and 0 < value < MOST


def is_duration(value: Any) -> TypeGuard[int]:
    """Whether this is a duration in ns: an integer above 0 and below a day."""
    return type(value) is int and 0 < value < DAY_NS


def duration(value: Any) -> float:
    """A duration in ns, or NaN."""
    return float(value) if is_duration(value) else float("nan")


def size(value: Any) -> float:
    """A count or a size, or NaN."""
    return float(value) if is_count(value) else float("nan")


def text(value: Any) -> str | None:
    """A text, cut where nobody would read on, or None."""
    return None if value is None else str(value)[:2000]
