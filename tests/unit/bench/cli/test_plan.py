"""Plans and previews of devices that are not here: every cell with its image and what its containers are given."""

import json
import os
import shlex
import subprocess
import sys
from itertools import pairwise

import pytest

from bench.arms import docker_syntax
from bench.arms.container import options
from bench.core.errors import ConfigError
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run.compose import renderable

MATRIX = load_matrix()


def bench(*words, **environ):
    command = [sys.executable, "-m", "bench.cli.app", *words]
    return subprocess.run(
        command, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": "/x", **environ}
    )


def plan(device, **wanted):
    return make_plan(MATRIX, Selection(device=device, seed=1, **wanted))


@pytest.mark.parametrize("device", [name for name in MATRIX.devices if renderable(MATRIX, name)])
def test_it_is_planned_for_each_framework_that_has_its_precision(device):
    entry = MATRIX.devices[device]
    possible = {
        name
        for name in renderable(MATRIX, device)
        if set(MATRIX.frameworks[name].precisions)
        & set(entry.use(name, MATRIX.frameworks[name].group).precisions or MATRIX.frameworks[name].precisions)
    }
    if not possible:
        with pytest.raises(ConfigError, match="computes in"):
            plan(device)
        return
    assert {cell.framework for cell in plan(device).cells} <= possible


@pytest.mark.parametrize(
    ("device", "why"),
    [
        ("movidius-ncs", "OpenVINO 2020.3 was the last"),
        ("movidius-ncs2-pi", "wheels for x86-64 only"),
        ("pynq-z1", "VTA left TVM after 0.18"),
    ],
)
def test_a_device_without_images_says_why(device, why):
    with pytest.raises(ConfigError, match=why):
        plan(device)


def test_arms_that_cannot_have_the_hardware_are_left_out_with_the_reason():
    made = plan("jetson-tx2", frameworks=["l4t-pytorch", "tflite"], models=["cifarnet"])
    assert made.arms_of("l4t-pytorch") == ("container",)
    assert made.arms_of("tflite") == ("container", "rootfs", "native")
    assert "into containers alone" in made.armless["l4t-pytorch"]["rootfs"]
    cards = plan("rtx-2080", frameworks=["pytorch-cuda"], models=["cifarnet"])
    assert cards.arms_of("pytorch-cuda") == ("container", "native")


def test_a_precision_that_the_hardware_lacks_is_left_out_with_the_reason():
    tensorrt = MATRIX.frameworks["tensorrt"].model_copy(update={"precisions": ["fp32", "fp16"]})
    matrix = MATRIX.model_copy(update={"frameworks": {**MATRIX.frameworks, "tensorrt": tensorrt}})
    wanted = Selection(device="gtx-titan-x", frameworks=["tensorrt"], models=["cifarnet"], precisions=["fp32", "fp16"])
    skipped = make_plan(matrix, wanted).skipped
    assert skipped == {"gtx-titan-x/tensorrt/cifarnet/fp16": "gtx-titan-x computes in fp32, not in fp16"}


def test_what_is_measured_by_default_is_the_first_precision_that_the_hardware_computes_in():
    made = make_plan(MATRIX, Selection(device="intel-npu", frameworks=["openvino"], models=["cifarnet"]))
    assert [cell.precision for cell in made.cells] == ["fp16"]


def test_a_plan_lists_image_lock_runtime_and_nodes():
    done = bench("matrix", "plan", "--device", "jetson-tx2", "--model", "cifarnet", DOCKER_HOST="x")
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("jetson-tx2/l4t-tensorrt/cifarnet/fp32"))
    for part in ("edgebench/l4t-tensorrt:l4t-r32", "not locked", "nvidia", "/dev/nvmap", "container"):
        assert part in line


def test_a_plan_has_the_lock_files_digests(tmp_path):
    digest = "sha256:" + "0" * 64
    image = {"digest": digest, "index": None, "size_bytes": 1, "version": "1", "protocol": 1}
    lock = tmp_path / "images.lock"
    lock.write_text(json.dumps({"registry": "r:5000", "images": {"coral": {"arm64": image, "amd64": image}}}))
    done = bench("matrix", "plan", "--device", "coral-dev-board", "--model", "cifarnet", "--lock", str(lock), "--json")
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)["cells"]
    assert (cell["digest"], cell["platform"]) == (digest, "arm64")
    assert cell["image"] == f"r:5000/edgebench/coral@{digest}"
    assert (cell["nodes"], cell["groups"]) == (["/dev/apex_0"], ["apex"])


def test_a_dry_run_prints_the_options_and_the_command_and_starts_nothing(tmp_path):
    words = ("matrix", "run", "--device", "coral-usb", "--model", "cifarnet", "--dry-run", "--json")
    done = bench(*words, EDGEBENCH_CACHE=str(tmp_path), DOCKER_HOST="unix:///nowhere")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (cell,) = said["cells"]
    assert cell["options"]["device_cgroup_rules"] == ["c 189:* rmw"]
    assert "not made yet" in cell["model"]
    command = shlex.split(cell["command"])
    assert command[:3] == ["docker", "run", "--rm"]
    for pair in (
        ("--volume", "/dev/bus/usb:/dev/bus/usb"),
        ("--device-cgroup-rule", "c 189:* rmw"),
        ("--network", "none"),
    ):
        assert pair in set(pairwise(command))
    assert said["problems"], "no stick is in this machine"
    assert not (tmp_path / "results").exists()
    text = bench(*words[:-1], EDGEBENCH_CACHE=str(tmp_path), DOCKER_HOST="unix:///nowhere")
    assert "# coral-usb/coral/cifarnet/int8" in text.stdout
    assert "not to be run as it is" in text.stderr


def test_another_architecture_is_refused_before_an_engine_is_asked_for(tmp_path):
    other = "jetson-tx2" if os.uname().machine == "x86_64" else "rtx-2080"
    done = bench(
        "matrix", "run", "--device", other, "--model", "cifarnet", EDGEBENCH_CACHE=str(tmp_path), DOCKER_HOST="x"
    )
    assert done.returncode == 2, done.stderr
    assert "itself" in done.stderr


def test_every_keyword_is_spelt_in_both_ways_or_refused():
    from tests.unit.bench.arms.test_arms import SPEC

    words = options(SPEC)
    assert docker_syntax.command("image", words)[-4:] == ["image", "infer", "--request", str(SPEC.request)]
    for spell in (docker_syntax.command, docker_syntax.service):
        with pytest.raises(KeyError):
            spell("image", {**words, "sysctls": {"a": "b"}})
