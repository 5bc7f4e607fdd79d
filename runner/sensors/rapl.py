"""RAPL: energy counters of x86 processors, of Intel and (since Linux 5.8, by the same name) of AMD.

Domains lie in one another: psys > package > core, uncore; dram stands beside its package. So a sum over all of them
counts twice: `inside` names the domain that holds another. The register begins again at max_energy_range_uj.
Only root may read it (CVE-2020-8694). Source: Linux's powercap documentation; docs/sensors.md.
"""

import os

from runner.sensors.base import Channel, Fault, Sensor, label, number, reader
from runner.sensors.counter import Counter

MICRO = 1e-6


class Rapl(Sensor):
    """Every domain of `intel-rapl`, and of `intel-rapl-mmio` what the former lacks: both show the same counters."""

    name = "rapl"
    period = 0.01

    def find(self):
        """The energy of each domain; `package-0.core` is what lies below a package, since each has a `core`."""
        domains = {}  # name → folder
        for control in ("intel-rapl", "intel-rapl-mmio"):
            for zone in self.glob("sys/class/powercap/{}:[0-9]*".format(control)):
                domains.setdefault(_full_name(zone, control), zone)
        domains.pop(None, None)
        for name, zone in sorted(domains.items()):
            self._add(zone, name, "psys" in domains)
        return self.found()

    def _add(self, zone, name, psys):
        package, _, part = name.partition(".")
        outer = package if part else "psys" if psys and name != "psys" else None
        path = os.path.join(zone, "energy_uj")
        try:
            span = number(os.path.join(zone, "max_energy_range_uj"), MICRO)
        except Fault:
            span = None
        channel = Channel(
            self.name, name, "energy", "platform" if name == "psys" else "part of a package" if part else "package",
            self.outside(path), method="counter", rate_hz=1000.0,
            inside="{}/{}/energy".format(self.name, outer) if outer and part != "dram" else None,
        )  # fmt: skip
        self.add(channel, Counter(reader(path, MICRO), span), os.path.basename(zone))


def _full_name(zone, control):
    """`package-0`, or `package-0.core` for intel-rapl:0:0; None where the kernel does not name it."""
    folder, own = os.path.split(zone)
    above, colon, _ = own[len(control) + 1 :].rpartition(":")
    names = [label(os.path.join(zone, "name"))]
    if colon:
        names.insert(0, label(os.path.join(folder, "{}:{}".format(control, above), "name")))
    return ".".join(names) if all(names) else None
