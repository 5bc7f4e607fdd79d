"""Writes the SDK's keywords for a container in two other forms: as `docker run ...` and as a service of Compose.

`bench.arms.container.options` is the one source of the keywords. An unknown keyword raises KeyError, so that none is
lost.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Words = Mapping[str, Any]  # keywords of `containers.create`

# Keyword → the flag of `docker run` and the key of Compose, for keywords whose value has the same form in all three: a
# text, a number, true, a list, or a mapping.
COMMON = {
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
    """The argument list of `docker run` that runs the same container and removes it at its end."""
    flags = [flag for name, value in words.items() if value for flag in _flags(name, value)]
    return ["docker", "run", "--rm", *flags, image, *words["command"]]


def service(image: str, words: Words) -> dict[str, Any]:
    """A service of Compose that runs the same container. It has no name: two runs could not use the same one."""
    found: dict[str, Any] = {"image": image}
    for name, value in words.items():
        for key, said in (_keys(name, value) if value else {}).items():
            found[key] = [*found.get(key, ()), *said] if isinstance(said, list) else said
    return found


def _flags(name: str, value: Any) -> Iterable[str]:
    """The flags of `docker run` for one keyword."""
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
            return [word for each in value for word in _gpu_flags(each)]
    return _common_flags(COMMON[name][0], value)


def _common_flags(flag: str, value: Any) -> Iterable[str]:
    """A flag with its value; once for each entry of a list or a mapping."""
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, each in value.items() for word in (flag, f"{key}={each}")]
    return [word for each in (value if isinstance(value, list) else [value]) for word in (flag, str(each))]


def _gpu_flags(request: Words) -> Iterable[str]:
    if request["Driver"] == "cdi":
        return [word for device in request["DeviceIDs"] for word in ("--device", device)]
    return ["--gpus", "all"]


def _keys(name: str, value: Any) -> dict[str, Any]:
    """The keys of a Compose service for one keyword."""
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
    key = COMMON[name][1]
    return {key: [str(each) for each in value] if isinstance(value, list) else value}


def _reservation(request: Words) -> dict[str, Any]:
    """A reservation of GPUs. `gpus: all` would be shorter, but only Compose 2.30 and later knows it."""
    if request["Driver"] == "cdi":
        return {"driver": "cdi", "device_ids": list(request["DeviceIDs"]), "capabilities": ["gpu"]}
    return {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
