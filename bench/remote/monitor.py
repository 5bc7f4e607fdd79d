"""The activity of a board during a launch: its files, read before and after (rules: bench.hosts.monitor)."""

from dataclasses import dataclass
from typing import Any

from bench.hosts.monitor import Watch
from bench.remote.agent_client import AgentClient
from bench.remote.snapshot import snapshot

FILES = (
    "/proc/stat",
    "/proc/pressure/*",
    "/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/*_throttle_count",
    "/sys/class/thermal/cooling_device[0-9]*/type",
    "/sys/class/thermal/cooling_device[0-9]*/cur_state",
    "/sys/devices/platform/soc/soc:firmware/get_throttled",
)


@dataclass(frozen=True, kw_only=True)
class BoardWatch(Watch):
    """A watch that reads a board."""

    board: AgentClient

    def read(self) -> dict[str, Any]:
        """Return the counters of the board's kernel, with the time of the board's clock."""
        with snapshot(self.board, FILES) as (root, moment):
            return {**Watch(self.cpus, root).read(), "t_ns": moment}
