"""What throttle channels say: whether something was held back, when, and by what."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

STAYS = "since-boot"  # of a channel whose bits stay until the next start


def held_back(channel: Mapping[str, Any], values: NDArray[np.float64]) -> bool:
    """Whether these readings of a channel mean that something was slower than it could be, at any moment of them.

    A state or bits other than 0 do; a count, or bits that stay, when they changed.
    """
    if not len(values):
        return False
    changes = channel.get("method") == "counter" or channel.get("name") == STAYS
    return bool(np.any(values != values[0])) if changes else bool(np.any(values != 0))


def words(channel: Mapping[str, Any], value: float) -> str:
    """A throttle reading in words: `under-voltage, throttled`, `state 3`, `none`."""
    bits = channel.get("bits")
    if isinstance(bits, Mapping):
        named = [str(word) for bit, word in bits.items() if str(bit).isdecimal() and int(value) >> int(bit) & 1]
        return ", ".join(named) or "none"
    return f"{channel.get('unit', 'state')} {value:g}"
