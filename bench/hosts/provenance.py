"""The machine, its settings and the engine, as run.json records them (docs/results.md, `host`)."""

import os
import platform
from pathlib import Path
from typing import Any

import docker

from bench.hosts import clocks
from bench.hosts.host import Host, host_root
from bench.hosts.identify import read_facts


def host(engine: docker.DockerClient | None, root: Path | None = None) -> dict[str, Any]:
    """Facts of the machine; None for unknown ones. `root` is where its file system is mounted."""
    root = root or host_root() or Path("/")
    return {
        "kernel": platform.release(),
        "os": _after(root / "etc/os-release", "PRETTY_NAME="),
        "machine": platform.machine(),
        "cpu_model": _after(root / "proc/cpuinfo", "model name\t: ") or _after(root / "proc/cpuinfo", "Model\t\t: "),
        "cpus": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "governor": _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "virtualization": _virtualization(root),
        "namespaces": _namespaces(root / "proc/self/ns"),
        "engine": engine_facts(engine) if engine else None,
    }


def board(machine: Host) -> dict[str, Any]:
    """Facts of a board: its device tree, the release of L4T, the power mode; None for unknown ones."""
    facts = read_facts(machine, {})
    mode = clocks.power_mode(machine) if machine.stat(clocks.CONFIGURATION) else None
    return {
        "board": facts.model,
        "compatible": list(facts.compatible) or None,
        "l4t": facts.l4t,
        "power_mode": mode.name if isinstance(mode, clocks.Mode) else None,
    }


def engine_facts(engine: docker.DockerClient) -> dict[str, Any]:
    """The settings of the engine that may influence a timing."""
    info = engine.info()
    return {
        "version": info.get("ServerVersion"),
        "runtime": info.get("DefaultRuntime"),
        "storage_driver": info.get("Driver"),
        "cgroup_version": info.get("CgroupVersion"),
        "cgroup_driver": info.get("CgroupDriver"),
        "security": info.get("SecurityOptions"),
    }


def _namespaces(folder: Path) -> dict[str, str] | None:
    """The namespaces of bench itself. A launch that has the same one shares it with the host."""
    try:
        return {path.name: str(path.readlink()) for path in sorted(folder.iterdir())}
    except OSError:
        return None


def _virtualization(root: Path) -> str | None:
    vendor = _text(root / "sys/hypervisor/type") or _text(root / "sys/class/dmi/id/sys_vendor")
    flags = _after(root / "proc/cpuinfo", "flags\t\t: ") or ""
    return (vendor or "a hypervisor") if "hypervisor" in flags.split() else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def _after(path: Path, prefix: str) -> str | None:
    lines = (_text(path) or "").splitlines()
    return next((line.removeprefix(prefix).strip('"') for line in lines if line.startswith(prefix)), None)
