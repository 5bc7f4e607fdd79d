"""One launch, from the request to `done` or `error`."""

import os
import platform
import sys
import traceback
from contextlib import contextmanager

from runner import (
    FIRST_LINE_NS,
    __version__,
    agreement,
    cgroup,
    emulation,
    environment,
    inputs,
    libraries,
    measure,
    pagecache,
    parity,
    single_stream,
    slowdown,
    watch,
)
from runner.adapters import AdapterMissing, find
from runner.clock import perf_counter_ns
from runner.emit import one_line
from runner.protocol import PROTOCOL, ProtocolError, complete, hash_artifact, hash_runner


class Failure(Exception):
    """A launch that ends without a number: one of protocol.ERRORS and a message."""

    def __init__(self, kind, message):
        Exception.__init__(self, message)
        self.kind = kind


def run(request, emit):
    """Run the launch that `request` (a JSON value) asks for and emit its events; returns the exit code, 0 or 1."""
    try:
        with _failing("internal"):
            _launch(_checked(request), emit)
    except Failure as failure:
        if failure.__cause__ is not None:
            traceback.print_exception(type(failure.__cause__), failure.__cause__, failure.__cause__.__traceback__)
        emit("error", **{"class": failure.kind, "message": str(failure)})
        return 1
    return 0


def _launch(request, emit):
    adapter = _hello(request, emit)
    _verify("artifact", request["artifact"])
    with _failing("request"):
        given = inputs.make(request["inputs"], request["seed"])

    session, load_ns = _timed("load", adapter.load, request["artifact"]["path"], request)
    try:
        outputs, first_ns = _timed("infer", adapter.infer, session, given)
        emit(
            "loaded",
            artifact_sha256=request["artifact"]["sha256"],
            load_ns=load_ns,
            first_ns=first_ns,
            libraries=libraries.mapped(),
        )
        if "output" in request["measure"]:
            _output(request, lambda arrays: adapter.infer(session, arrays), outputs, emit)
        del outputs
        infer, count = slowdown.slowed(adapter.infer, request["slowdown"]), 0
        if "latency" in request["measure"]:
            count += _samples(request, infer, session, given, emit)
        if "single-stream" in request["measure"]:
            count += _single_stream(request, infer, session, given, emit)
        if "windows" in request["measure"]:
            count += _windows(request, infer, session, given, emit)
        if "memory" in request["measure"]:
            emit("memory", rss_peak_bytes=environment.rss_peak(), cgroup_peak_bytes=cgroup.memory_peak())
    finally:
        adapter.close(session)
    emit("done", samples=count)


def _checked(request):
    try:
        request = complete(request)
    except ProtocolError as error:
        raise Failure("request", str(error)) from None
    available = len(environment.affinity())
    if request["threads"] > available:
        raise Failure("request", "{} threads on {} CPUs".format(request["threads"], available))
    host = emulation.emulated_on()
    if host is not None and set(request["measure"]) - {"output", "sensitivity"}:
        message = "this {} runner is emulated on {}: of what `measure` names only `output` would be its own"
        raise Failure("request", message.format(platform.machine(), host))
    return request


def _hello(request, emit):
    """Import the adapter and say who runs here; returns the adapter."""
    given = environment.variables()  # as the arm gave it: OpenCV writes the place it is installed in into its own
    start = perf_counter_ns()
    try:
        adapter = find(request["framework"])
        import_ns = perf_counter_ns() - start
    except AdapterMissing as error:
        raise Failure("request", str(error)) from None
    except (ImportError, OSError) as error:  # OSError: a shared library that the package opens by itself
        raise Failure("framework-missing", one_line(error)) from error
    emit(
        "hello",
        protocol=PROTOCOL,
        runner=__version__,
        runner_sha256=hash_runner(),
        python=platform.python_version(),
        machine=platform.machine(),
        emulated_on=emulation.emulated_on(),
        framework=request["framework"],
        versions=adapter.version(),
        process_start_ns=environment.process_start(),
        process_start_resolution_ns=environment.tick_ns(),
        first_line_ns=FIRST_LINE_NS,
        import_ns=import_ns,
        argv=sys.argv,
        env=given,
        affinity=environment.affinity(),
        threads=request["threads"],
        slowdown=request["slowdown"],
        uid=os.getuid(),
        kernel=environment.kernel(),
    )
    return adapter


def _verify(what, named):
    """The file that `named` (path, sha256) means must be there and be the one that was meant."""
    if not os.path.exists(named["path"]):
        raise Failure("artifact-missing", "no {} at {}".format(what, named["path"]))
    cold = pagecache.missing(named["path"])
    found = hash_artifact(named["path"])
    pagecache.drop(cold)  # what had to be read from the disk for this is to be read again by whoever loads it
    if found != named["sha256"]:
        message = "the {} at {} has SHA-256 {}, not {}"
        raise Failure("artifact-mismatch", message.format(what, named["path"], found, named["sha256"]))


def _output(request, infer, outputs, emit):
    """Emit what came out of the first inference; bad outputs end the launch before anything is timed."""
    reference, more = request["reference"], {}
    if reference is not None:
        _verify("reference", reference)
    try:
        described, figures = parity.describe(outputs), None
        with _failing("infer"):
            if reference is not None:
                figures = agreement.check(request, infer, outputs)
            if "sensitivity" in request["measure"]:
                more["sensitivity"] = agreement.sensitivity(request, infer, outputs)
        emit("output", outputs=described, parity=figures, **more)
        if figures is not None:
            parity.judge(figures, reference.get("bounds") or {})
    except parity.OutputError as error:
        raise Failure("output", str(error)) from None


def _samples(request, infer, session, given, emit):
    """Emit the samples of warm-up and timed part, and what the kernel counted then; returns how many were timed."""
    cpus = environment.affinity()
    with _failing("infer"):
        warmup = measure.time_calls(infer, session, given, request["warmup"])
        before = watch.read(cpus)
        timed = measure.time_calls(infer, session, given, request["stop"])
        after = watch.read(cpus)
    emit("samples", warmup=True, ns=warmup.tolist())
    emit("samples", warmup=False, ns=timed.tolist())
    emit("watch", before=before, after=after)
    return len(timed)


def _single_stream(request, infer, session, given, emit):
    """As _samples, with MLPerf LoadGen asking, and what it says of its test; returns how many were timed."""

    def give_up(error):
        traceback.print_exc()
        emit("error", **{"class": "infer", "message": one_line(error)})
        os._exit(1)

    cpus = environment.affinity()
    with _failing("infer"):
        warmup = measure.time_calls(infer, session, given, request["warmup"])
        before = watch.read(cpus)
        try:
            timed, said = single_stream.run(infer, session, given, request["stop"], warmup, request["loadgen"], give_up)
        except ImportError as error:
            raise Failure("request", "no LoadGen in {}: {}".format(request["loadgen"], one_line(error))) from error
        after = watch.read(cpus)
    emit("samples", warmup=True, ns=warmup.tolist())
    emit("samples", warmup=False, ns=timed.tolist())
    emit("loadgen", **said)
    emit("watch", before=before, after=after)
    return len(timed)


def _windows(request, infer, session, given, emit):
    """Emit each window when it is over; returns how many inferences were in them."""
    total = 0
    with _failing("infer"):
        measure.time_calls(infer, session, given, request["warmup"])
        for start, end, count, median in measure.time_windows(
            infer, session, given, request["stop"], request["window_s"]
        ):
            emit("window", start_ns=start, end_ns=end, inferences=count, median_ns=median)
            total += count
    return total


def _timed(kind, function, *arguments):
    """What the function returns and how many ns it took; what it raises is a Failure of that kind."""
    with _failing(kind):
        start = perf_counter_ns()
        result = function(*arguments)
        return result, perf_counter_ns() - start


@contextmanager
def _failing(kind):
    """What goes wrong inside is a Failure of that kind, or of `memory` where that ran out."""
    try:
        yield
    except (Failure, parity.OutputError):
        raise
    except MemoryError as error:
        raise Failure("memory", one_line(error)) from error
    except Exception as error:
        raise Failure(kind, one_line(error)) from error
