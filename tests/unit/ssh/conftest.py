"""The board that all of these tests ask."""

from tests.unit.ssh.fakes import board

__all__ = ["board"]
