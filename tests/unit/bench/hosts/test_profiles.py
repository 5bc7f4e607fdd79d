"""Every device of matrix.yaml: valid, planned, and its containers' options as docs/devices.md states them."""

import csv
import json
from pathlib import Path

import pytest

from bench.arms.container import options
from bench.arms.launch import Spec
from bench.core.matrix.platforms import image_platform
from bench.core.matrix.schema import load_matrix
from bench.core.paths import PROJECT
from bench.hosts.grant import make_grant
from tests.support.machines import Machine

MATRIX = load_matrix()
NVIDIA = {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "all"}
JETSON = {"runtime": "nvidia", "group_add": [44]}
CARDS = {"device_requests": [{"Driver": "", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}]}
USB = {"volumes": ["/dev/bus/usb:/dev/bus/usb"], "device_cgroup_rules": ["c 189:* rmw"]}
PI = {"devices": ["/dev/vcio:/dev/vcio:rwm"], "group_add": [44]}
APEX = {"devices": ["/dev/apex_0:/dev/apex_0:rwm"], "group_add": [1001]}
# Device → a framework of it, and the keywords that its containers get beyond those of all containers.
GIVEN = {
    "host": ("tflite", {}),
    "raspberry-pi-3b": ("tflite", PI),
    "raspberry-pi-4": ("tflite", PI),
    "raspberry-pi-5": ("onnxruntime", PI),
    "jetson-tx2": ("l4t-tensorrt", JETSON),
    "jetson-nano": ("l4t-pytorch", JETSON),
    "jetson-orin-nano": ("l4t-onnxruntime", JETSON),
    "jetson-agx-orin": ("l4t-tensorflow", JETSON),
    "coral-dev-board": ("coral", APEX),
    "coral-usb": ("coral", {**USB, "group_add": [46]}),
    "coral-pcie": ("coral", APEX),
    "movidius-ncs": ("movidius", {**USB, "group_add": [100]}),
    "movidius-ncs-pi": ("movidius", {**USB, "group_add": [100]}),
    "movidius-ncs2": ("movidius", {**USB, "group_add": [100]}),
    "movidius-ncs2-pi": ("movidius", {**USB, "group_add": [100]}),
    "pynq-z1": ("tvm", {}),
    "xeon": ("openvino", {}),
    "gtx-titan-x": ("tensorrt", CARDS),
    "titan-xp": ("pytorch-cuda", CARDS),
    "rtx-2080": ("tensorflow-cuda", CARDS),
    "intel-gpu": ("openvino", {"devices": ["/dev/dri:/dev/dri:rwm"], "group_add": [105]}),
    "intel-npu": ("openvino", {"devices": ["/dev/accel/accel0:/dev/accel/accel0:rwm"], "group_add": [105]}),
}
HARDWARE = {"runtime", "devices", "volumes", "device_cgroup_rules", "group_add", "device_requests", "privileged"}


def words(device: str, framework: str, host, engine=None) -> dict:
    """The keywords of a container of this framework on this device."""
    given = MATRIX.accesses(device, framework)
    platform = image_platform(MATRIX.devices[device], MATRIX.frameworks[framework].platforms) or "amd64"
    spec = Spec(
        launch="l", run_id="r", framework=framework, request=Path("/q"), mounts=[Path("/m")], cpus="0", threads=1,
        timeout=1, grant=make_grant(given, platform, host, engine),
    )  # fmt: skip
    return options(spec)


def test_every_device_is_stated():
    assert GIVEN.keys() == MATRIX.devices.keys()


@pytest.mark.parametrize("device", GIVEN)
def test_its_containers_get_what_is_stated_and_nothing_else(device, tmp_path):
    framework, expected = GIVEN[device]
    made = words(device, framework, Machine(tmp_path, "x86_64").host())
    assert {key: value for key, value in made.items() if key in HARDWARE} == expected
    json.dumps(made)  # it can be printed
    # What makes a container a container stays, whatever it is given.
    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert made["network_mode"] == "none"
    assert made["security_opt"] == ["no-new-privileges"]


@pytest.mark.parametrize("device", [name for name, (_, given) in GIVEN.items() if given is JETSON])
def test_a_jetson_is_asked_for_by_its_runtime_and_never_by_a_device_request(device, tmp_path):
    made = words(device, GIVEN[device][0], Machine(tmp_path, "aarch64").host())
    assert made["environment"].items() >= NVIDIA.items()
    assert "device_requests" not in made
    on_its_cpu = words(device, "tflite", Machine(tmp_path, "aarch64").host())
    assert not HARDWARE & on_its_cpu.keys()
    assert not NVIDIA.keys() & on_its_cpu["environment"].keys()


def test_a_card_comes_by_cdi_where_engine_and_host_have_it(tmp_path):
    pc = Machine(tmp_path, "x86_64").file("/run/cdi/nvidia.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n")
    cdi = [{"Driver": "cdi", "Count": 0, "DeviceIDs": ["nvidia.com/gpu=all"], "Capabilities": [], "Options": {}}]
    made = words("rtx-2080", "pytorch-cuda", pc.host(), {"CDISpecDirs": ["/etc/cdi", "/var/run/cdi"]})
    assert made["device_requests"] == cdi
    assert "devices" not in made, "the SDK takes those for paths"
    assert words("rtx-2080", "pytorch-cuda", pc.host(), {"CDISpecDirs": []})["device_requests"] != cdi
    bare = Machine(tmp_path / "bare", "x86_64").file("/etc/cdi/other.json", '{"kind": "vendor.com/nic"}').host()
    assert words("rtx-2080", "pytorch-cuda", bare, {"CDISpecDirs": ["/etc/cdi"]})["device_requests"] != cdi


@pytest.mark.parametrize(("machine", "triplet"), [("amd64", "x86_64-linux-gnu"), ("arm64", "aarch64-linux-gnu")])
def test_the_edge_tpus_library_is_the_hosts_read_only(machine, triplet, tmp_path):
    given = make_grant(MATRIX.accesses("coral-usb", "coral"), machine, Machine(tmp_path, "x").host())
    assert given.files == (f"/usr/lib/{triplet}/libedgetpu.so.1",)
    spec = Spec(launch="l", run_id="r", framework="coral", request=Path("/q"), mounts=[], cpus="0", threads=1,
                timeout=1, grant=given)  # fmt: skip
    (mount,) = options(spec)["mounts"]
    assert (mount["Source"], mount["Target"], mount["ReadOnly"]) == (*given.files, *given.files, True)


@pytest.mark.parametrize("device", MATRIX.devices)
def test_its_power_is_what_the_study_printed(device):
    with (PROJECT / "analysis/data/reference/data/power.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == "Table III" and row["device"] == device]
    printed = {row["quantity"]: float(row["value"]) for row in rows if row["value"]}
    study = MATRIX.devices[device].study
    assert (study.idle_w, study.average_w) == (printed.get("idle_power"), printed.get("average_power"))


def test_no_device_claims_more_than_was_tried():
    measured = [name for name, device in MATRIX.devices.items() if device.verified == "measured"]
    assert measured == ["host"]
    assert {device.verified for name, device in MATRIX.devices.items() if name != "host"} == {"declared"}


def test_every_jetson_names_the_rails_that_are_its_power():
    for name, device in MATRIX.devices.items():
        assert ("ina3221" in device.sensors) == name.startswith("jetson"), name
        assert bool(device.power.rails) == name.startswith("jetson"), name
        assert bool(device.power_modes) == name.startswith("jetson"), name
    assert MATRIX.devices["jetson-tx2"].power.rails == ["VDD_IN"], "in_power0 of 0-0040 is the GPU's, not the board's"
    assert "VDD_IN" not in MATRIX.devices["jetson-agx-orin"].power.rails, "it has none"
