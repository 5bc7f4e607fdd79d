"""What `runner sense` is asked for: one JSON object, its keys and defaults (docs/protocol.md)."""

from runner.protocol import PROTOCOL, ProtocolError
from runner.sensors import CLASSES

DEFAULTS = {
    "root": "/",  # below which /sys, /proc and the firmware's programs are looked for
    "sensors": None,  # names of classes, or null for all
    "period_s": 0.1,  # from one reading of a sensor to the next, unless the sensor itself is slower
    "seconds": None,  # after which it ends by itself, or null
    "ttys": [],  # where USB meters are
}
LEAST_PERIOD = 0.001


def complete(request):
    """The request with its defaults filled in. Raises ProtocolError naming what is wrong."""
    if not isinstance(request, dict):
        raise ProtocolError("the request is not a JSON object")
    spoken = request.get("protocol")
    if spoken != PROTOCOL:
        raise ProtocolError("the request speaks protocol {!r}, this runner {}".format(spoken, PROTOCOL))
    unknown = sorted(set(request) - set(DEFAULTS) - {"protocol"})
    if unknown:
        raise ProtocolError("unknown key in the request: " + ", ".join(unknown))
    full = dict(DEFAULTS)
    full.update(request)
    if not isinstance(full["root"], str):
        raise ProtocolError("'root' must be a text")
    if not _texts(full["ttys"]):
        raise ProtocolError("'ttys' must be a list of paths")
    if full["sensors"] is None:
        full["sensors"] = list(CLASSES)
    if not _texts(full["sensors"]) or set(full["sensors"]) - set(CLASSES):
        raise ProtocolError("'sensors' must be null or a list out of " + ", ".join(sorted(CLASSES)))
    if not _is_number(full["period_s"]) or full["period_s"] < LEAST_PERIOD:
        raise ProtocolError("'period_s' must be a number of at least {}".format(LEAST_PERIOD))
    if full["seconds"] is not None and not (_is_number(full["seconds"]) and full["seconds"] > 0):
        raise ProtocolError("'seconds' must be null or a number above 0")
    return full


def _texts(value):
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
