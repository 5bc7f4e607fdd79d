"""The program that runs on the board: it times one model in one framework and says so in JSON lines.

Standard library only, Python 3.6 and up; numpy and the one framework that an adapter wraps are imported by it.
"""

import time

FIRST_LINE_NS = int(time.monotonic() * 1e9)  # when the first line of ours ran: before it is the interpreter's start

__version__ = "0.1.0"
