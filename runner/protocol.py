"""What the runner and the desk say to each other: one JSON request in, JSON lines out.

What ``bench`` imports of ``runner``. The words are explained in ``docs/protocol.md``.
All times are integer nanoseconds of the monotonic clock, all sizes integer bytes.
"""

import hashlib
import os

PROTOCOL = 1
PACKAGE = os.path.dirname(os.path.abspath(__file__))

# The events of one launch, in the order in which they may come. `done` or `error` ends every launch.
EVENTS = ("hello", "loaded", "output", "samples", "loadgen", "watch", "window", "memory", "done", "error")

# Why a launch has no number. Each becomes the `reason` of a failed launch.
ERRORS = (
    "request",  # the request is not of this protocol, not complete, or cannot be met here
    "artifact-missing",  # no file at the artifact's path
    "artifact-mismatch",  # the file's SHA-256 is not the one that was asked for
    "framework-missing",  # the framework, or a library it needs, cannot be imported
    "load",  # the framework refused the artifact
    "infer",  # an inference raised
    "output",  # the outputs are not what the reference says (shape, NaN, parity)
    "memory",  # MemoryError inside the runner
    "internal",  # anything else: a defect of the runner
)

# Keys a request must have, with the types they must be of. Optional keys and their defaults: see DEFAULTS.
REQUIRED = {
    "protocol": int,
    "framework": str,
    "artifact": dict,  # path, sha256, format
    "inputs": list,  # of {name, shape, dtype, axes, range}: the shape in the model's own order, axes a transposition
    "threads": int,
}
DEFAULTS = {
    "precision": "fp32",
    "device": "CPU",
    "seed": 0,
    # Warm-up and timed part each end when BOTH bounds are reached or at max_iterations, whichever comes first.
    "warmup": {"iterations": 5, "seconds": 0.1, "max_iterations": 1000},
    "stop": {"iterations": 20, "seconds": 0.5, "max_iterations": 100000},
    "reference": None,  # {path, sha256, seeds, bounds: {max_rel, cosine}}: an .npz of arrays seed_0_output_0, ...
    # And `sensitivity`; or `windows` or `single-stream` in place of `latency`: docs/protocol.md
    "measure": ["latency", "memory", "output"],
    "loadgen": None,  # the folder that holds MLPerf LoadGen's module, for `single-stream`
    "window_s": 1.0,  # the length of a window
    "slowdown": 0.0,  # by what fraction every inference is made slower on purpose: 0.05 is 5 % (runner/slowdown.py)
    "options": {},  # the adapter's own
}


class ProtocolError(ValueError):
    """A request or an event that is not of this protocol."""


def complete(request):
    """The request with its defaults filled in. Raises ProtocolError naming the first key that is wrong."""
    if not isinstance(request, dict):
        raise ProtocolError("the request is not a JSON object")
    unknown = sorted(set(request) - set(REQUIRED) - set(DEFAULTS))
    if unknown:
        raise ProtocolError("unknown key in the request: " + ", ".join(unknown))
    for key, kind in sorted(REQUIRED.items()):
        if key not in request:
            raise ProtocolError("the request has no '{}'".format(key))
        if not isinstance(request[key], kind) or isinstance(request[key], bool):
            raise ProtocolError("'{}' must be of type {}".format(key, kind.__name__))
    if request["protocol"] != PROTOCOL:
        raise ProtocolError("the request speaks protocol {}, this runner {}".format(request["protocol"], PROTOCOL))
    for key in ("path", "sha256", "format"):
        if not isinstance(request["artifact"].get(key), str):
            raise ProtocolError("'artifact.{}' must be a text".format(key))
    if request["threads"] < 1:
        raise ProtocolError("'threads' must be at least 1")
    full = dict(DEFAULTS)
    full.update(request)
    for key, default in sorted(DEFAULTS.items()):
        if isinstance(default, float):
            if not isinstance(full[key], (int, float)) or isinstance(full[key], bool):
                raise ProtocolError("'{}' must be a number".format(key))
        elif default is not None and not isinstance(full[key], type(default)):
            raise ProtocolError("'{}' must be of type {}".format(key, type(default).__name__))
    if not full["window_s"] > 0:
        raise ProtocolError("'window_s' must be a number above 0")
    if not 0 <= full["slowdown"] <= 10:
        raise ProtocolError("'slowdown' must be a number from 0 to 10")
    if not isinstance(full["loadgen"], str) and "single-stream" in full["measure"]:
        raise ProtocolError("'single-stream' needs 'loadgen', a folder")
    for part in ("warmup", "stop"):
        full[part] = _complete_bounds(part, full[part])
    reference = full["reference"]
    if reference is not None and not (isinstance(reference, dict) and {"path", "sha256"} <= set(reference)):
        raise ProtocolError("'reference' must be null or have 'path' and 'sha256'")
    return full


def _complete_bounds(part, given):
    """The bounds of the warm-up or the timed part, with their defaults."""
    bounds = dict(DEFAULTS[part])
    bounds.update(given)
    if set(bounds) != set(DEFAULTS[part]):
        raise ProtocolError("'{}' has only the keys {}".format(part, ", ".join(sorted(DEFAULTS[part]))))
    for key, least, kinds in (("iterations", 0, int), ("max_iterations", 1, int), ("seconds", 0, (int, float))):
        value = bounds[key]
        if not isinstance(value, kinds) or isinstance(value, bool) or not value >= least:
            raise ProtocolError("'{}.{}' must be a number of at least {}".format(part, key, least))
    return bounds


def hash_artifact(path):
    """The SHA-256 that names an artifact: of the file's bytes, or for a folder of its sorted 'hash  path' lines."""
    if not os.path.isdir(path):
        return _hash_file(path)
    return _hash_files(path)


def hash_runner(package: str = PACKAGE) -> str:
    """The SHA-256 that names a runner: of its sources, not of what they were compiled to."""
    return _hash_files(package, ".py")


def _hash_files(top, suffix=""):
    lines = []
    for folder, _, names in os.walk(top):
        for name in names:
            if not name.endswith(suffix):
                continue
            full = os.path.join(folder, name)
            lines.append("{}  {}\n".format(_hash_file(full), os.path.relpath(full, top).replace(os.sep, "/")))
    return hashlib.sha256("".join(sorted(lines)).encode("utf-8")).hexdigest()


def _hash_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
