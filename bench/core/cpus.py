"""CPU lists as the kernel writes them (`0-1,4`), and which CPUs a launch may use."""

import os
import re
from collections.abc import Sequence

from bench.core.errors import ConfigError

MOST = 65_535  # the largest number of a CPU that is accepted


def allowed() -> list[int]:
    """The CPUs of this process's affinity mask; not os.cpu_count(), which a cpuset does not change."""
    return sorted(os.sched_getaffinity(0))


def parse(text: str, there: Sequence[int] | None = None) -> list[int]:
    """`0-1,4` → [0, 1, 4]. Raises ConfigError for no list, or for a CPU not in `there` (default: this process's)."""
    chosen: set[int] = set()
    for part in text.split(","):
        matched = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        low, high = (matched[1], matched[2] or matched[1]) if matched else ("1", "0")
        if int(high) < int(low) or int(high) > MOST:
            raise ConfigError(f"'{text}' is no list of CPUs", "for example --cpus 0-1 or --cpus 0,2")
        chosen.update(range(int(low), int(high) + 1))
    usable = allowed() if there is None else list(there)
    if away := sorted(chosen - set(usable)):
        raise ConfigError(f"CPU {away[0]} cannot be used here", f"there is: {show(usable)}")
    return sorted(chosen)


def show(cpus: list[int]) -> str:
    """[0, 1, 4] → `0-1,4`."""
    runs: list[list[int]] = []
    for cpu in sorted(cpus):
        if runs and cpu == runs[-1][-1] + 1:
            runs[-1].append(cpu)
        else:
            runs.append([cpu])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
