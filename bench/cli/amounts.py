"""Amounts as a user types them."""

import re

from bench.errors import ConfigError

_MILLISECONDS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def milliseconds(option: str, text: str) -> float:
    """`20ms`, `0.02 s`, `500us` → ms. Raises ConfigError naming the option."""
    return _amount(option, text, _MILLISECONDS, "for example 20ms or 0.02s")


def size(option: str, text: str) -> float:
    """`500MB`, `0.5 GB`, `512MiB` → bytes. Raises ConfigError naming the option."""
    return _amount(option, text, _BYTES, "for example 500MB or 1GiB")


def _amount(option: str, text: str, units: dict[str, float] | dict[str, int], example: str) -> float:
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-zµ]+)\s*", text.lower())
    value = float(match[1]) * units.get(match[2], 0) if match else 0.0
    if not 0 < value < 1e18:
        raise ConfigError(f"{option} {text[:40]}: no amount above 0 with its unit ({', '.join(units)})", example)
    return value
