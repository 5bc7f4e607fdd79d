"""Building images with `docker buildx bake`."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
import yaml

from bench.core.errors import HostError
from bench.core.matrix.vendor_images import FOLDER, STAND_IN, STAND_IN_BASE, base, vendored
from bench.core.paths import PROJECT
from bench.core.version import versions
from bench.images import engine as engines
from bench.images.base_images import prepare_bases
from bench.images.local import (
    BENCH_IMAGE,
    PREFIX,
    RECIPE,
    STEP_PREFIX,
    architecture,
    compiled_frameworks,
    folder,
    frameworks,
    labels,
    native_platform,
    pins,
    recipe_hash,
    step_images,
)
from bench.images.pip_site import make_site, pip_settings

BAKEFILE = "images/docker-bake.hcl"
BASES = "images/base"
BASE_NAME = "org.opencontainers.image.base.name"
IMAGE_LABEL = "org.edgebench.image"  # on every image that is built here
ENV = PROJECT / "setup" / "env"  # finds the engine in use, and a docker command with buildx
# Parts of the builder's error when another process came in between: it removed layers that this build was unpacking
# onto, or gave the same name to an image at the same moment. The same build succeeds when it is repeated.
RACES = ("parent snapshot", ": already exists")

Say = Callable[[str], object]  # called with each line of the builder, newline included


def build(names: Sequence[str], platform: str | None = None, say: Say | None = None, *, stand_in: bool = False) -> None:
    """Build all of these images for a platform (by default this machine's).

    With `stand_in`, an image that is based on a vendor's image is based on our own substitute instead; a label says so.
    The builder's progress goes to `say`, by default to standard error. An exception of `say` ends the build.

    Raises HostError with what failed and the builder's last lines.
    """
    platform = platform or native_platform()
    client = engines.connect()
    _bake_all(client, names, platform, (), say, stand_in=stand_in)
    for name in names:
        _require_loaded(client, f"{PREFIX}{name}:{platform}")


def export(name: str, platform: str, overrides: Mapping[str, str], say: Say | None = None) -> str:
    """Bake an image that was already built with other settings (buildx's `--set`); returns the manifest's digest.

    The build's cache has all layers, so this only exports. Raises HostError as `build` does.
    """
    with tempfile.TemporaryDirectory(prefix="edgebench-") as scratch:
        told = Path(scratch) / "metadata.json"
        flags = [word for key, value in overrides.items() for word in ("--set", f"{name}.{key}={value}")]
        _bake_all(engines.connect(), [name], platform, ["--metadata-file", str(told), *flags], say)
        return str(json.loads(told.read_text())[name]["containerimage.digest"])


def _bake_all(
    client: docker.DockerClient,
    names: Sequence[str],
    platform: str,
    flags: Sequence[str],
    say: Say | None,
    *,
    stand_in: bool = False,
) -> None:
    # An engine without a bridge can only build in the host's network; other engines need not grant that right.
    network = None if client.networks.list(names=["^bridge$"]) else "host"
    with tempfile.TemporaryDirectory(prefix="edgebench-") as scratch:
        targets = _targets(names, platform, Path(scratch))
        for name in names:
            if held := base(name, platform):
                _set_base(targets[name], held, stand_in=stand_in)
        if network:
            for target in targets.values():
                target["network"] = network
        # A Compose file: bake reads the network mode from no other format.
        extra = Path(scratch) / "extra.yaml"
        extra.write_text(yaml.safe_dump({"services": {name: {"build": target} for name, target in targets.items()}}))
        _bake(names, platform, ["-f", str(extra), "-f", BAKEFILE, *flags], say)


def _set_base(target: dict[str, Any], held: str, *, stand_in: bool) -> None:
    """Base a target on a vendor's image, or on our substitute."""
    target["additional_contexts"]["base"] = "target:stand-in" if stand_in else f"docker-image://{held}"
    target["labels"][BASE_NAME] = STAND_IN_BASE if stand_in else held
    if stand_in:
        target["labels"] |= {STAND_IN: "true", "org.edgebench.framework.version": "none (stand-in)"}


def _require_loaded(client: docker.DockerClient, ref: str) -> None:
    """Raise HostError when the engine does not have an image that was built."""
    try:
        client.images.get(ref)
    except docker.errors.ImageNotFound:
        raise HostError(
            f"{ref} was built, but the engine does not have it: buildx uses a builder of another kind",
            "`docker buildx use default`, or set BUILDX_BUILDER=default",
        ) from None


def _targets(names: Sequence[str], platform: str, scratch: Path) -> dict[str, dict[str, Any]]:
    """The settings that the bake file cannot know. The context is repeated, because Compose has a default for it."""
    bases = [each + python for each in ("python", "build", "runner") for python in ("", "39")]
    targets: dict[str, dict[str, Any]] = {each: {"context": BASES} for each in bases}
    targets["stand-in"] = {"context": FOLDER}
    settings = pip_settings()
    for name in names:
        # One site for each image: a change of one lock file must not cause other images to be built again.
        site = scratch / f"site-{name}"
        make_site(site, pins(name, platform), settings)
        targets[name] = {"context": folder(name), "additional_contexts": {"site": str(site)}}
        if name == BENCH_IMAGE:
            build = {"context": ".", "dockerfile": f"{folder(name)}/Dockerfile"}
            targets[name] |= {**build, "args": {"GIT": versions()["git"] or ""}}
        if (framework := name.removeprefix(STEP_PREFIX)) != name and framework in compiled_frameworks():
            library = f"{framework}-library"
            site = scratch / f"site-{library}"
            make_site(site, pins(framework, platform), settings)
            targets[library] = {"context": folder(framework), "additional_contexts": {"site": str(site)}}
        known = labels(name, platform) if name in frameworks() else {RECIPE: recipe_hash(name)}
        targets[name]["labels"] = {IMAGE_LABEL: name, **known}
    return targets


def _bake(names: Sequence[str], platform: str, flags: Sequence[str], say: Say | None) -> None:
    """Run `docker buildx bake`, once more when another process removed its layers. Raises HostError."""
    environ = {
        **os.environ,
        "FRAMEWORKS": " ".join(frameworks()),
        "COMPILED": " ".join(compiled_frameworks()),
        "VENDORED": " ".join(vendored()),
        "STEPS": " ".join(step.removeprefix(STEP_PREFIX) for step in step_images()),
        "PLATFORM": platform,
        "ARCH": architecture(platform),
        "BUILDX_BAKE_ENTITLEMENTS_FS": "0",  # the site's folder is outside the project: newer versions ask
        "BUILDX_NO_DEFAULT_LOAD": "1",  # else the shared stages become images without a name
    }
    # On a terminal buildx draws its own display; its lines then cannot be read here.
    shown = say is None and sys.stderr.isatty()
    progress = "auto" if shown else "plain"
    bake = [str(ENV), "docker", "buildx", "bake"]
    knows = subprocess.run([*bake, "--help"], capture_output=True, text=True).stdout
    allowed = ["--allow", "network.host"] if "--allow" in knows else []  # required since buildx 0.17
    bake += [*allowed, *flags]
    printed = subprocess.run([*bake, "--print", *names], cwd=PROJECT, env=environ, capture_output=True, text=True)
    prepare_bases(_bases(printed.stdout), platform, say or sys.stderr.write)
    command = [*bake, "--progress", progress, *names]
    hear = None if shown else say or sys.stderr.write
    code, last = _run(command, environ, hear)
    if code and any(race in last for race in RACES):
        code, last = _run(command, environ, hear)
    if code:
        what = f"docker buildx bake {' '.join(names)} for {platform} ended with {code}{last}"
        raise HostError(what, _advice(last, names[0]))


def _run(command: Sequence[str], environ: Mapping[str, str], say: Say | None) -> tuple[int, str]:
    """The builder's exit code and its last lines. Without `say` it writes to the terminal, and there are no lines."""
    last: deque[str] = deque(maxlen=12)
    with subprocess.Popen(
        command, cwd=PROJECT, env=environ, stderr=subprocess.PIPE if say else None, text=True
    ) as process:
        try:
            for line in process.stderr or ():
                if say:
                    say(line)
                last.append(line.rstrip())
        except BaseException:  # `say` ended the build
            process.terminate()
            raise
    return process.returncode, "\n".join(["", *last]) if last else ""


def _bases(printed: str) -> set[str]:
    """The base images of the targets, from their labels; empty when bake printed nothing (the build then fails)."""
    targets = json.loads(printed or "{}").get("target", {}).values()
    labels = (target.get("labels", {}) for target in targets)
    return {label[BASE_NAME] for label in labels if BASE_NAME in label}


def _advice(said: str, name: str) -> str:
    """The hint for the user, from the builder's last lines."""
    if "no space left" in said:
        return "make room: `docker buildx prune` and `docker image prune` remove what no image needs"
    if missing := re.search(r"No matching distribution found for (\S+)", said):
        return f"no index has {missing[1]} for {name}: put its wheel into a folder that PIP_FIND_LINKS names"
    if "failed to resolve source metadata" in said and name in vendored():
        return "its vendor's image is out of reach: `--stand-in` builds on a substitute, which tries our own lines only"
    return f"see what it said; try it alone: make images/{name}"
