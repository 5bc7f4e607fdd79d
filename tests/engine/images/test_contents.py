"""What is in an image and what is not: the locked packages, no tools, and not a megabyte that nobody asked for."""

import pytest

from bench.images import local
from tests.engine.images.conftest import python, shell

pytestmark = pytest.mark.engine

BUDGET = 25_000_000  # bytes over base and packages: Python itself, the runner, and what holds them together

# Bytes of a whole file system, a file of several names once; the same tools measure base and image.
ALL_BYTES = "find / -xdev -type f -printf '%i %s\\n' | sort -u | awk '{ sum += $2 } END { printf \"%d\", sum }'"
DEBS = "dpkg-query -W -f '${Package} ${Installed-Size}\\n'"


def test_it_holds_what_the_lock_file_names_and_nothing_else(image, installed):
    found = {name: version for name, (version, _) in installed(image)["packages"].items()}
    locked = local.pins(image.framework, image.platform)
    name = image.framework  # one that its image compiles is laid out as a package
    own = {name: local.version(name, image.platform)} if name in local.compiled_frameworks() else {}
    assert found == {name.replace("_", "-").lower(): version for name, version in locked.items()} | own


def test_it_is_no_bigger_than_it_must_be(engine, image, installed):
    name = image.labels["org.opencontainers.image.base.name"]
    base = int(shell(engine, name, ALL_BYTES))
    packages = sum(size for _, size in installed(image)["packages"].values()) + _libraries(engine, name, image.image_id)
    whole = int(shell(engine, image.image_id, ALL_BYTES))
    over = whole - base - packages
    assert over <= BUDGET, f"{image.framework}: {whole / 1e6:.1f} MB is {over / 1e6:.1f} MB over base and packages"


def _libraries(engine, base: str, digest: str) -> int:
    """Bytes of the distribution's libraries that the framework itself asked for: all but Python and its own."""
    before, after = (dict(line.split() for line in shell(engine, ref, DEBS).splitlines()) for ref in (base, digest))
    added = {name: int(size) * 1024 for name, size in after.items() if name not in before}
    return sum(size for name, size in added.items() if name not in PYTHON_S_OWN and not name.startswith("libpython"))


# What apt installs for a bare Python on this base, which is within the budget and not beside it.
PYTHON_S_OWN = {
    "python3.11-minimal", "python3.9-minimal", "media-types", "libexpat1", "libsqlite3-0", "libncursesw6",
    "libnsl2", "libtirpc3", "libtirpc-common", "libreadline8", "readline-common", "libssl3", "libssl1.1", "libdb5.3",
    "libffi8", "libffi7", "libuuid1", "libgssapi-krb5-2", "libkrb5-3", "libkrb5support0", "libk5crypto3",
    "libkeyutils1", "libcom-err2", "krb5-locales", "mime-support", "mailcap",
}  # fmt: skip


def test_nothing_that_builds_or_installs_is_left_in_it(engine, image):
    tools = "pip pip3 pip3.9 pip3.11 gcc g++ cc c++ ld make cmake git curl wget"
    assert shell(engine, image.image_id, f"for tool in {tools}; do command -v $tool; done; true") == ""
    assert (
        shell(engine, image.image_id, "find /var/lib/apt/lists /var/cache/apt /root/.cache -type f 2>/dev/null; true")
        == ""
    )
    locked = local.pins(image.framework, image.platform)
    unwanted = [name for name in ("pip", "ensurepip", "setuptools", "wheel") if name not in locked]
    source = "import importlib.util, sys; print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    assert python(engine, image, source, *unwanted).strip() == "[]"
