"""Checks the engine: its version, its limits, its runtimes, CDI, and NVIDIA's lists of files."""

import re
from collections.abc import Iterator

from bench.core.matrix.platforms import MACHINES, platform_of
from bench.doctor.case import Case, Line
from bench.hosts.grant import cdi_specs, hooks
from bench.hosts.host import text

CLONE3 = (20, 10, 10)  # the first version in which glibc 2.34 and later can start threads: moby issue 42680
LISTS = "/etc/nvidia-container-runtime/host-files-for-container.d"
# The lists of host files that NVIDIA's runtime mounts into containers. On JetPack 4 they include CUDA and TensorRT.
LISTED = {
    "l4t-r32": ("l4t", "cuda", "cudnn", "tensorrt"),
    "l4t-r35": ("devices", "drivers"),
    "l4t-r36": ("devices", "drivers"),
}
OLD_GLIBC = ("l4t-r32", "l4t-r35")  # Ubuntu 18.04 and 20.04


def engine_lines(case: Case) -> Iterator[Line]:
    """The lines for the engine itself, then for what NVIDIA's hardware needs of it."""
    if not case.info:
        shut = "Permission denied" in case.silence
        start = "start Docker (sudo systemctl start docker), or `make engine-up`"
        yield Line("engine", "fail", case.silence, "sudo usermod -aG docker $USER, and log in again" if shut else start)
    else:
        yield from _engine(case)
    ways = [way for name in case.frameworks for way in case.matrix.accesses(case.name, name)]
    if case.info and any(way.runtime for way in ways):
        yield from _runtime(case)
    if case.info and any(way.gpu for way in ways):
        yield _cards(case)
    for platform in sorted({each for each in case.platforms.values() if each.startswith("l4t")}):
        yield from _lists(case, platform)


def _engine(case: Case) -> Iterator[Line]:
    said, info = str(case.info.get("ServerVersion", "")), case.info
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:3])
    where = str(info.get("Architecture", ""))
    if where and MACHINES.get(where, where) != platform_of(case.host.machine):
        yield Line(
            "engine",
            "fail",
            f"it is an engine of {where}, and this machine is {case.host.machine}",
            "unset DOCKER_HOST",
        )
    elif version < CLONE3 and any(platform not in OLD_GLIBC for platform in case.platforms.values()):
        what = f"Docker {said} is older than 20.10.10: images with a glibc from 2.34 on may not start threads"
        yield Line("engine", "warn", what, "sudo apt-get install --only-upgrade docker.io")
    else:
        yield Line("engine", "ok", f"Docker {said}")
    if info.get("CPUSet") is False:
        yield Line("cpusets", "fail", "the engine cannot pin containers to CPUs", "a kernel with CONFIG_CPUSETS")
    if info.get("MemoryLimit") is False:
        mend = "add cgroup_enable=memory to the kernel's command line (/boot/firmware/cmdline.txt on a Raspberry Pi)"
        yield Line("memory limits", "warn", "containers' memory can be neither limited nor recorded", mend)
    if not any("seccomp" in str(each) for each in info.get("SecurityOptions") or ()):
        what = "containers run without seccomp, which is a part of what they cost"
        yield Line("seccomp", "warn", what, "a kernel with CONFIG_SECCOMP_FILTER, and Docker's default profile")


def _runtime(case: Case) -> Iterator[Line]:
    runtimes = case.info.get("Runtimes") or {}
    if "nvidia" in runtimes:
        yield Line("runtime", "ok", "the engine has the runtime 'nvidia'")
        return
    others = ", ".join(sorted(runtimes)) or "none"
    what = f"the engine has no runtime 'nvidia' (it has {others}), and on a Jetson --gpus does not do it"
    mend = "sudo apt install nvidia-container && sudo systemctl restart docker; or add it to /etc/docker/daemon.json"
    yield Line("runtime", "fail", what, mend)


def _cards(case: Case) -> Line:
    specs = cdi_specs(case.host)
    if specs and case.info.get("CDISpecDirs"):
        return Line("cards", "ok", f"by CDI: {', '.join(specs)}")
    if found := hooks(case.host):
        return Line("cards", "ok", f"by device requests: {found[0]}")
    if specs:
        what = f"{specs[0]} describes the cards, and the engine does not read it"
        return Line("cards", "fail", what, 'Docker from 28.2 on, or "features": {"cdi": true} in daemon.json')
    what = "neither NVIDIA's container hook nor a CDI description of its cards is there"
    mend = "sudo apt install nvidia-container-toolkit && sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
    return Line("cards", "fail", what, mend)


def _lists(case: Case, platform: str) -> Iterator[Line]:
    """Whether the runtime's lists and the files in them exist; on JetPack 4 also the version of TensorRT."""
    names = LISTED[platform]
    gone = [name for name in names if case.host.stat(f"{LISTS}/{name}.csv") is None]
    topic = "CSV lists"
    if gone:
        packages = " ".join(
            f"nvidia-container-csv-{name}" for name in gone if name not in ("l4t", "devices", "drivers")
        )
        what = f"{LISTS} lacks {', '.join(f'{name}.csv' for name in gone)}: containers get none of what they list"
        yield Line(topic, "fail", what, f"sudo apt install nvidia-container {packages}".strip())
        return
    listed = [path for name in names for path in _files(text(case.host, f"{LISTS}/{name}.csv") or "")]
    absent = [path for path in listed if case.host.stat(path) is None]
    if absent:
        what = f"{len(absent)} of {len(listed)} libraries in {LISTS} are not there, {absent[0]} the first of them"
        yield Line(topic, "warn", what, "sudo apt install --reinstall nvidia-jetpack")
    else:
        yield Line(topic, "ok", f"{', '.join(names)}: {len(listed)} libraries, all there")
    if platform == "l4t-r32":
        versions = {found[1] for path in listed if (found := re.search(r"libnvinfer\.so\.(\d+\.\d+\.\d+)", path))}
        held = f"TensorRT {', '.join(sorted(versions))}" if versions else "no TensorRT"
        yield Line("host's libraries", "ok", f"JetPack 4 containers load CUDA and TensorRT of this board: {held}")


def _files(listing: str) -> list[str]:
    """The libraries that a list names: lines such as `lib, /usr/lib/aarch64-linux-gnu/libnvinfer.so.8.2.1`."""
    lines = (line.partition(",") for line in listing.splitlines())
    return [path.strip() for kind, _, path in lines if kind.strip() == "lib"]
