"""Checks whether the machine is the device: architecture, identity, L4T."""

from collections.abc import Iterator

from bench.core.matrix.device import Identity
from bench.doctor.case import Case, Line
from bench.hosts import identify, l4t
from bench.hosts.target import describe_identity, elsewhere


def machine_lines(case: Case) -> Iterator[Line]:
    """The lines on the architecture, the device's identity, and its L4T if its images need one."""
    away = elsewhere(case.name, case.matrix, case.host.machine)
    if away:
        yield Line(
            "architecture",
            "fail",
            away,
            f"name where it is: --host ssh://user@board; or call bench on the {case.name} itself",
        )
    elif case.device.platforms:
        yield Line("architecture", "ok", case.host.machine)
    yield from _identity(case)
    if any(platform.startswith("l4t") for platform in case.device.platforms):
        yield from _release(case)


def _identity(case: Case) -> Iterator[Line]:
    identity = case.device.identify
    if identity == Identity():
        return
    found = identify.matches(case.device, case.facts)
    if found:
        model = f" ({case.facts.model})" if case.facts.model else ""
        yield Line("identity", "ok", f"{', '.join(found)}{model}")
        return
    others = [name for name, each in case.matrix.devices.items() if identify.matches(each, case.facts)]
    isnt = f"; it shows {', '.join(others)}" if others else ""
    what = f"this shows no {case.device.title}: looked for {describe_identity(identity)}{isnt}"
    yield Line("identity", "fail", what, "bench devices probe")


def _release(case: Case) -> Iterator[Line]:
    release, known = case.facts.l4t, case.matrix.l4t
    mend = f"flash a JetPack that has images; known are {l4t.describe_releases(known, case.device.platforms)}"
    if release is None:
        yield Line("L4T", "fail", "neither /etc/nv_tegra_release nor the package nvidia-l4t-core is there", mend)
        return
    platform = l4t.platform(known, release)
    if platform is None:
        yield Line("L4T", "fail", f"there is no image for L4T {release}", mend)
    elif platform not in case.device.platforms:
        yield Line("L4T", "fail", f"L4T {release} takes images of {platform}, which are not this device's", mend)
    else:
        yield Line("L4T", "ok", f"{release}, JetPack {dict(known)[platform][release]}: images of {platform}")
