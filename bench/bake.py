"""Building images with `docker buildx bake`."""

import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docker
import yaml

from bench import engine as engines
from bench.errors import HostError
from bench.images import PREFIX, folder, frameworks, labels, native_platform, pins
from bench.paths import PROJECT
from bench.site import make_site, pip_settings

BAKEFILE = "images/docker-bake.hcl"
BASES = "images/base"
OURS = "org.edgebench.image"  # on every image that is built here
ENV = PROJECT / "setup" / "env"  # finds the engine in use, and a docker command with buildx


def build(names: Sequence[str] = ()) -> None:
    """Build the images (all frameworks' if none is named), the builder's progress on standard error.

    Raises HostError with what failed and the builder's last lines.
    """
    names = list(names) or frameworks()
    # An engine without a bridge has no other network to build in; the others need not be asked for that right.
    client = engines.connect()
    network = None if client.networks.list(names=["^bridge$"]) else "host"
    with tempfile.TemporaryDirectory(prefix="edgebench-") as scratch:
        targets = _targets(names, Path(scratch))
        if network:
            for target in targets.values():
                target["network"] = network
        # A Compose file, because bake reads the network mode from no other kind.
        extra = Path(scratch) / "extra.yaml"
        extra.write_text(yaml.safe_dump({"services": {name: {"build": target} for name, target in targets.items()}}))
        _bake(names, extra)
    for name in names:
        _loaded(client, name)
    # What these images replace has lost its name, and would fill the disk build by build.
    client.images.prune(filters={"dangling": True, "label": [OURS]})


def _loaded(client: docker.DockerClient, name: str) -> None:
    ref = f"{PREFIX}{name}:{native_platform()}"
    try:
        client.images.get(ref)
    except docker.errors.ImageNotFound:
        raise HostError(
            f"{ref} was built, but the engine does not have it: buildx uses a builder of another kind",
            "`docker buildx use default`, or set BUILDX_BUILDER=default",
        ) from None


def _targets(names: Sequence[str], scratch: Path) -> dict[str, dict[str, Any]]:
    """What the bake file cannot know of its targets. The context is said again: Compose has a default for it."""
    targets: dict[str, dict[str, Any]] = {base: {"context": BASES} for base in ("python", "build", "runner")}
    settings = pip_settings()
    for name in names:
        # A site for each: what one image's lock file names is no reason to build another again.
        site = scratch / f"site-{name}"
        make_site(site, pins(name), settings)
        targets[name] = {"context": folder(name), "additional_contexts": {"site": str(site)}}
        targets[name]["labels"] = {OURS: name, **(labels(name) if name in frameworks() else {})}
    return targets


def _bake(names: Sequence[str], extra: Path) -> None:
    environ = {
        **os.environ,
        "FRAMEWORKS": " ".join(frameworks()),
        "BUILDX_BAKE_ENTITLEMENTS_FS": "0",  # the site's folder lies outside the project, which newer ones ask about
        "BUILDX_NO_DEFAULT_LOAD": "1",  # or the stages that images share would be images too, without a name
    }
    # A terminal gets buildx's own display, which then cannot be read here as well.
    shown = sys.stderr.isatty()
    progress = "auto" if shown else "plain"
    bake = [str(ENV), "docker", "buildx", "bake"]
    knows = subprocess.run([*bake, "--help"], capture_output=True, text=True).stdout
    allowed = ["--allow", "network.host"] if "--allow" in knows else []  # asked for since buildx 0.17
    command = [*bake, *allowed, "--progress", progress, "-f", str(extra), "-f", BAKEFILE, *names]
    process = subprocess.Popen(command, cwd=PROJECT, env=environ, stderr=None if shown else subprocess.PIPE, text=True)
    last: deque[str] = deque(maxlen=12)
    with process:
        for line in process.stderr or ():
            sys.stderr.write(line)
            last.append(line.rstrip())
    if process.returncode:
        said = "\n".join(["", *last]) if last else ""
        what = f"docker buildx bake {' '.join(names)} ended with {process.returncode}{said}"
        raise HostError(what, f"see what it said; try one alone: make images/{names[0]}")
