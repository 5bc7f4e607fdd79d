"""The clocks of the CPUs, one for each group that shares one (`policyN`). Source: Linux's cpufreq documentation."""

import os

from runner.sensors.base import Channel, Sensor, reader


class Cpufreq(Sensor):
    """What /sys/devices/system/cpu/cpufreq says."""

    name = "cpufreq"
    period = 0.2

    def find(self):
        """A frequency for each policy: what the governor asks for, which is all that who is not root may read."""
        for path in self.glob("sys/devices/system/cpu/cpufreq/policy[0-9]*/scaling_cur_freq"):
            policy = os.path.basename(os.path.dirname(path))
            channel = Channel(self.name, policy, "frequency", "package", self.outside(path))
            self.add(channel, reader(path, 1e-3), policy)
        return self.found()
