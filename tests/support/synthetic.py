"""Runs that never happened, with a known truth, written to disk by the very writer that bench uses."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.journal.journal import Journal, Run, read, write_run

ARMS = ("container", "rootfs", "native")
_KERNEL = {
    "container": {"seccomp": 2, "no_new_privs": 1, "cap_eff": "0000000000000000"},
    "rootfs": {"seccomp": 0, "no_new_privs": 0, "cap_eff": "000001ffffffffff"},
    "native": {"seccomp": 0, "no_new_privs": 0, "cap_eff": "000001ffffffffff"},
}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """One cell: its median in ms in the rootfs arm, and each arm's factor on it."""

    framework: str = "onnxruntime"
    model: str = "mobilenet-v2"
    ms: float = 12.0
    factors: dict[str, float] = field(default_factory=lambda: {"container": 1.01, "rootfs": 1.0, "native": 0.99})
    launch_sd: float = 0.01
    sample_sd: float = 0.02
    drift_sd: float = 0.02  # shared by the arms of a block: what pairing takes out
    versions: dict[str, dict[str, str]] = field(default_factory=dict)  # arm → packages that differ there
    failing: dict[str, str] = field(default_factory=dict)  # arm → reason of every second launch
    device: str = "host"
    precision: str = "fp32"
    size_bytes: int = 14_000_000  # of the artifact
    max_rel: float = 4e-6
    agrees: bool = True  # false: timed by force
    params: int | None = 3_504_872
    macs: int | None = 300_774_272
    memory_bytes: int = 80_000_000
    phases_ms: tuple[float, float, float, float] = (60.0, 150.0, 120.0, 25.0)  # start, import, load, first

    @property
    def cell(self) -> str:
        return f"{self.device}/{self.framework}/{self.model}/{self.precision}"


RUN_ID = "20261123T101500-a1b2c3"


def facts(truths: list[Truth], blocks: int, arms: tuple[str, ...] = ARMS, run_id: str = RUN_ID) -> dict[str, Any]:
    """run.json."""
    return {
        "schema": 1,
        "run_id": run_id,
        "created": "2026-11-23T10:15:00Z",
        "command": "bench matrix run --device host",
        "versions": {"bench": "0.1.0", "runner": "0.1.0", "protocol": 1, "git": "0123abc"},
        "seed": 7,
        "plan": {
            "device": truths[0].device if truths else "host",
            "profile": "demo",
            "arms": list(arms),
            "blocks": blocks,
            "cpus": "0-1",
            "threads": 2,
            "cells": [
                {"cell": t.cell, "framework": t.framework, "model": t.model, "precision": t.precision} for t in truths
            ],
        },
        "host": {
            "kernel": "6.1.0-28-amd64",
            "os": "Debian GNU/Linux 12 (bookworm)",
            "machine": "x86_64",
            "cpu_model": "Intel(R) Xeon(R) Processor @ 2.60GHz",
            "cpus": 2,
            "memory_bytes": 8 << 30,
            "governor": None,
            "virtualization": "kvm",
            "engine": {"version": "26.1.5", "runtime": "runc", "storage_driver": "overlay2", "cgroup_version": "2"},
        },
        "images": {
            t.framework: {
                "ref": f"edgebench/{t.framework}:0.1.0",
                "digest": "sha256:" + "ab" * 32,
                "size_bytes": 200_000_000,
            }
            for t in truths
        },
        "artifacts": {
            t.cell: {
                "sha256": "cd" * 32,
                "format": "onnx",
                "size_bytes": t.size_bytes,
                "parity": {"max_rel": t.max_rel, "cosine": 1.0, "top1": True},
                "agrees": t.agrees,
                "params": t.params,
                "macs": t.macs,
            }
            for t in truths
        },
        "recipes": {t.framework: "ef" * 32 for t in truths},
        "forced": [],
    }


def line(truth: Truth, arm: str, block: int, samples: list[Any], **change: Any) -> dict[str, Any]:
    """One line of the journal; `change` replaces keys."""
    start, imported, load, first = (int(1e6 * ms) for ms in truth.phases_ms)
    return {
        "schema": 1,
        "launch": f"{truth.cell}/{arm}/{block}",
        "cell": truth.cell,
        "arm": arm,
        "block": block,
        "attempt": 1,
        "started": "2026-11-23T10:15:01Z",
        "ended": "2026-11-23T10:15:03Z",
        "status": "ok",
        "reason": None,
        "message": None,
        "stderr": None,
        "start_ns": 10**9,
        "wall_ns": 2 * 10**9,
        "exit_code": 0,
        "hello": {
            "protocol": 1,
            "t_ns": 10**9 + start + imported,
            "import_ns": imported,
            "runner_sha256": "12" * 32,
            "python": "3.11.2",
            "machine": "x86_64",
            "versions": {truth.framework: "1.32.0", "numpy": "2.4.6"} | truth.versions.get(arm, {}),
            "env": {"OMP_NUM_THREADS": "2", "LANG": "C.UTF-8"},
            "affinity": [0, 1],
            "threads": 2,
            "kernel": _KERNEL.get(arm, {}),
        },
        "loaded": {
            "artifact_sha256": "cd" * 32,
            "load_ns": load,
            "first_ns": first,
            "libraries": {"libframework.so": "deadbeef"},
        },
        "output": None,
        "memory": {"rss_peak_bytes": truth.memory_bytes, "cgroup_peak_bytes": None},
        "samples": samples,
        "warmup": [],
        **change,
    }


def write(
    directory: Path,
    truths: list[Truth],
    blocks: int = 20,
    samples: int = 60,
    seed: int = 1,
    arms: tuple[str, ...] = ARMS,
    run_id: str = RUN_ID,
) -> Run:
    """Write a whole run and read it back."""
    random = np.random.default_rng(seed)
    write_run(directory, facts(truths, blocks, arms, run_id))
    with Journal(directory) as journal:
        for block in range(1, blocks + 1):
            for truth in truths:
                drift = random.normal(0, truth.drift_sd)
                for arm in arms:
                    journal.append(_launch(truth, arm, block, samples, drift, random))
    return read(directory)


def _launch(
    truth: Truth, arm: str, block: int, samples: int, drift: float, random: np.random.Generator
) -> dict[str, Any]:
    if arm in truth.failing and block % 2:
        change = {
            "status": "failed",
            "reason": truth.failing[arm],
            "message": "it ended with code 137",
            "exit_code": 137,
        }
        return line(truth, arm, block, [], **change)
    level = np.log(truth.ms * 1e6 * truth.factors[arm]) + drift + random.normal(0, truth.launch_sd)
    timings = np.exp(level + np.abs(random.normal(0, truth.sample_sd, samples)))
    return line(truth, arm, block, [int(ns) for ns in timings])
