"""Keeps standard output for events alone, and errors on one line."""

import json
import os

from runner.clock import monotonic_ns


class Emitter:
    """Writes events to what standard output was, one JSON object a line."""

    def __init__(self):
        """Take file descriptor 1 away: from here on whatever a framework prints, in C too, goes to standard error."""
        # A duplicate is not inherited, so a child of the framework cannot write to it either.
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def __call__(self, event, **fields):
        """Write one event. Raises ValueError when a field holds NaN or an infinity, which JSON has no word for."""
        line = {"event": event, "t_ns": monotonic_ns()}
        line.update(fields)
        self._stream.write(json.dumps(line, allow_nan=False, sort_keys=True) + "\n")
        self._stream.flush()


def one_line(error):
    """What an exception says, on one line."""
    text = " ".join(str(error).split())
    return "{}: {}".format(type(error).__name__, text[:500]) if text else type(error).__name__
