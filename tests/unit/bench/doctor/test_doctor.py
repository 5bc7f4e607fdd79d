"""The doctor on machines in order and out of order: every fault is a line that says what mends it."""

import shutil
from dataclasses import replace

import pytest

from bench.core.errors import HostError
from bench.core.matrix.schema import Sensing, load_matrix
from bench.doctor import Case, engine, examine, hardware, images, machine, sensors, speed, system
from bench.hosts.identify import read_facts
from bench.hosts.sensors import survey
from bench.hosts.target import resolve_target
from tests.support.machines import Programs, orin_nano, pc, raspberry_pi, whole_tx2

MATRIX = load_matrix()
ENGINE = {
    "ServerVersion": "20.10.21", "Architecture": "aarch64", "Runtimes": {"runc": {}, "nvidia": {}}, "CPUSet": True,
    "MemoryLimit": True, "SecurityOptions": ["name=seccomp,profile=default"], "DockerRootDir": "/var/lib/docker",
}  # fmt: skip


def case(name, board, frameworks, info=ENGINE, **more) -> Case:
    host = board.host()
    return Case(
        name=name, device=MATRIX.devices[name], matrix=MATRIX, host=host, facts=read_facts(host, MATRIX.devices),
        frameworks=frameworks, platforms=resolve_target(name, frameworks, MATRIX, host).platforms, info=info,
        sensors=survey(Sensing(root=str(board.root))), **more,
    )  # fmt: skip


def bad(lines) -> dict[str, str]:
    """Topic → what is said, of lines that are not in order; each must have something to do."""
    lines = list(lines)
    assert all(line.mend for line in lines if line.level == "fail"), lines
    return {line.topic: f"{line.level}: {line.said}" for line in lines if line.level != "ok"}


@pytest.fixture
def tx2(tmp_path, monkeypatch):
    board, programs = whole_tx2(tmp_path, monkeypatch)
    return board, programs


PARTS = (machine.machine_lines, engine.engine_lines, hardware.hardware_lines, speed.speed_lines, sensors.sensor_lines,
         system.system_lines)  # fmt: skip


def lines(found: Case):
    """All lines but those of images, which only an engine has."""
    return [line for part in PARTS for line in part(found)]


def test_a_tx2_in_order_has_nothing_to_mend(tx2):
    board, _ = tx2
    said = lines(case("jetson-tx2", board, ["l4t-tensorrt", "l4t-pytorch"], models={"resnet-50": 102_000_000}))
    assert bad(said) == {}
    text = "\n".join(line.said for line in said)
    assert "PMIC" not in text, "its temperature is a constant"
    for part in ("R32.7.4, JetPack 4.6.4: images of l4t-r32", "by ina3221/VDD_IN/power", "MAXN", "BCPU-therm",
                 "containers load CUDA and TensorRT of this board: TensorRT 8.2.1", "group video"):  # fmt: skip
        assert part in text


LISTS = "etc/nvidia-container-runtime/host-files-for-container.d"
INA = "/sys/bus/i2c/drivers/ina3221x/0-0041/iio:device1"
ZONES = "/sys/class/thermal/thermal_zone"
SOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
# What is spoilt, what of the engine is other, the topic of the line, and a part of what it says.
FAULTS = {
    "no runtime": (lambda b, p: None, {"Runtimes": {"runc": {}}}, "runtime", "fail: the engine has no runtime"),
    "a node is gone": (lambda b, p: (b.root / "dev/nvmap").unlink(), {}, "hardware", "fail: /dev/nvmap is not there"),
    "no group": (lambda b, p: b.file("/etc/group", "root:x:0:\n"), {}, "hardware", "fail: there is no group video"),
    "a node of another group": (
        lambda b, p: b.file("/etc/group", "video:x:44444:\n"), {}, "hardware", "not to video (44444)",
    ),
    "another L4T": (
        lambda b, p: b.file("/etc/nv_tegra_release", "# R32 (release), REVISION: 6.1, GCID: 1\n"), {}, "L4T",
        "fail: there is no image for L4T R32.6.1",
    ),
    "no L4T": (lambda b, p: (b.root / "etc/nv_tegra_release").unlink(), {}, "L4T", "fail: neither"),
    "another board": (lambda b, p: b.tree("?", "nvidia,p3450-0000"), {}, "identity", "it shows jetson-nano"),
    "a list is gone": (
        lambda b, p: (b.root / LISTS / "tensorrt.csv").unlink(), {},
        "CSV lists", "lacks tensorrt.csv",
    ),
    "a listed library is gone": (
        lambda b, p: (b.root / "usr/lib/aarch64-linux-gnu/libnvinfer.so.8.2.1").unlink(), {}, "CSV lists",
        "warn: 1 of 4 libraries",
    ),
    "a slower mode": (lambda b, p: p.nvpmodel(mode=1), {}, "power mode", "warn: MAXQ, and MAXN is its fastest"),
    "nvpmodel fails": (lambda b, p: p.add("nvpmodel", "echo boo >&2; exit 2"), {}, "power mode", "-q said: boo"),
    "clocks unlocked": (lambda b, p: p.jetson_clocks(locked=False), {}, "clocks", "warn: not locked"),
    "no root for clocks": (lambda b, p: p.add("jetson_clocks", "echo 'run as root'; exit 1"), {}, "clocks", "as root?"),
    "a governor": (
        lambda b, p: b.file("/sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "schedutil\n"), {}, "governor",
        "warn: schedutil",
    ),
    "no rail": (
        lambda b, p: b.file(f"{INA}/rail_name_0", "VDD_SYS_GPU\n"), {}, "power",
        "fail: the rail VDD_IN is not there (there is: VDD_SYS_CPU, VDD_SYS_DDR, VDD_SYS_GPU)",
    ),
    "a rail says nonsense": (
        lambda b, p: b.file(f"{INA}/in_power0_input", "-999000\n"), {}, "power",
        "fail: no energy: ina3221/VDD_IN/power cannot be read",
    ),
    "a rail says nothing": (
        lambda b, p: b.file(f"{INA}/in_power0_input", ""), {}, "power",
        "fail: no energy: ina3221/VDD_IN/power cannot be read",
    ),
    "temperatures are nonsense": (
        lambda b, p: [b.file(f"{ZONES}{n}/temp", "999000\n") for n in (0, 1)], {}, "thermal",
        "warn: thermal/",
    ),
    "an old engine": (lambda b, p: None, {"ServerVersion": "20.10.7"}, None, ""),  # no harm to Ubuntu 18.04's glibc
    "no cpusets": (lambda b, p: None, {"CPUSet": False}, "cpusets", "fail"),
    "no memory limits": (lambda b, p: None, {"MemoryLimit": False}, "memory limits", "warn"),
    "no seccomp": (lambda b, p: None, {"SecurityOptions": []}, "seccomp", "warn"),
    "an engine elsewhere": (lambda b, p: None, {"Architecture": "x86_64"}, "engine", "fail: it is an engine of x86_64"),
    "little memory": (
        lambda b, p: b.file("/proc/meminfo", "MemTotal: 8048000 kB\nMemAvailable: 200000 kB\n"), {}, "memory",
        "warn: 0.2 of 7.7 GiB are free",
    ),
    "no memory": (
        lambda b, p: b.file("/proc/meminfo", "MemTotal: 8048000 kB\nMemAvailable: 50000 kB\n"), {}, "memory",
        "fail: 0.0 of 7.7 GiB are free",
    ),
    "a full disk": (lambda b, p: p.clock(free=500_000), {}, "disk", "fail: 0.5 GiB free"),
    "a small disk": (lambda b, p: p.clock(free=3_000_000), {}, "disk", "warn: 2.9 GiB free"),
    "a clock that starts at 1970": (lambda b, p: p.clock(seconds=86_400), {}, "clock", "fail: it shows 1970-01-02"),
    "a slow timer": (
        lambda b, p: b.file(SOURCE, "jiffies\n"), {}, "timer",
        "warn: the monotonic clock counts by jiffies",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_that_says_what_mends_it(fault, tx2):
    board, programs = tx2
    spoil, changed, topic, said = FAULTS[fault]
    spoil(board, programs)
    found = case("jetson-tx2", board, ["l4t-tensorrt"], {**ENGINE, **changed}, models={"resnet-50": 102_000_000})
    wrong = bad(lines(found))
    assert set(wrong) - {topic} <= {"CSV lists"}, "one fault spoils nothing else"
    assert topic is None or said in wrong[topic]


def test_an_old_engine_warns_where_an_image_has_a_new_glibc(tx2):
    board, _ = tx2
    info = {**ENGINE, "ServerVersion": "20.10.7"}
    assert "20.10.10" in bad(engine.engine_lines(case("jetson-tx2", board, ["tflite"], info)))["engine"]


@pytest.mark.parametrize(
    ("why", "mend"), [("no Docker engine answers at /s (Permission denied)", "usermod"), ("gone", "systemctl")]
)
def test_an_engine_that_does_not_answer_is_a_line(why, mend, tx2):
    board, _ = tx2
    (line,) = engine.engine_lines(case("jetson-tx2", board, ["tflite"], {}, silence=why))
    assert (line.level, line.said) == ("fail", why)
    assert mend in str(line.mend)


def test_a_board_without_its_own_clock_that_is_not_synchronised_warns(tmp_path, monkeypatch):
    programs = Programs(tmp_path / "bin", monkeypatch)
    programs.clock(synced="no")
    board = raspberry_pi(tmp_path / "tree").file("/proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n")
    assert "may jump" in bad(system.system_lines(case("raspberry-pi-4", board, ["tflite"])))["clock"]
    programs.clock(synced="yes")
    assert "clock" not in bad(system.system_lines(case("raspberry-pi-4", board, ["tflite"])))


@pytest.mark.parametrize(
    ("value", "said"),
    [("0x0", None), ("0x50005", "fail: the supply's voltage is too low, it is throttled"),
     ("0x50000", "warn: since it was started: the supply's voltage is too low, it is throttled"),
     ("0x80008", "fail: it is at its soft temperature limit")],
)  # fmt: skip
def test_a_raspberry_pi_says_what_holds_it_back(value, said, tmp_path, monkeypatch):
    Programs(tmp_path / "bin", monkeypatch).vcgencmd(value)
    found = bad(speed.speed_lines(case("raspberry-pi-4", raspberry_pi(tmp_path / "tree"), ["tflite"])))
    assert found.get("throttling") == said


def test_a_raspberry_pi_without_vcgencmd_and_meter(tmp_path, monkeypatch):
    board = raspberry_pi(tmp_path / "tree").file("/sys/class/thermal/thermal_zone0/temp", "43312\n")
    board.file("/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    found = bad(sensors.sensor_lines(case("raspberry-pi-4", board, ["tflite"])))
    assert found == {
        "vcgencmd": "fail: no such sensor here",
        "power": "warn: no energy: there is no power sensor here",
    }
    Programs(tmp_path / "bin", monkeypatch).vcgencmd()
    for place in (board, five := raspberry_pi(tmp_path / "five", "raspberrypi,5-model-b", "brcm,bcm2712")):
        (place.root / "usr/bin").mkdir(parents=True)
        shutil.copy(tmp_path / "bin" / "vcgencmd", place.root / "usr/bin/vcgencmd")
    found = bad(sensors.sensor_lines(case("raspberry-pi-4", board, ["tflite"])))
    assert "vcgencmd" not in found
    said = {line.topic: line for line in sensors.sensor_lines(case("raspberry-pi-5", five, ["tflite"]))}
    assert (said["power"].level, "pmic" in said["power"].said) == ("ok", True)


def test_a_stick_on_a_slow_port_or_of_another_group_is_told(tmp_path):
    machine_ = pc(tmp_path).usb("1a6e", "089a", speed=480).file("/usr/lib/x86_64-linux-gnu/libedgetpu.so.1", "")
    machine_.node("/dev/bus/usb/001/002", group="plugdev")
    found = bad(hardware.hardware_lines(case("coral-usb", machine_, ["coral"])))
    assert found == {"USB": "warn: 1a6e:089a at 480 Mbit/s (/dev/bus/usb/001/002)"}
    machine_.file("/etc/group", "plugdev:x:46464:\n")
    said = [
        line.said for line in hardware.hardware_lines(case("coral-usb", machine_, ["coral"])) if line.level == "fail"
    ]
    assert said == [f"/dev/bus/usb/001/002 belongs to the group {machine_.gid}, not to plugdev (46464)"]


def test_a_card_without_nvml_fails(tmp_path):
    found = bad(sensors.sensor_lines(case("rtx-2080", pc(tmp_path), ["tensorrt"])))
    assert found == {"power": "fail: no energy: there is no power sensor here"}


def test_a_cdi_description_that_the_engine_does_not_read_is_told(tmp_path):
    machine_ = pc(tmp_path).file("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu\n")
    info = {**ENGINE, "Architecture": "x86_64", "CDISpecDirs": []}
    assert "does not read it" in bad(engine.engine_lines(case("rtx-2080", machine_, ["tensorrt"], info)))["cards"]
    info["CDISpecDirs"] = ["/etc/cdi"]
    assert bad(engine.engine_lines(case("rtx-2080", machine_, ["tensorrt"], info))) == {}
    bare = pc(tmp_path / "bare")
    assert "neither" in bad(engine.engine_lines(case("rtx-2080", bare, ["tensorrt"], info)))["cards"]
    bare.file("/usr/bin/nvidia-container-runtime-hook", "")
    assert bad(engine.engine_lines(case("rtx-2080", bare, ["tensorrt"], info))) == {}


@pytest.mark.parametrize("energy", ["12345\n", None])
def test_rapl_that_cannot_be_read_is_told(energy, tmp_path):
    machine_ = pc(tmp_path).cpu("Intel(R) Xeon(R) E5").file("/sys/class/powercap/intel-rapl:0/name", "package-0\n")
    machine_.file("/sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n")
    machine_.file("/sys/class/powercap/intel-rapl:0/energy_uj", energy or "")
    found = bad(sensors.sensor_lines(case("xeon", machine_, ["tflite"])))
    assert ("power" in found) == (energy is None)
    assert energy or "chmod" in next(
        str(line.mend) for line in sensors.sensor_lines(case("xeon", machine_, ["tflite"]))
    )


def test_images_that_are_not_there_are_named_and_an_unfit_one_too(tmp_path, monkeypatch):
    def nothing(_engine, name, platform):
        raise HostError(f"there is no image edgebench/{name}:{platform}", f"make images/{name}")

    monkeypatch.setattr(images, "require", nothing)
    found = case("jetson-orin-nano", orin_nano(tmp_path, "3.0"), ["l4t-pytorch", "l4t-tensorflow"], engine=object())
    said = list(images.image_lines(found))
    assert [line.topic for line in said] == ["images", "image"]
    assert "l4t-pytorch:l4t-r36, l4t-tensorflow:l4t-r36: neither built here nor in a lock file" in said[0].said
    assert said[1].said.startswith("l4t-pytorch: docker.io/dustynv/l4t-pytorch:r36.4.0 is of a later release")
    one = list(images.image_lines(replace(found, frameworks=["l4t-tensorflow"])))
    assert [(line.level, line.mend) for line in one] == [("fail", "make images/l4t-tensorflow")]


def test_a_pc_is_no_tx2_and_the_list_is_one_that_its_owner_knows(tmp_path, monkeypatch):
    Programs(tmp_path / "bin", monkeypatch).clock()
    machine_ = pc(tmp_path / "tree").file("/proc/meminfo", "MemTotal: 32000000 kB\nMemAvailable: 30000000 kB\n")
    info = {**ENGINE, "Architecture": "x86_64", "Runtimes": {"runc": {}}}
    said = examine(case("jetson-tx2", machine_, ["l4t-tensorrt"], info))
    failed = {line.topic for line in said if line.level == "fail"}
    assert failed == {"architecture", "identity", "L4T", "runtime", "CSV lists", "hardware", "images", "power mode",
                      "clocks", "power"}  # fmt: skip
    assert all(line.mend for line in said if line.level == "fail")


def test_every_sensor_of_the_matrix_is_one_of_the_runner_and_has_something_that_mends_it():
    from runner.sensors import CLASSES

    named = {name for device in MATRIX.devices.values() for name in device.sensors}
    assert named <= sensors.MENDS.keys()
    assert named <= CLASSES.keys()
