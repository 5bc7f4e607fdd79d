"""Which channels are a board's power: the right rails of each board, nothing twice, and no guess."""

from pathlib import Path
from typing import Any

import pytest

from bench.core.errors import ConfigError
from bench.hosts.meter import Meter, NoMeter, choose
from runner import sensors
from tests.support.sensor_trees import AGX_ORIN, IIO, NANO, PI, PI5, TX2, XEON, plant, plant_vcgencmd
from tests.unit.runner.sensors.usbmeter import FakeMeter


def channels(root: Path, *ttys: str) -> list[dict[str, Any]]:
    """What the runner would tell of the sensors below a root."""
    made = sensors.make([name for name in sensors.CLASSES if name != "nvml"], str(root), ttys)
    found = [channel.describe() for sensor in made for channel in sensor.find()]
    for sensor in made:
        sensor.close()
    return found


def test_a_tx2_s_module_and_carrier_are_the_board(tmp_path):
    found = choose(channels(plant(tmp_path, TX2)))
    assert found == Meter(("ina3221/VDD_IN/power", "ina3221/VDD_MUX/power"), "board")


def test_a_module_alone_is_called_so(tmp_path):
    tree = {path: text for path, text in TX2.items() if "0-0042" not in path}
    assert choose(channels(plant(tmp_path, tree))).scope == "rail VDD_IN"


def test_a_nano_has_one_rail_for_all(tmp_path):
    assert choose(channels(plant(tmp_path, NANO))) == Meter(("ina3221/POM_5V_IN/power",), "rail POM_5V_IN")


def test_an_agx_orin_s_three_inputs_are_added_and_what_hangs_on_them_is_not(tmp_path):
    found = choose(channels(plant(tmp_path, AGX_ORIN)))
    assert found.scope == "rails VDD_GPU_SOC + VDD_CPU_CV + VIN_SYS_5V0"
    assert "ina3221/VDDQ_VDD2_1V8AO/power" not in found.channels


def test_a_pi_5_has_the_rails_of_its_pmic_and_an_older_one_nothing(tmp_path):
    assert choose(channels(plant_vcgencmd(tmp_path / "5", PI5))) == Meter(("pmic/rails/power",), "rails of the PMIC")
    with pytest.raises(NoMeter, match="there is no power sensor here"):
        choose(channels(plant_vcgencmd(tmp_path / "3", PI)))


def test_packages_are_added_and_what_lies_in_them_is_not(tmp_path):
    found = choose(channels(plant(tmp_path, XEON)))
    assert found == Meter(("rapl/package-0/energy", "rapl/package-1/energy"), "2 × package")


def test_a_platform_counter_does_not_take_the_packages_place(tmp_path):
    """What its maker wired to it is anybody's guess."""
    plant(tmp_path, {**XEON, "sys/class/powercap/intel-rapl:2/name": "psys\n"})
    assert choose(channels(tmp_path)).scope == "2 × package"


def test_a_card_stands_beside_the_packages_and_its_counter_is_better_than_its_power(tmp_path):
    card = [
        {"channel": f"nvml/gpu0/{quantity}", "sensor": "nvml", "name": "gpu0", "quantity": quantity, "scope": "device"}
        for quantity in ("power", "energy", "temperature")
    ]
    found = choose([*channels(plant(tmp_path, XEON)), *card])
    assert found.channels[-1] == "nvml/gpu0/energy"
    assert found.scope == "2 × package + device"
    assert choose(card[:1]).channels == ("nvml/gpu0/power",), "before Volta"


def test_a_meter_in_the_supply_is_better_than_any_rail(tmp_path):
    with FakeMeter() as meter:
        found = choose(channels(plant(tmp_path, TX2), meter.path))
    assert found == Meter((f"um25c/{Path(meter.path).name}/power",), "board")


def test_two_meters_or_two_rails_of_one_name_are_not_chosen_between(tmp_path):
    with FakeMeter() as one, FakeMeter() as other, pytest.raises(NoMeter, match="each measure a whole board"):
        choose(channels(tmp_path, one.path, other.path))
    plant(tmp_path, {**TX2, f"{IIO}/0-0042/iio:device2/rail_name_0": "VDD_IN\n"})
    with pytest.raises(NoMeter, match="two rails are called VDD_IN: name one with --meter"):
        choose(channels(tmp_path))
    assert choose(channels(tmp_path), ["*/VDD_IN@0-0041/*"]).channels == ("ina3221/VDD_IN@0-0041/power",)


def test_a_sensor_of_which_nobody_knows_what_it_measures_must_be_named(tmp_path):
    plant(tmp_path, {"sys/class/hwmon/hwmon1/name": "ina219\n", "sys/class/hwmon/hwmon1/power1_input": "1\n"})
    with pytest.raises(NoMeter, match=r"name one with --meter, out of hwmon/ina219.power1/power"):
        choose(channels(tmp_path))
    assert choose(channels(tmp_path), ["hwmon/*"]) == Meter(("hwmon/ina219.power1/power",), "device")


def test_globs_choose_and_are_added_up(tmp_path):
    found = choose(channels(plant(tmp_path, TX2)), ["*/VDD_SYS_GPU/*", "*/VDD_SYS_CPU/*"])
    assert found.scope == "rails VDD_SYS_GPU + VDD_SYS_CPU"


def test_a_glob_that_fits_nothing_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r"--meter ina3221/VDD_INN/power") as caught:
        choose(channels(plant(tmp_path, TX2)), ["ina3221/VDD_INN/power"])
    assert "ina3221/VDD_IN/power" in str(caught.value.hint)


def test_a_part_is_not_added_to_its_whole(tmp_path):
    with pytest.raises(ConfigError, match=r"rapl/package-0.core/energy is a part of rapl/package-0/energy"):
        choose(channels(plant(tmp_path, XEON)), ["rapl/*"])
