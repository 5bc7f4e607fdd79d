"""What a device's profile names, and nothing else, is seen and opened in a container of the real engine.

The nodes are made here, below /dev under a name of their own: a number that nothing drives (opening it is refused by
the device, not by the container), numbers of harmless drivers, and a folder like the USB's in which nodes come and go.
"""

import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from bench.arms import rootfs
from bench.arms.container import ContainerArm, options
from bench.arms.launch import Spec
from bench.arms.rootfs import RootfsArm
from bench.core.matrix.device import Access
from bench.core.matrix.schema import load_matrix
from bench.hosts.grant import Grant, find_missing, make_grant
from bench.hosts.host import this_machine
from bench.images.engine import LABEL
from bench.images.local import native_platform, require

pytestmark = [pytest.mark.engine, pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device nodes")]

MATRIX = load_matrix()
NOBODY = 65534
VIDEO = 44  # a group that Debian, Ubuntu and the images have; the node is nobody's, so only the group opens it
FREE = os.makedev(240, 0)  # a number for local use (devices.txt): without a driver
LOOP, FUSE = os.makedev(10, 237), os.makedev(10, 229)  # loop-control and fuse: opening them does nothing
NULL, ZERO = os.makedev(1, 3), os.makedev(1, 5)
# What a process finds when it opens each path: "open", or the name of the error.
LOOK = """
import errno, json, os, sys, time
def attempt(path):
    try:
        os.close(os.open(path, os.O_RDWR))
        return "open"
    except OSError as error:
        return errno.errorcode[error.errno]
paths, late = json.loads(sys.argv[1])
end = time.monotonic() + 30
while late and not os.path.exists(late) and time.monotonic() < end:
    time.sleep(0.05)
found = {path: attempt(path) for path in paths}
nodes = sorted(e for e in os.listdir("/dev"))
print(json.dumps({"found": found, "dev": nodes}))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder below /dev of this test alone."""
    folder = Path(f"/dev/edgebench-test-{os.getpid()}")
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def node(path: Path, number: int, mode: int = 0o660, group: int = VIDEO) -> str:
    """Make a character device that belongs to nobody and a group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(path, stat.S_IFCHR | mode, number)
    path.chmod(mode)
    os.chown(path, NOBODY, group)
    return str(path)


def access(**given) -> Access:
    return Access(title="a test's", mend="nothing", **given)


@pytest.fixture
def look(made: docker.DockerClient) -> Callable[..., dict]:
    """Start a container with what a grant gives, and hear what it could open."""

    def call(given: Grant, paths: Sequence[str], late: str = "", meanwhile: Callable[[], object] | None = None) -> dict:
        spec = Spec(
            launch="passthrough", run_id="passthrough", framework="onnxruntime", request=Path("/none"), mounts=[],
            cpus="0", threads=1, timeout=60, grant=given,
        )  # fmt: skip
        words = options(spec) | {"command": ["-c", LOOK, json.dumps([list(paths), late])], "name": None}
        image = require(made, "onnxruntime", native_platform()).image_id
        container = made.containers.create(image, entrypoint=["/opt/venv/bin/python"], **words)
        try:
            container.start()
            if meanwhile:
                time.sleep(0.5)
                meanwhile()
            assert container.wait(timeout=60)["StatusCode"] == 0, container.logs().decode()
            return json.loads(container.logs(stderr=False))
        finally:
            container.remove(force=True)

    return call


def given(*ways: Access) -> Grant:
    host = this_machine()
    assert list(find_missing(ways, native_platform(), host, None)) == []
    return make_grant(ways, native_platform(), host)


def test_a_named_node_is_opened_by_its_group_and_another_is_not_there(place, look):
    named = node(place / "named", LOOP)
    other = node(place / "other", LOOP)
    seen = look(given(access(nodes=[named], groups=["video"])), [named, other])
    assert seen["found"] == {named: "open", other: "ENOENT"}
    assert place.name in seen["dev"]


def test_without_the_group_the_node_stays_shut(place, look):
    named = node(place / "named", LOOP)
    assert look(given(access(nodes=[named])), [named])["found"] == {named: "EACCES"}


def test_copies_of_null_and_zero_work_where_they_are_named(place, look):
    null, zero = node(place / "null", NULL), node(place / "zero", ZERO)
    seen = look(given(access(nodes=[null, zero], groups=["video"])), [null, zero, "/dev/null"])
    assert set(seen["found"].values()) == {"open"}


def test_a_device_that_is_given_nothing_sees_what_any_container_sees(place, look):
    named = node(place / "named", LOOP)
    seen = look(Grant(), [named, "/dev/kmsg", "/dev/loop-control"])
    assert set(seen["found"].values()) == {"ENOENT"}
    allowed = {"core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
               "tty", "urandom", "zero"}  # fmt: skip
    assert set(seen["dev"]) <= allowed


def test_of_a_folder_only_what_the_rule_names_is_opened(place, look):
    folder = place / "bus"
    loop, fuse = node(folder / "001/001", LOOP), node(folder / "001/002", FUSE)
    way = access(directories=[str(folder)], rules=["c 10:237 rmw"], groups=["video"])
    assert look(given(way), [loop, fuse])["found"] == {loop: "open", fuse: "EPERM"}
    assert look(given(access(directories=[str(folder)], groups=["video"])), [loop])["found"] == {loop: "EPERM"}


def test_a_node_that_comes_while_the_container_runs_is_opened_too(place, look):
    """As a stick does when its firmware was loaded: another node, which only a folder and a rule can allow for."""
    folder = place / "bus"
    first = node(folder / "001/002", LOOP)
    second = str(folder / "001/003")

    def replug() -> None:
        Path(first).unlink()
        node(Path(second), LOOP)

    way = access(directories=[str(folder)], rules=["c 10:* rmw"], groups=["video"])
    assert look(given(way), [first, second], late=second, meanwhile=replug)["found"] == {
        first: "ENOENT",
        second: "open",
    }


@pytest.mark.parametrize("name", ["coral-usb", "myriad", "apex", "vcio", "accel", "dri"])
def test_each_way_of_the_matrix_reaches_its_driver(name, place, look, tmp_path):
    """With the paths of a test's own in place of the real ones, and the rules and groups as they are written.

    The numbers have no driver: where a container may open a node the kernel says that nothing answers, where it may not
    the container's rules or the node's group say so.
    """
    way = MATRIX.access[name]
    number = os.makedev(189, 1) if way.rules else FREE
    library = tmp_path / "library.so"
    library.write_text("")
    here = {path: f"{place}{path.removeprefix('/dev')}" for path in (*way.nodes, *way.directories)}
    folders = [*way.directories, *(path for path in way.nodes if path == "/dev/dri")]
    paths = [f"{here[path]}/001" if path in folders else here[path] for path in here]
    for path in paths:
        node(Path(path), number, group=VIDEO)
    own = way.model_copy(
        update={
            "nodes": [here[path] for path in way.nodes],
            "directories": [here[path] for path in way.directories],
            "files": [str(library)] if way.files else [],
            "groups": ["video"],
            "driver": None,
        }
    )
    seen = look(given(own), [*paths, *own.files])
    assert {seen["found"][path] for path in paths} <= {"ENXIO", "ENODEV"}, seen
    assert all(seen["found"][path] == "EROFS" for path in own.files), "the host's file is read-only"
    bare = own.model_copy(update={"rules": [], "nodes": []})
    shut = look(given(bare), paths)["found"]
    assert set(shut.values()) <= {"EPERM", "ENOENT"}, shut


def test_a_missing_node_is_named_before_anything_is_started(place):
    (lacking,) = find_missing([access(nodes=[str(place / "gone")])], native_platform(), this_machine(), None)
    assert lacking.what.startswith(f"{place}/gone is not there")


def test_a_runtime_that_the_engine_lacks_is_named_and_is_no_result(made, place):
    engine = dict(made.info())
    jetson = MATRIX.access["jetson"].model_copy(update={"brings": []})
    said = [each.what for each in find_missing([jetson], "l4t-r32", this_machine(), engine)]
    assert any("the engine has no runtime 'nvidia' (it has" in each for each in said)
    arm = ContainerArm(made, lambda framework: require(made, framework, native_platform()))
    arm.prepare("onnxruntime")
    spec = Spec(launch="l", run_id="passthrough", framework="onnxruntime", request=Path("/none"), mounts=[], cpus="0",
                threads=1, timeout=60, grant=Grant(runtime="nvidia"))  # fmt: skip
    outcome = arm.launch(spec)
    assert (outcome.reason, outcome.exit_code) == ("start", None)
    assert "nvidia" in str(outcome.message)
    assert made.containers.list(all=True, filters={"label": f"{LABEL}=passthrough"}) == []


def test_the_rootfs_arm_has_the_hosts_nodes_and_the_files_that_are_named(made, place, tmp_path, monkeypatch):
    """By nature: /dev is the host's own, with nothing taken away, which the dry run says."""
    named = node(place / "named", LOOP)
    library = tmp_path / "libedgetpu.so.1"
    library.write_text("the host's")
    arm = RootfsArm(made, lambda framework: require(made, framework, native_platform()))
    arm.prepare("onnxruntime")
    code = f"print(open({str(library)!r}).read()); import os; os.close(os.open({named!r}, os.O_RDWR)); print('opened')"
    monkeypatch.setattr(rootfs, "RUNNER", ("-c", code))
    spec = Spec(launch="l", run_id="passthrough", framework="onnxruntime", request=Path("/none"), mounts=[], cpus="0",
                threads=1, timeout=60, grant=Grant(files=(str(library),)))  # fmt: skip
    outcome = arm.launch(spec)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.decode().split("\n")[:2] == ["the host's", "opened"]
    gone = arm.launch(replace(spec, grant=Grant(files=("/nowhere/libedgetpu.so.1",))))
    assert gone.exit_code != 0
