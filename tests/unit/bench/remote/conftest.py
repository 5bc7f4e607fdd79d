"""The board that all of these tests ask."""

from tests.support.connection import board

__all__ = ["board"]
