"""The facts of a board that a run records: those of a local machine, and the board's identity."""

import hashlib
import re
from typing import Any

import docker

from bench.hosts import provenance
from bench.hosts.host import text
from bench.remote.agent_client import AgentClient
from bench.remote.snapshot import snapshot

FILES = (
    "/etc/os-release",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
    "/sys/hypervisor/type",
    "/sys/class/dmi/id/sys_vendor",
)
NAMESPACES = 'for each in /proc/self/ns/*; do echo "${each##*/} $(readlink "$each")"; done'


def facts(board: AgentClient, engine: docker.DockerClient | None) -> dict[str, Any]:
    """Return `host` of run.json (docs/results.md). `address` has no secret; `machine_id` is a hash of the real one."""
    with snapshot(board, FILES) as (root, _):
        known = provenance.host(engine, root)
    memory = re.search(r"^MemTotal:\s+(\d+) kB$", text(board, "/proc/meminfo") or "", re.MULTILINE)
    spaces = re.findall(r"^(\S+) (\S+)$", board.run(["sh", "-c", NAMESPACES]).out, re.MULTILINE)
    own = {
        "kernel": text(board, "/proc/sys/kernel/osrelease"),
        "machine": board.machine,
        "cpus": len(board.glob("/sys/devices/system/cpu/cpu[0-9]*")) or None,
        "memory_bytes": int(memory[1]) * 1024 if memory else None,
        "namespaces": dict(spaces) or None,
    }
    return {**known, **own, **provenance.board(board), "address": str(board.address), **identity(board)}


def identity(board: AgentClient) -> dict[str, Any]:
    """Return `machine_id` (null if the board has none) and `boot_id`, which changes at each restart."""
    given = text(board, "/etc/machine-id")
    hashed = hashlib.sha256(f"edgebench {given}".encode()).hexdigest()[:32] if given else None
    return {"machine_id": hashed, "boot_id": board.boot}
