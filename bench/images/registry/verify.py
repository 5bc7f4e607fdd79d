"""Checks that a registry and the engine have the images of the lock file."""

from dataclasses import dataclass, field

import docker

from bench.core.errors import HostError
from bench.images.registry.client import Registry
from bench.images.registry.lock import Lock, Locked
from bench.images.registry.progress import Watcher
from bench.images.registry.pull import Puller, moved_tag
from bench.images.registry.remote_image import INDEXED, find_remote, version_tag
from runner.protocol import PROTOCOL


@dataclass(kw_only=True)
class Verdict:
    """The result for one locked image; `problems` is empty when it agrees with the lock file."""

    framework: str
    platform: str
    digest: str
    pulled: bool
    problems: list[str] = field(default_factory=list)


def verify(engine: docker.DockerClient, lock: Lock, framework: str, platform: str) -> Verdict:
    """Check one locked image in the registry and on the engine. Raises HostError when the registry does not answer."""
    locked = lock.find(framework, platform)
    puller = Puller(engine, lock, Watcher())
    puller.registry.check()
    verdict = Verdict(framework=framework, platform=platform, digest=locked.digest, pulled=False)
    if locked.protocol != PROTOCOL:
        verdict.problems.append(
            f"it was locked with the runner protocol {locked.protocol}, and bench speaks {PROTOCOL}"
        )
    for look in (_registry, _version):
        try:
            verdict.problems += look(puller.registry, framework, platform, locked)
        except HostError as error:
            verdict.problems.append(str(error))
    try:
        verdict.pulled = puller.find(framework, platform) is not None
    except HostError as error:
        verdict.pulled = True
        verdict.problems.append(str(error))
    verdict.problems += _engine_tag(engine, lock, framework, platform, pulled=verdict.pulled)
    return verdict


def _registry(registry: Registry, framework: str, platform: str, locked: Locked) -> list[str]:
    remote = find_remote(registry, framework, platform, locked.digest)
    if remote is None:
        return [f"the registry does not have {registry.ref(framework, locked.digest)}"]
    problems = []
    if remote.protocol != PROTOCOL:
        problems.append(
            f"its label says the runner protocol is {remote.protocol or 'none'}, and bench speaks {PROTOCOL}"
        )
    tag = find_remote(registry, framework, platform, platform)
    if tag is None:
        problems.append(f"the registry has no tag {registry.ref(framework, platform)}")
    if moved := moved_tag(registry, framework, platform, locked):
        problems.append(moved)
    return problems


def _version(registry: Registry, framework: str, platform: str, locked: Locked) -> list[str]:
    """Problems of the version's tag: its index must have the locked image for the platform."""
    if platform not in INDEXED:
        return []
    remote = find_remote(registry, framework, platform, version_tag(locked.version))
    if remote is None:
        return [f"the registry has no tag {registry.ref(framework, version_tag(locked.version))}"]
    if remote.manifest_digest != locked.digest:
        return [f"the tag {remote.ref} names {remote.manifest_digest} for {platform}"]
    return []


def _engine_tag(engine: docker.DockerClient, lock: Lock, framework: str, platform: str, *, pulled: bool) -> list[str]:
    """A problem when the engine has another image under the registry's name."""
    name = f"{lock.registry}/edgebench/{framework}"
    try:
        image = engine.images.get(f"{name}:{platform}")
    except docker.errors.ImageNotFound:
        return []
    wanted = f"{name}@{lock.find(framework, platform).digest}"
    if wanted in (image.attrs.get("RepoDigests") or ()):
        return []
    what = "besides the locked one" if pulled else "and not the locked one"
    return [f"the engine has another image as {name}:{platform}, {what}: {image.id}"]
