"""The program that bench runs on a board: it reads files, runs commands and launches. Python 3.6, standard library.

bench sends this file over the connection and starts it; nothing is installed. Requests and answers are lines of JSON.
The program ends, and ends its launch, when its standard input ends or is silent for SILENCE seconds: a board that lost
its connection must neither compute beside the next launch nor stay reserved.
"""

import base64
import contextlib
import ctypes
import fcntl
import glob
import hashlib
import http.client
import json
import os
import platform
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

SILENCE = 60.0
NOT_FOUND, NO_ANSWER = 127, 124  # exit codes of a command that is missing, and of one that took too long
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFCHR: "char", stat.S_IFBLK: "block"}


class RequestReader:
    """Reads lines from standard input without blocking."""

    def __init__(self):
        self.buffer, self.over, self.heard = b"", False, time.monotonic()

    def pull(self):
        """Read what has arrived. Call it when standard input is readable."""
        piece = os.read(0, 1 << 16)
        self.buffer, self.over, self.heard = self.buffer + piece, not piece, time.monotonic()

    def line(self):
        """Return the next whole line, or None."""
        head, end, rest = self.buffer.partition(b"\n")
        if not end:
            return None
        self.buffer = rest
        return head.strip()

    def kill_requested(self):
        """Return whether `kill` has arrived since the last call."""
        return b"kill" in list(iter(self.line, None))

    def gone(self):
        """Return whether the other side has closed the connection or is silent."""
        return self.over or time.monotonic() - self.heard > SILENCE


def send(**words):
    """Write one line of JSON to standard output."""
    data = (json.dumps(words) + "\n").encode("ascii")
    while data:
        data = data[os.write(1, data) :]


def hello():
    """Return the facts of this board and this user."""
    home = os.path.expanduser("~")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libc": libc(),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "cache": os.environ.get("EDGEBENCH_CACHE") or os.path.join(caches, "edgebench-matrix"),
        "cpus": sorted(os.sched_getaffinity(0)),
        "docker_host": os.environ.get("DOCKER_HOST"),
        "runtime_dir": os.environ.get("XDG_RUNTIME_DIR"),
    }


def libc():
    """Return the version of glibc, such as `2.27`, or "". Before Python 3.8 platform.libc_ver guesses."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").replace("glibc ", "")
    except (OSError, ValueError):
        return ""


def read(path):
    """Return a file in base64, or None."""
    try:
        with open(path, "rb") as stream:
            return base64.b64encode(stream.read()).decode("ascii")
    except OSError:
        return None


def find(pattern):
    """Return the paths that match a pattern, sorted."""
    return sorted(glob.glob(pattern))


def status(path):
    """Return type, mode, owner and device numbers of a path, or None."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    kind, mode = KINDS.get(stat.S_IFMT(found.st_mode), "other"), stat.S_IMODE(found.st_mode)
    device = {"major": os.major(found.st_rdev), "minor": os.minor(found.st_rdev)}
    return dict(device, kind=kind, mode=mode, uid=found.st_uid, gid=found.st_gid)


def write(path, text):
    """Write to an existing file."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC), "wb", 0) as stream:
        stream.write(text.encode("utf-8"))


def run(words, timeout):
    """Run a command to its end; return its exit code and output."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout
        )
    except OSError as error:
        return {"code": NOT_FOUND, "out": "", "err": "{}: {}".format(words[0], error.strerror)}
    except subprocess.TimeoutExpired:
        return {"code": NO_ANSWER, "out": "", "err": "{}: no answer after {:.0f} s".format(words[0], timeout)}
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return {"code": done.returncode, "out": out, "err": err}


def gather(patterns):
    """Return the readable files that match these patterns, and the time."""
    found = {path: read(path) for pattern in patterns for path in glob.glob(pattern)}
    return {"t_ns": now(), "files": {path: content for path, content in found.items() if content is not None}}


def now():
    """Return the time of the runner's clock, in ns."""
    return int(time.monotonic() * 1e9)


def tree(path):
    """Map each file below a folder (relative path) to its SHA-256; None if the folder is missing."""
    if not os.path.isdir(path):
        return None
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            full, digest = os.path.join(folder, name), hashlib.sha256()
            with open(full, "rb") as stream:
                for piece in iter(lambda stream=stream: stream.read(1 << 20), b""):
                    digest.update(piece)
            found[os.path.relpath(full, path)] = digest.hexdigest()
    return found


def make(path):
    """Make a folder and its parents."""
    os.makedirs(path, exist_ok=True)


def move(path, to):
    """Rename a complete folder. A folder that has the new name already stays."""
    try:
        os.rename(path, to)
    except OSError:
        if not os.path.isdir(to):
            raise
        remove(path)


def remove(path):
    """Remove a folder and its content."""
    shutil.rmtree(path, ignore_errors=True)


locked = []  # the open file that holds the reservation


def reserve(path):
    """Reserve the board until this program ends. Return the process id of another holder, or None."""
    lock = open(path, "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        return lock.read().strip() or "unknown"
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    locked.append(lock)
    return None


def unpack(engine, container, folder):
    """Unpack a container's file system, without device nodes, into a folder. Return the error, or None."""
    client = http.client.HTTPConnection("localhost")
    client.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # the engine listens on a unix socket
    client.sock.connect(engine)
    client.request("GET", "/containers/{}/export".format(container))
    answer = client.getresponse()
    if answer.status != http.client.OK:
        return "the engine says {}: {}".format(answer.status, answer.read(300).decode("utf-8", "replace"))
    words = ["tar", "-x", "--numeric-owner", "--exclude=dev/*", "-C", folder]
    tar = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with contextlib.suppress(OSError):  # tar has ended; its message says why
        shutil.copyfileobj(answer, tar.stdin, 1 << 20)
        tar.stdin.close()
    complaint = tar.stderr.read().decode("utf-8", "replace")
    client.close()
    return complaint.strip()[-500:] or "tar ended with {}".format(tar.returncode) if tar.wait() else None


def launch(requests, words, env, cpus, timeout):
    """Run a launch to its end and pass on its output. The line `kill` ends it, and so does silence."""

    def pin():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # the launch ends when this program ends, however that happens
        os.sched_setaffinity(0, cpus)

    start, end = now(), time.monotonic() + timeout
    child = subprocess.Popen(
        words, cwd="/", env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=pin,
    )  # fmt: skip
    started = now()
    try:
        timed_out = listen(requests, child, end)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return {"code": child.wait(), "timed_out": timed_out, "start_ns": start, "started_ns": started, "end_ns": now()}


def listen(requests, child, end):
    """Pass on the output of a launch until it has ended. Return whether it ran out of time."""
    timed_out = killed = False
    pipes = {child.stdout.fileno(): "out", child.stderr.fileno(): "err"}
    while pipes or child.poll() is None:
        timed_out = timed_out or time.monotonic() > end
        if not killed and (timed_out or requests.gone() or requests.kill_requested()):
            os.killpg(child.pid, signal.SIGKILL)
            killed = True
        # A launch that closed its pipes is polled: its time does not count any more.
        wait = max(0.0, min(SILENCE, end - time.monotonic())) if pipes and not killed else 0.2
        for number in select.select(([] if requests.over else [0]) + list(pipes), [], [], wait)[0]:
            if number == 0:
                requests.pull()
                continue
            piece = os.read(number, 1 << 16)
            if not piece:
                del pipes[number]
            elif not requests.over:
                send(**{pipes[number]: base64.b64encode(piece).decode("ascii")})
    return timed_out


CALLS = {
    each.__name__: each
    for each in (hello, read, find, status, write, run, gather, now, tree, make, move, remove, reserve, unpack)
}


def main():
    """Answer requests until the other side is gone."""
    requests = RequestReader()
    while not requests.gone():
        line = requests.line()
        if line is None:
            if select.select([0], [], [], SILENCE)[0]:
                requests.pull()
            continue
        if not line or line == b"kill":  # a sign of life, or a `kill` that came too late
            continue
        request = json.loads(line.decode("ascii"))
        name = request.pop("call")
        try:
            answer = launch(requests, **request) if name == "launch" else CALLS[name](**request)
        except OSError as error:
            send(error=error.strerror or str(error), errno=error.errno or 0, path=error.filename or "")
        else:
            if not requests.gone():  # a cut answer could pass for a whole one
                send(answer=answer)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["LC_ALL"] = "C"  # ssh passes on the user's language, and bench parses messages
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
