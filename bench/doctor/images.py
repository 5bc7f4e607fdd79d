"""Checks the images: whether they exist, fit the board's L4T, and find their framework in a container."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker

from bench.arms.container import options
from bench.arms.launch import Spec
from bench.core.errors import HostError
from bench.core.matrix.vendor_images import base
from bench.doctor.case import Case, Level, Line
from bench.hosts import l4t
from bench.hosts.grant import make_grant
from bench.images.engine import ENGINE_GONE, remove
from bench.images.local import Image, require
from bench.images.registry.progress import Watcher
from bench.images.registry.pull import Puller

SHOWN = 3  # missing images that get a line of their own
SECONDS = 120  # enough for a framework's import on the slowest board


def image_lines(case: Case) -> Iterator[Line]:
    """One line for all images, one for each that does not fit L4T, and one for each that was started."""
    if not case.frameworks:
        why = "; ".join(case.device.without.values()) or "no framework has an image for it"
        yield Line("images", "fail", f"there is none: {why}", "docs/devices.md")
        return
    found: dict[str, Image] = {}
    missing: dict[str, HostError] = {}
    for name in case.frameworks:
        try:
            found |= {name: image} if (image := _find(case, name)) else {}
        except HostError as error:
            missing[name] = error
    yield from _there(case, found, missing)
    for name in case.frameworks:
        misfit = l4t.find_mismatch(case.facts.l4t or "", base(name, case.platforms[name]))
        if misfit:
            level, what = misfit
            mend = "upgrade the board's JetPack"
            yield Line("image", "fail" if level == "fail" else "warn", f"{name}: {what}", mend)
    with_hardware = [name for name in found if case.matrix.accesses(case.name, name)]
    for name in with_hardware or list(found)[:1]:
        yield _started(case, name, found[name])


def _find(case: Case, name: str) -> Image | None:
    """A framework's image on the engine; None when the run will pull or send it. Raises HostError."""
    if case.engine is None:
        raise HostError(f"no engine can be asked for the image of {name}", "start an engine")
    if case.lock is None:
        try:
            return require(case.engine, name, case.platforms[name])
        except HostError:
            if case.sendable(name, case.platforms[name]):
                return None
            raise
    return Puller(case.engine, case.lock, Watcher()).find(name, case.platforms[name])


def _there(case: Case, found: dict[str, Image], missing: dict[str, HostError]) -> Iterator[Line]:
    if not missing:
        pulled = len(case.frameworks) - len(found)
        how = "pulled by the lock file's digests" if case.lock else "sent there from this machine"
        later = f", {pulled} of them to be {how}" if pulled else ""
        yield Line("images", "ok", f"{len(case.frameworks)}{later}")
    elif len(missing) == 1 or len(missing) < len(case.frameworks):
        level: Level = "warn" if found else "fail"
        for name, error in list(missing.items())[:SHOWN]:
            yield Line("images", level, f"{name}: {error}", error.hint)
        if more := list(missing)[SHOWN:]:
            yield Line("images", level, f"and {len(more)} more are not there: {', '.join(more)}")
    else:
        refs = ", ".join(f"{name}:{case.platforms[name]}" for name in missing)
        where = "the lock file names none of them" if case.lock else "neither built here nor in a lock file"
        asked = " ".join(f"--platform {each}" for each in dict.fromkeys(case.platforms[name] for name in missing))
        mend = f"with the images.lock of where they were built: bench images pull {asked}; or build: make images/NAME"
        yield Line("images", "fail", f"{refs}: {where}", mend)


def _started(case: Case, name: str, image: Image) -> Line:
    """Start a container as a launch would, and ask its runner for the framework's version.

    On JetPack 4 a container uses the board's own TensorRT and CUDA, independent of the image's tag.
    """
    topic = f"container of {name}"
    try:
        said, complaints = _probe(case, name, image)
    except docker.errors.APIError as error:
        mend = "bench matrix run --dry-run prints the same as a docker run line, to try by hand"
        return Line(topic, "fail", f"it cannot be started: {error.explanation or error}", mend)
    except ENGINE_GONE as error:
        return Line(topic, "fail", f"the engine stopped answering ({type(error).__name__})", "start it again")
    entry = case.matrix.frameworks[name]
    versions = said.get("frameworks", {}).get(entry.adapter or name)
    if not versions:
        last = complaints.strip().splitlines()[-1:] or ["it says nothing"]
        return Line(topic, "fail", f"it does not find its framework: {last[0][-200:]}", f"make images/{name}")
    held = ", ".join(f"{package} {version}" for package, version in versions.items())
    whose = " (the board's own, from JetPack 4)" if image.platform == "l4t-r32" else ""
    return Line(topic, "ok", f"it starts, and finds {held}{whose}")


def _probe(case: Case, name: str, image: Image) -> tuple[dict[str, Any], str]:
    assert case.engine is not None
    given = make_grant(case.matrix.accesses(case.name, name), image.platform, case.host, case.info)
    spec = Spec(
        launch=f"doctor-{name}", run_id="doctor", framework=name, request=Path("/"), mounts=[], cpus="", threads=1,
        timeout=SECONDS, grant=replace(given),
    )  # fmt: skip
    words = options(spec, case.user) | {"command": ["probe"]}
    container = case.engine.containers.create(image.image_id, **words)
    try:
        container.start()
        container.wait(timeout=SECONDS)
        lines = container.logs(stderr=False).decode("utf-8", "replace").splitlines()
        events = (json.loads(line) for line in lines if line.startswith("{"))
        event: dict[str, Any] = next((each for each in events if each.get("event") == "probe"), {})
        return event, container.logs(stdout=False).decode("utf-8", "replace")
    finally:
        remove(container)
