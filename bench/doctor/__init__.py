"""Checks whether a machine has what a device's launches need; each line has the command that mends it."""

from bench.doctor.case import Case, Line
from bench.doctor.engine import engine_lines
from bench.doctor.hardware import hardware_lines
from bench.doctor.images import image_lines
from bench.doctor.machine import machine_lines
from bench.doctor.sensors import sensor_lines
from bench.doctor.speed import speed_lines
from bench.doctor.system import system_lines

__all__ = ["Case", "Line", "examine"]


def examine(case: Case) -> list[Line]:
    """All lines, in the order of repair: the machine, the engine, the hardware, the measurement."""
    parts = (machine_lines, engine_lines, hardware_lines, image_lines, speed_lines, sensor_lines, system_lines)
    return [line for part in parts for line in part(case)]
