"""The classes that read one file for one number: hwmon, thermal zones, throttling, clocks, Edge TPUs."""

import pytest

from tests.support.sensor_trees import CORAL, NANO, TX2, XEON, plant


def read(made):
    made.find()
    return made.read()


def test_temperatures_go_by_type_and_a_constant_is_none(sensor, tmp_path):
    plant(tmp_path, NANO)
    values, faults = read(sensor("thermal"))
    assert faults == {}
    assert values["thermal/CPU-therm/temperature"] == pytest.approx(38.5)
    assert not any("PMIC" in name for name in values)
    assert len(values) == 5


def test_zones_of_one_type_are_told_apart(sensor, tmp_path):
    plant(tmp_path, {**NANO, "sys/class/thermal/thermal_zone1/type": "GPU-therm\n"})
    names = {channel.name for channel in sensor("thermal").find()}
    assert {"GPU-therm@thermal_zone1", "GPU-therm@thermal_zone2"} <= names


@pytest.mark.parametrize("text", ["-273200\n", "127000000\n", "hot\n"])
def test_a_temperature_that_cannot_be_is_a_fault(sensor, tmp_path, text):
    plant(tmp_path, {**NANO, "sys/class/thermal/thermal_zone1/temp": text})
    values, faults = read(sensor("thermal"))
    assert list(faults) == ["thermal/CPU-therm/temperature"]
    assert "thermal/GPU-therm/temperature" in values


def test_a_zone_that_is_asleep_says_so(sensor, tmp_path):
    """The GPU's zone on Orin answers EAGAIN while the GPU sleeps; a folder in the file's place fails likewise."""
    plant(tmp_path, NANO)
    path = tmp_path / "sys/class/thermal/thermal_zone1/temp"
    path.unlink()
    path.mkdir()
    assert "is a directory" in read(sensor("thermal"))[1]["thermal/CPU-therm/temperature"]


def test_hwmon_finds_temperatures_by_label(sensor, tmp_path):
    plant(tmp_path, XEON)
    values, _ = read(sensor("hwmon"))
    assert values == {"hwmon/coretemp.Package id 0/temperature": pytest.approx(51.0)}


def test_hwmon_finds_power_and_energy_and_prefers_the_value_of_the_moment(sensor, tmp_path):
    plant(
        tmp_path,
        {
            "sys/class/hwmon/hwmon1/name": "amdgpu\n",
            "sys/class/hwmon/hwmon1/power1_average": "30000000\n",
            "sys/class/hwmon/hwmon2/name": "ina226\n",
            "sys/class/hwmon/hwmon2/power1_average": "1\n",
            "sys/class/hwmon/hwmon2/power1_input": "4000000\n",
            "sys/class/hwmon/hwmon2/power1_max": "9\n",
            "sys/class/hwmon/hwmon3/name": "amd_energy\n",
            "sys/class/hwmon/hwmon3/energy1_label": "Esocket0\n",
            "sys/class/hwmon/hwmon3/energy1_input": "7000000\n",
        },
    )
    made = sensor("hwmon")
    channels = {channel.id: channel for channel in made.find()}
    assert channels["hwmon/amd_energy.Esocket0/energy"].method == "counter"
    values, faults = made.read()
    assert faults == {}
    assert values["hwmon/amdgpu.power1/power"] == pytest.approx(30.0)
    assert values["hwmon/ina226.power1/power"] == pytest.approx(4.0)
    assert values["hwmon/amd_energy.Esocket0/energy"] == 0


def test_hwmon_leaves_to_others_what_others_read(sensor, tmp_path):
    plant(
        tmp_path,
        {
            "sys/class/hwmon/hwmon1/name": "ina3221\n",
            "sys/class/hwmon/hwmon1/temp1_input": "1\n",
            "sys/devices/virtual/thermal/thermal_zone0/hwmon2/name": "cpu_thermal\n",
            "sys/devices/virtual/thermal/thermal_zone0/hwmon2/temp1_input": "50000\n",
        },
    )
    zone = tmp_path / "sys/devices/virtual/thermal/thermal_zone0/hwmon2"
    (tmp_path / "sys/class/hwmon/hwmon2").symlink_to(zone)
    assert sensor("hwmon").find() == []


def test_chips_of_one_name_are_told_apart(sensor, tmp_path):
    plant(tmp_path, {f"sys/class/hwmon/hwmon{n}/name": "nvme\n" for n in (1, 2)})
    plant(tmp_path, {f"sys/class/hwmon/hwmon{n}/temp1_input": f"{n}0000\n" for n in (1, 2)})
    assert read(sensor("hwmon"))[0] == {
        "hwmon/nvme.temp1@hwmon1/temperature": 10.0,
        "hwmon/nvme.temp1@hwmon2/temperature": 20.0,
    }


def test_what_slows_a_processor_is_told_and_a_fan_is_not(sensor, tmp_path):
    plant(tmp_path, {**NANO, "sys/class/thermal/cooling_device0/cur_state": "3\n"})
    assert read(sensor("throttle"))[0] == {"throttle/thermal-cpufreq-0/throttle": 3}


def test_a_processor_s_own_counts_are_added_up(sensor, tmp_path):
    plant(tmp_path, XEON)
    made = sensor("throttle")
    (channel,) = made.find()
    assert (channel.method, channel.unit) == ("counter", "count")
    assert made.read()[0] == {"throttle/cpu cores/throttle": 7}


def test_clocks_are_in_mhz_and_of_processors_alone(sensor, tmp_path):
    plant(tmp_path, TX2)
    assert read(sensor("cpufreq"))[0] == {"cpufreq/policy0/frequency": pytest.approx(2035.2)}
    assert read(sensor("devfreq"))[0] == {"devfreq/17000000.gp10b/frequency": pytest.approx(1300.5)}


def test_a_clock_that_goes_offline_is_a_fault(sensor, tmp_path):
    plant(tmp_path, TX2)
    made = sensor("cpufreq")
    made.find()
    (tmp_path / "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq").unlink()
    assert made.read() == ({}, {"cpufreq/policy0/frequency": "no such file or directory"})


@pytest.mark.parametrize(("heat", "step"), [(62250, 0), (85000, 1), (94999, 2), (95000, 3)])
def test_an_edge_tpu_tells_its_heat_and_how_far_it_slows_down(sensor, tmp_path, heat, step):
    plant(tmp_path, {**CORAL, "sys/class/apex/apex_0/temp": f"{heat}\n"})
    made = sensor("apex")
    assert [channel.rate_hz for channel in made.find()] == pytest.approx([0.2, 0.2])
    assert made.read()[0] == {"apex/apex_0/temperature": pytest.approx(heat / 1000), "apex/apex_0/throttle": step}


def test_an_edge_tpu_without_trip_points_tells_nothing(sensor, tmp_path):
    plant(tmp_path, CORAL)
    (tmp_path / "sys/class/apex/apex_0/trip_point2_temp").unlink()
    values, faults = read(sensor("apex"))
    assert values == {}
    assert set(faults) == {"apex/apex_0/temperature", "apex/apex_0/throttle"}


@pytest.mark.parametrize("name", ["hwmon", "thermal", "throttle", "cpufreq", "devfreq", "apex", "vcgencmd", "pmic"])
def test_a_machine_without_it_has_no_channels(sensor, name):
    assert sensor(name).find() == []
