"""What tells of power, temperature, frequency and throttling on a board: one class a module (docs/sensors.md).

Each is asked once what is here, `find`, and then again and again for numbers, `read`: see base.Sensor.
"""

import importlib

# Module → class. The first is one sensor for each tty that is named; all others look below the root.
CLASSES = {
    "um25c": "Um25c",
    "ina3221": "Ina3221",
    "rapl": "Rapl",
    "nvml": "Nvml",
    "pmic": "Pmic",
    "hwmon": "Hwmon",
    "thermal": "Thermal",
    "vcgencmd": "Vcgencmd",
    "apex": "Apex",
    "cpufreq": "Cpufreq",
    "devfreq": "Devfreq",
    "throttle": "Throttle",
}


def make(names, root, ttys):
    """The sensors of these classes, which look below `root`; a meter for each of the `ttys`."""
    sensors = []
    for name in names:
        kind = getattr(importlib.import_module("{}.{}".format(__name__, name)), CLASSES[name])
        sensors += [kind(root, tty) for tty in ttys] if name == "um25c" else [kind(root)]
    return sensors
