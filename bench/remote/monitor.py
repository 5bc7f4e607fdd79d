"""What a board did while a launch ran, by the rule of bench.hosts.monitor: its files, read before and after."""

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
    """Reads a board."""

    board: AgentClient

    def read(self) -> dict[str, Any]:
        """What the board's kernel has counted by now, by the board's clock."""
        with snapshot(self.board, FILES) as (root, moment):
            return {**Watch(self.cpus, root).read(), "t_ns": moment}
