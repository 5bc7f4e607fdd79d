"""The SDK's keywords for a container, spelt in two other ways: as `docker run ...`, and as a service of Compose.

There is one source for what a container is given, `bench.arms.container.options`; here it is only written differently.
A keyword that is not known here is an error (KeyError), so that none can be lost on the way.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Words = Mapping[str, Any]  # keywords of `containers.create`

# Keyword → the flag of `docker run` and the key of Compose, for those whose value is spelt alike everywhere: a text, a
# number, true, a list, or names with values.
ALIKE = {
    "hostname": ("--hostname", "hostname"),
    "environment": ("--env", "environment"),
    "labels": ("--label", "labels"),
    "user": ("--user", "user"),
    "network_mode": ("--network", "network_mode"),
    "read_only": ("--read-only", "read_only"),
    "cap_drop": ("--cap-drop", "cap_drop"),
    "security_opt": ("--security-opt", "security_opt"),
    "cpuset_cpus": ("--cpuset-cpus", "cpuset"),
    "mem_limit": ("--memory", "mem_limit"),
    "memswap_limit": ("--memory-swap", "memswap_limit"),
    "runtime": ("--runtime", "runtime"),
    "devices": ("--device", "devices"),
    "volumes": ("--volume", "volumes"),
    "device_cgroup_rules": ("--device-cgroup-rule", "device_cgroup_rules"),
    "group_add": ("--group-add", "group_add"),
}


def command(image: str, words: Words) -> list[str]:
    """The argument list of `docker run` that makes the same container, and removes it as we do."""
    flags = [flag for name, value in words.items() if value for flag in _flags(name, value)]
    return ["docker", "run", "--rm", *flags, image, *words["command"]]


def service(image: str, words: Words) -> dict[str, Any]:
    """A service of Compose that makes the same container. It gets no name, which two runs would fight for."""
    found: dict[str, Any] = {"image": image}
    for name, value in words.items():
        for key, said in (_keys(name, value) if value else {}).items():
            found[key] = [*found.get(key, ()), *said] if isinstance(said, list) else said
    return found


def _flags(name: str, value: Any) -> Iterable[str]:
    match name:
        case "command":
            return []
        case "name":
            return ["--name", value]
        case "tmpfs":
            return [word for path, how in value.items() for word in ("--tmpfs", f"{path}:{how}")]
        case "mounts":
            binds = (f"type=bind,source={each['Source']},target={each['Target']},readonly" for each in value)
            return [word for bind in binds for word in ("--mount", bind)]
        case "device_requests":
            return [word for each in value for word in _cards(each)]
    flag = ALIKE[name][0]
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, each in value.items() for word in (flag, f"{key}={each}")]
    return [word for each in (value if isinstance(value, list) else [value]) for word in (flag, str(each))]


def _cards(request: Words) -> Iterable[str]:
    if request["Driver"] == "cdi":
        return [word for device in request["DeviceIDs"] for word in ("--device", device)]
    return ["--gpus", "all"]


def _keys(name: str, value: Any) -> dict[str, Any]:
    match name:
        case "name":
            return {}
        case "command":
            return {"command": value}
        case "tmpfs":
            return {"tmpfs": [f"{path}:{how}" for path, how in value.items()]}
        case "mounts":
            return {"volumes": [
                {"type": "bind", "source": each["Source"], "target": each["Target"], "read_only": True}
                for each in value
            ]}  # fmt: skip
        case "device_requests":
            return {"deploy": {"resources": {"reservations": {"devices": [_reservation(each) for each in value]}}}}
    key = ALIKE[name][1]
    return {key: [str(each) for each in value] if isinstance(value, list) else value}


def _reservation(request: Words) -> dict[str, Any]:
    """`gpus: all` is shorter, but Compose knows it only since 2.30."""
    if request["Driver"] == "cdi":
        return {"driver": "cdi", "device_ids": list(request["DeviceIDs"]), "capabilities": ["gpu"]}
    return {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
