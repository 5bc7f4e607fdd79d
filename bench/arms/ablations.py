"""Ablations: arms that differ from `container` in one thing, so that container / ablation is the cost of that thing.

The table below has for each ablation what it changes, what the ratio measures, which facts of the runner's `hello` it
changes on purpose (docs/protocol.md), and on which engines it is unavailable. Another fact that differs makes the pair
incomparable only if analysis/data/comparable.py judges that fact; otherwise it is only reported.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.arms.launch import Spec

NEAR = 1.1  # times the working set: the memory limit of the ablation `memory-limit`

Words = dict[str, Any]  # the keywords of `containers.create` (container.py)
Engine = Mapping[str, Any]  # the answer of `docker info`


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """One arm. `change` returns the changed keywords; `unavailable` returns why an engine cannot run it, or None."""

    name: str
    changes: str
    tells: str
    facts: tuple[str, ...] = ()
    change: Callable[[Words, Spec], Words] = lambda words, _spec: words
    unavailable: Callable[[Engine], str | None] = lambda _engine: None


def _with(**changed: Any) -> Callable[[Words, Spec], Words]:
    return lambda words, _spec: {**words, **changed}


def _without(key: str, **changed: Any) -> Callable[[Words, Spec], Words]:
    return lambda words, _spec: {**{k: value for k, value in words.items() if k != key}, **changed}


def _security(option: str) -> Callable[[Words, Spec], Words]:
    return lambda words, _spec: {**words, "security_opt": [*words["security_opt"], option]}


def _quota(words: Words, spec: Spec) -> Words:
    free = {key: value for key, value in words.items() if key != "cpuset_cpus"}
    return {**free, "nano_cpus": spec.threads * 10**9}  # as much CPU time as the cpuset has, but on any CPU


def _lacks(option: str, why: str) -> Callable[[Engine], str | None]:
    """Makes an `unavailable` that returns `why` when the engine lacks this security option."""
    return lambda engine: None if any(option in each for each in engine.get("SecurityOptions") or ()) else why


def _cgroup_1(engine: Engine) -> str | None:
    if str(engine.get("CgroupVersion")) == "1":
        return "with control groups of version 1 a container has the host's cgroup namespace anyway"
    return None


ABLATIONS = {
    each.name: each
    for each in (
        Ablation(
            name="no-seccomp",
            changes="no seccomp filter",
            tells="the filter of system calls, and on x86 kernels before 5.16 the mitigations that it brings",
            facts=("seccomp", "speculation_store_bypass"),
            change=_security("seccomp=unconfined"),
        ),
        Ablation(
            name="no-apparmor",
            changes="no AppArmor profile",
            tells="AppArmor's checks",
            facts=("apparmor",),
            change=_security("apparmor=unconfined"),
            unavailable=_lacks("name=apparmor", "this engine's host has no AppArmor"),
        ),
        Ablation(
            name="all-caps",
            changes="all capabilities instead of none",
            tells="checks of capabilities",
            facts=("cap_eff", "cap_bnd"),
            change=_without("cap_drop", cap_add=["ALL"]),
        ),
        Ablation(
            name="privileged",
            changes="everything allowed, nothing masked",
            tells="seccomp, AppArmor, capabilities and masked files together",
            facts=("seccomp", "speculation_store_bypass", "apparmor", "cap_eff", "cap_bnd"),
            change=_without("cap_drop", privileged=True),
        ),
        Ablation(
            name="host-network",
            changes="the host's network instead of none",
            tells="the network namespace",
            facts=("namespaces.net",),
            change=_with(network_mode="host"),
        ),
        Ablation(
            name="host-pid",
            changes="the host's processes",
            tells="the pid namespace",
            facts=("namespaces.pid", "namespaces.pid_for_children"),
            change=_with(pid_mode="host"),
        ),
        Ablation(
            name="host-ipc",
            changes="the host's shared memory and semaphores",
            tells="the ipc namespace, and a /dev/shm of its own",
            facts=("namespaces.ipc",),
            change=_with(ipc_mode="host"),
        ),
        Ablation(
            name="host-uts",
            changes="the host's name",
            tells="the uts namespace",
            facts=("namespaces.uts",),
            change=_without("hostname", uts_mode="host"),
        ),
        Ablation(
            name="host-cgroupns",
            changes="the host's view of control groups",
            tells="the cgroup namespace",
            facts=("namespaces.cgroup",),
            change=_with(cgroupns="host"),
            unavailable=_cgroup_1,
        ),
        Ablation(
            name="host-user",
            changes="the host's users",
            tells="the user namespace",
            facts=("namespaces.user",),
            change=_with(userns_mode="host"),
            unavailable=_lacks("name=userns", "this engine gives containers the host's users anyway"),
        ),
        Ablation(
            name="cpu-quota",
            changes="a CPU quota instead of a cpuset",
            tells="the cpuset; as a rule the quota is what costs, and the ratio is below 1",
            facts=("cpu_quota", "CPU affinity"),
            change=_quota,
        ),
        Ablation(
            name="memory-limit",
            changes=f"a memory limit of {NEAR} times what it needs",
            tells="what a limit near the working set costs: the ratio is below 1 where it does",
            facts=("memory_limit",),
            change=lambda words, spec: {**words, "mem_limit": spec.memory, "memswap_limit": spec.memory},
        ),
        Ablation(
            name="writable-root",
            changes="a root that can be written",
            tells="the read-only root",
            facts=("filesystem",),
            change=_with(read_only=False),
        ),
        Ablation(
            name="bind-root",
            changes="its folders bound from the host, no layers",
            tells="the layered file system",
            facts=("filesystem",),
        ),
        Ablation(
            name="cold-cache",
            changes="image and model not in memory at the start",
            tells="what is read from the disk: it shows in the phases before the first inference",
        ),
    )
}


def expected_facts(name: str) -> tuple[str, ...]:
    """The facts that an arm changes on purpose against `container`; empty for an arm that is not an ablation."""
    return ABLATIONS[name].facts if name in ABLATIONS else ()
