"""The clocks of GPUs on boards: Tegra's, Mali, VideoCore. Source: Linux's devfreq documentation; docs/sensors.md."""

import os
import re

from runner.sensors.base import Channel, Sensor, reader

# Names of the device-tree nodes: gp10b, gv11b and ga10b are Tegra's.
GPU = re.compile(r"gpu|g[pva]\d\d?b|mali|v3d", re.IGNORECASE)


class Devfreq(Sensor):
    """What /sys/class/devfreq says of a GPU."""

    name = "devfreq"
    period = 0.2

    def find(self):
        """A frequency for each GPU."""
        for path in self.glob("sys/class/devfreq/*/cur_freq"):
            node = os.path.basename(os.path.dirname(path))
            if GPU.search(node):
                channel = Channel(self.name, node, "frequency", "device", self.outside(path))
                self.add(channel, reader(path, 1e-6), node)
        return self.found()
