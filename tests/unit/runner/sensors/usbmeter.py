"""A USB meter at the other end of a pseudo-terminal, which speaks the protocol of the UM25C."""

import os
import struct
import threading
import tty
from functools import reduce
from types import TracebackType
from typing import Self

from runner.sensors.um25c import MODELS, SUMMED


def frame(model: int = 0x09C9, volts: float = 5.0, amperes: float = 0.5) -> bytes:
    """130 bytes as the meter sends them."""
    _, v_unit, a_unit = MODELS.get(model, ("", 0.001, 0.0001))
    said = bytearray(130)
    struct.pack_into(">HHHIH", said, 0, model, round(volts / v_unit), round(amperes / a_unit),
                     round(volts * amperes * 1000), 31)  # fmt: skip
    if model == 0x0D4C:
        said[-1] = reduce(lambda left, right: left ^ right, (said[index] for index in SUMMED))
    else:
        struct.pack_into(">H", said, 128, 0xFFF1)
    return bytes(said)


class FakeMeter:
    """Answers every 0xF0 with the next of `answers`, and with the last one again when there are no more."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers) or [frame()]
        self.asked = 0

    def __enter__(self) -> Self:
        self.master, self.slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def unplug(self) -> None:
        """The line is gone, as when Bluetooth loses the meter."""
        if self.slave >= 0:
            self._over = True
            os.write(self.slave, b"\x00")  # wakes the thread, which then sees that it is over
            self._thread.join(5)
            os.close(self.slave)
            os.close(self.master)
            self.slave = -1

    _over = False

    def _serve(self) -> None:
        while not self._over:
            try:
                said = os.read(self.master, 1)
            except OSError:
                return
            if said == b"\xf0":
                self.asked += 1
                os.write(self.master, self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
