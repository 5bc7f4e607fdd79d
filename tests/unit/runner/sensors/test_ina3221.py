"""Rails of Jetson boards by both drivers: by label, never by place, and never what is no rail."""

import shutil

import pytest

from tests.support.sensor_trees import AGX_ORIN, HWMON, IIO, NANO, TX2, plant


def watts(values: dict[str, float]) -> dict[str, float]:
    return {name.split("/")[1]: value for name, value in values.items() if name.endswith("/power")}


def test_the_rails_of_a_tx2_are_found_by_name(sensor, tmp_path):
    plant(tmp_path, TX2)
    ina = sensor("ina3221")
    channels = {channel.name: channel for channel in ina.find()}
    assert len(channels) == 9
    rail = channels["VDD_IN"].describe()
    assert (rail["scope"], rail["unit"], rail["method"], rail["accuracy"]) == ("rail VDD_IN", "W", "sampled", None)
    assert rail["source"] == "/sys/bus/i2c/drivers/ina3221x/0-0041/iio:device1/in_power0_input"
    values, faults = ina.read()
    assert faults == {}
    assert watts(values)["VDD_IN"] == pytest.approx(6.0)
    assert watts(values)["VDD_SYS_GPU"] == pytest.approx(1.2), "which sits where a Nano has its input"


def test_a_nano_has_its_own_names(sensor, tmp_path):
    plant(tmp_path, NANO)
    ina = sensor("ina3221")
    ina.find()
    assert watts(ina.read()[0]) == pytest.approx({"POM_5V_IN": 2.875, "POM_5V_GPU": 0.04, "POM_5V_CPU": 0.7})


def test_linux_s_driver_gives_volts_and_amperes_and_their_product(sensor, tmp_path):
    plant(tmp_path, AGX_ORIN)
    ina = sensor("ina3221")
    names = {channel.name for channel in ina.find()}
    assert names == {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"}, "no NC, no sum of shunts"
    values, faults = ina.read()
    assert faults == {}
    assert values["ina3221/VDD_GPU_SOC/voltage"] == pytest.approx(19.832)
    assert values["ina3221/VDD_GPU_SOC/current"] == pytest.approx(0.2)
    assert values["ina3221/VDD_GPU_SOC/power"] == pytest.approx(19.832 * 0.2)


def test_a_rail_that_is_switched_off_in_the_chip_is_left_out(sensor, tmp_path):
    plant(tmp_path, {**AGX_ORIN, f"{HWMON}/1-0040/hwmon/hwmon3/in2_enable": "0\n"})
    assert "VDD_CPU_CV" not in {channel.name for channel in sensor("ina3221").find()}


def test_the_old_driver_without_power_multiplies_too(sensor, tmp_path):
    plant(tmp_path, TX2)
    (tmp_path / IIO / "0-0041/iio:device1/in_power0_input").unlink()
    ina = sensor("ina3221")
    ina.find()
    assert watts(ina.read()[0])["VDD_IN"] == pytest.approx(6.0)


def test_two_rails_of_one_name_are_told_apart(sensor, tmp_path):
    plant(tmp_path, {**TX2, f"{IIO}/0-0042/iio:device2/rail_name_0": "VDD_IN\n"})
    ina = sensor("ina3221")
    names = {channel.name for channel in ina.find()}
    assert {"VDD_IN@0-0041", "VDD_IN@0-0042"} <= names
    assert "VDD_IN" not in names
    values, _ = ina.read()
    assert values["ina3221/VDD_IN@0-0041/power"] == pytest.approx(6.0)
    assert values["ina3221/VDD_IN@0-0042/power"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("-5000\n", "-5 W cannot be"),
        ("99999999\n", "cannot be"),
        ("n/a\n", "'n/a' is no number"),
        ("", "'' is no number"),
        ("12.5\n", "is no number"),
        (None, "no such file"),
    ],
)
def test_nonsense_is_a_fault_of_that_rail_alone(sensor, tmp_path, content, reason):
    plant(tmp_path, TX2)
    ina = sensor("ina3221")
    ina.find()
    path = tmp_path / IIO / "0-0041/iio:device1/in_power0_input"
    path.unlink()
    if content is not None:
        path.write_text(content)
    values, faults = ina.read()
    assert list(faults) == ["ina3221/VDD_IN/power"]
    assert reason in faults["ina3221/VDD_IN/power"]
    assert len(values) == 8


def test_a_chip_that_vanishes_is_a_fault_of_all_its_rails(sensor, tmp_path):
    plant(tmp_path, AGX_ORIN)
    ina = sensor("ina3221")
    ina.find()
    shutil.rmtree(tmp_path / HWMON / "1-0040")
    values, faults = ina.read()
    assert len(faults) == 9
    assert set(values) == {f"ina3221/VDDQ_VDD2_1V8AO/{quantity}" for quantity in ("power", "voltage", "current")}


def test_a_machine_without_such_chips_has_no_channels(sensor):
    assert sensor("ina3221").find() == []
