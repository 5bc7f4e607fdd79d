"""What boards show below /sys and on their firmware's tongue, as small literals that a test writes below a root.

Labels, addresses and units are those of docs/sensors.md's sources; the numbers are made up, except where it says so.
"""

from collections.abc import Mapping
from pathlib import Path

IIO = "sys/bus/i2c/drivers/ina3221x"
HWMON = "sys/bus/i2c/drivers/ina3221"


def _iio(chip: str, device: int, *rails: tuple[str, int]) -> dict[str, str]:
    """A chip of JetPack 4's driver: per rail its label and mW."""
    folder = f"{IIO}/{chip}/iio:device{device}"
    files = {}
    for index, (rail, milliwatts) in enumerate(rails):
        files[f"{folder}/rail_name_{index}"] = f"{rail}\n"
        files[f"{folder}/in_voltage{index}_input"] = "5000\n"
        files[f"{folder}/in_current{index}_input"] = f"{milliwatts // 5}\n"
        files[f"{folder}/in_power{index}_input"] = f"{milliwatts}\n"
    return files


def _hwmon(chip: str, number: int, *rails: tuple[str, int, int]) -> dict[str, str]:
    """A chip of Linux's driver: per rail its label, mV and mA; and the sum that it always shows as in7."""
    folder = f"{HWMON}/{chip}/hwmon/hwmon{number}"
    files = {
        f"{folder}/name": "ina3221\n",
        f"{folder}/in7_label": "sum of shunt voltages\n",
        f"{folder}/in7_input": "9\n",
    }
    for index, (rail, millivolts, milliamperes) in enumerate(rails, 1):
        files[f"{folder}/in{index}_label"] = f"{rail}\n"
        files[f"{folder}/in{index}_enable"] = "1\n"
        files[f"{folder}/in{index}_input"] = f"{millivolts}\n"
        files[f"{folder}/curr{index}_input"] = f"{milliamperes}\n"
        files[f"{folder}/in{index + 3}_input"] = "123\n"  # the shunt's, in µV
    return files


def _zones(**temperatures: int) -> dict[str, str]:
    """Thermal zones: type (with `_` for `-`) and m°C."""
    files = {}
    for index, (kind, heat) in enumerate(temperatures.items()):
        files[f"sys/class/thermal/thermal_zone{index}/type"] = kind.replace("_", "-") + "\n"
        files[f"sys/class/thermal/thermal_zone{index}/temp"] = f"{heat}\n"
    return files


TX2 = {
    **_iio("0-0040", 0, ("VDD_SYS_GPU", 1200), ("VDD_SYS_SOC", 800), ("VDD_4V0_WIFI", 40)),
    **_iio("0-0041", 1, ("VDD_IN", 6000), ("VDD_SYS_CPU", 1500), ("VDD_SYS_DDR", 900)),
    **_iio("0-0042", 2, ("VDD_MUX", 3000), ("VDD_5V0_IO_SYS", 400), ("VDD_3V3_SYS", 300)),
    **_zones(BCPU_therm=41500, MCPU_therm=41500, GPU_therm=39000, PMIC_Die=100000),
    "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "2035200\n",
    "sys/class/devfreq/17000000.gp10b/cur_freq": "1300500000\n",
    "sys/class/devfreq/15340000.vic/cur_freq": "1024000000\n",
}

NANO = {
    **_iio("6-0040", 0, ("POM_5V_IN", 2875), ("POM_5V_GPU", 40), ("POM_5V_CPU", 700)),
    **_zones(AO_therm=44000, CPU_therm=38500, GPU_therm=38000, PLL_therm=36500, PMIC_Die=100000, thermal_fan_est=38250),
    "sys/class/thermal/cooling_device0/type": "thermal-cpufreq-0\n",
    "sys/class/thermal/cooling_device0/cur_state": "0\n",
    "sys/class/thermal/cooling_device1/type": "pwm-fan\n",
    "sys/class/thermal/cooling_device1/cur_state": "2\n",
    "sys/class/devfreq/57000000.gpu/cur_freq": "921600000\n",
}

AGX_ORIN = {
    **_hwmon(
        "1-0040", 3, ("VDD_GPU_SOC", 19832, 200), ("VDD_CPU_CV", 19832, 40), ("VIN_SYS_5V0", 4960, 800)
    ),
    **_hwmon("1-0041", 4, ("NC", 8, 0), ("VDDQ_VDD2_1V8AO", 4960, 100), ("NC", 8, 0)),
}  # fmt: skip

XEON = {
    "sys/class/powercap/intel-rapl:0/name": "package-0\n",
    "sys/class/powercap/intel-rapl:0/energy_uj": "262000000000\n",
    "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
    "sys/class/powercap/intel-rapl:0:0/name": "core\n",
    "sys/class/powercap/intel-rapl:0:0/energy_uj": "1000000\n",
    "sys/class/powercap/intel-rapl:0:0/max_energy_range_uj": "262143328850\n",
    "sys/class/powercap/intel-rapl:0:1/name": "dram\n",
    "sys/class/powercap/intel-rapl:0:1/energy_uj": "2000000\n",
    "sys/class/powercap/intel-rapl:0:1/max_energy_range_uj": "65712999613\n",
    "sys/class/powercap/intel-rapl:1/name": "package-1\n",
    "sys/class/powercap/intel-rapl:1/energy_uj": "5000000\n",
    "sys/class/powercap/intel-rapl:1/max_energy_range_uj": "262143328850\n",
    "sys/class/powercap/intel-rapl-mmio:0/name": "package-0\n",
    "sys/class/powercap/intel-rapl-mmio:0/energy_uj": "262000000000\n",
    "sys/class/powercap/intel-rapl-mmio:0/max_energy_range_uj": "262143328850\n",
    "sys/class/hwmon/hwmon0/name": "coretemp\n",
    "sys/class/hwmon/hwmon0/temp1_label": "Package id 0\n",
    "sys/class/hwmon/hwmon0/temp1_input": "51000\n",
    "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3\n",
    "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "4\n",
}

CORAL = {
    "sys/class/apex/apex_0/temp": "62250\n",
    "sys/class/apex/apex_0/trip_point0_temp": "85000\n",
    "sys/class/apex/apex_0/trip_point1_temp": "90000\n",
    "sys/class/apex/apex_0/trip_point2_temp": "95000\n",
    "sys/class/apex/apex_0/temp_poll_interval": "5000\n",
}

# As a Raspberry Pi 5 printed it, read in public logs of several people.
PMIC = """\
 3V7_WL_SW_A current(0)=0.00000000A
   3V3_SYS_A current(1)=0.06245952A
  VDD_CORE_A current(7)=0.87674000A
     EXT5V_V volt(24)=5.06788000V
 3V7_WL_SW_V volt(8)=3.79999600V
   3V3_SYS_V volt(9)=3.30632200V
  VDD_CORE_V volt(15)=0.89745940V
      BATT_V volt(25)=3.01110800V
"""
PMIC_WATTS = 0.06245952 * 3.306322 + 0.87674 * 0.8974594

PI = {"measure_temp": "temp=52.5'C\n", "get_throttled": "throttled=0x50000\n"}
PI5 = {**PI, "pmic_read_adc": PMIC}


def plant(root: Path, tree: Mapping[str, str]) -> Path:
    """Write the files below a root, and give it."""
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def plant_vcgencmd(root: Path, answers: Mapping[str, str]) -> Path:
    """A firmware program below a root that gives these answers, and refuses all else as the real one does."""
    program = root / "usr/bin/vcgencmd"
    for words, answer in answers.items():
        plant(root, {f"answers/{words}": answer})
    plant(
        root,
        {
            "usr/bin/vcgencmd": f"""#!/bin/sh
cat "{root}/answers/$1" 2>/dev/null || echo 'error=1 error_msg="Command not registered"'
"""
        },
    )
    program.chmod(0o755)
    return root
