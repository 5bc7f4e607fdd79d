"""What bench has a board do: files, commands, one launch at a time. Python 3.6 and its standard library alone.

It is sent over the connection and started, and is not kept. Requests come as lines of JSON, answers go back so. It ends
what it started, and itself, when its standard input ends or brings nothing for SILENCE seconds: a board whose cable
was pulled must not go on computing beside the next launch, nor stay reserved.
"""

import base64
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
NOT_FOUND = 127
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFCHR: "char", stat.S_IFBLK: "block"}


class Asked:
    """The lines of standard input, so that one can wait for them beside something else."""

    def __init__(self):
        self.buffer, self.over, self.heard = b"", False, time.monotonic()

    def pull(self):
        """Take what is there; call it when there is something."""
        piece = os.read(0, 1 << 16)
        self.buffer += piece
        self.over = not piece
        self.heard = time.monotonic()

    def line(self):
        """The next whole line, or None."""
        head, end, rest = self.buffer.partition(b"\n")
        if not end:
            return None
        self.buffer = rest
        return head.strip()

    def to_kill(self):
        """Whether `kill` was said, since it was last asked."""
        lines = list(iter(self.line, None))
        return b"kill" in lines

    def gone(self):
        """Whether nobody is there any more."""
        return self.over or time.monotonic() - self.heard > SILENCE


def say(**words):
    """One line of the answer."""
    data = (json.dumps(words) + "\n").encode("ascii")
    while data:
        data = data[os.write(1, data) :]


def hello():
    """The board, as this user has it."""
    home = os.path.expanduser("~")
    shelf = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libc": libc(),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "cache": os.environ.get("EDGEBENCH_CACHE") or os.path.join(shelf, "edgebench-matrix"),
        "cpus": sorted(os.sched_getaffinity(0)),
        "docker_host": os.environ.get("DOCKER_HOST"),
        "runtime_dir": os.environ.get("XDG_RUNTIME_DIR"),
    }


def libc():
    """The version of glibc, such as `2.27`; empty of another C library. platform.libc_ver guesses before 3.8."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").replace("glibc ", "")
    except (OSError, ValueError):
        return ""


def read(path):
    """A file in base64, or None."""
    try:
        with open(path, "rb") as stream:
            return base64.b64encode(stream.read()).decode("ascii")
    except OSError:
        return None


def find(pattern):
    """The paths of a pattern, sorted."""
    return sorted(glob.glob(pattern))


def status(path):
    """What is at a path, or None."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return {
        "kind": KINDS.get(stat.S_IFMT(found.st_mode), "other"),
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "major": os.major(found.st_rdev),
        "minor": os.minor(found.st_rdev),
    }


def write(path, text):
    """Write to a file that is there."""
    opened = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(opened, text.encode("utf-8"))
    finally:
        os.close(opened)


def run(words, timeout):
    """A command to its end."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout
        )
    except OSError as error:
        return {"code": NOT_FOUND, "out": "", "err": "{}: {}".format(words[0], error.strerror)}
    except subprocess.TimeoutExpired:
        return {"code": NOT_FOUND - 3, "out": "", "err": "{}: no answer after {:.0f} s".format(words[0], timeout)}
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return {"code": done.returncode, "out": out, "err": err}


def gather(patterns):
    """The files of these patterns and the moment, in one answer; those that cannot be read are left out."""
    found = {path: read(path) for pattern in patterns for path in glob.glob(pattern)}
    return {"t_ns": now(), "files": {path: content for path, content in found.items() if content is not None}}


def now():
    """The clock that the runner goes by, in ns."""
    return int(time.monotonic() * 1e9)


def tree(path):
    """The SHA-256 of every file below a folder, by its path there; None where there is no such folder."""
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
    """A folder, and those above it."""
    os.makedirs(path, exist_ok=True)


def move(path, to):
    """Give what is whole its name; what has that name already stays."""
    try:
        os.rename(path, to)
    except OSError:
        if not os.path.isdir(to):
            raise
        remove(path)


def remove(path):
    """Remove a folder and all in it."""
    shutil.rmtree(path, ignore_errors=True)


locked = []  # the open file that holds the reservation


def reserve(path):
    """Reserve the board until this program ends; the process that has it when somebody else does, else None."""
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


class Engine(http.client.HTTPConnection):
    """HTTP over the engine's unix socket."""

    def __init__(self, path):
        super(Engine, self).__init__("localhost")
        self.path = path

    def connect(self):
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def unpack(engine, container, folder):
    """Unpack a container's file system, without device nodes, into a folder; what tar complained of, or None."""
    asked = Engine(engine)
    asked.request("GET", "/containers/{}/export".format(container))
    answer = asked.getresponse()
    if answer.status != 200:
        return "the engine says {}: {}".format(answer.status, answer.read(300).decode("utf-8", "replace"))
    words = ["tar", "-x", "--numeric-owner", "--exclude=dev/*", "-C", folder]
    tar = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        shutil.copyfileobj(answer, tar.stdin, 1 << 20)
        tar.stdin.close()
    except OSError:  # tar has given up, and says why
        pass
    complaint = tar.stderr.read().decode("utf-8", "replace")
    asked.close()
    return complaint.strip()[-500:] or "tar ended with {}".format(tar.returncode) if tar.wait() else None


def die_with_parent():
    """In the child, before the launch's own program: it is not to outlive this one, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def launch(asked, words, env, cpus, timeout):
    """Run a launch to its end; what it says goes back as it comes. The line `kill` ends it, and so does silence."""

    def pin():
        die_with_parent()
        os.sched_setaffinity(0, cpus)

    start, end = now(), time.monotonic() + timeout
    child = subprocess.Popen(
        words, cwd="/", env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=pin,
    )  # fmt: skip
    started = now()
    try:
        timed_out = listen(asked, child, end)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return {"code": child.wait(), "timed_out": timed_out, "start_ns": start, "started_ns": started, "end_ns": now()}


def listen(asked, child, end):
    """Pass on what a launch says until it has ended; whether that was because its time was over."""
    timed_out = killed = False
    pipes = {child.stdout.fileno(): "out", child.stderr.fileno(): "err"}
    while pipes or child.poll() is None:
        timed_out = timed_out or time.monotonic() > end
        if not killed and (timed_out or asked.gone() or asked.to_kill()):
            os.killpg(child.pid, signal.SIGKILL)
            killed = True
        # What closed its pipes and lives on is looked at now and then: it is not timed any more.
        wait = max(0.0, min(SILENCE, end - time.monotonic())) if pipes and not killed else 0.2
        for number in select.select(([] if asked.over else [0]) + list(pipes), [], [], wait)[0]:
            if number == 0:
                asked.pull()
                continue
            piece = os.read(number, 1 << 16)
            if not piece:
                del pipes[number]
            elif not asked.over:
                say(**{pipes[number]: base64.b64encode(piece).decode("ascii")})
    return timed_out


CALLS = {
    each.__name__: each
    for each in (hello, read, find, status, write, run, gather, now, tree, make, move, remove, reserve, unpack)
}


def main():
    """Answer until nobody asks any more."""
    asked = Asked()
    while not asked.gone():
        line = asked.line()
        if line is None:
            if select.select([0], [], [], SILENCE)[0]:
                asked.pull()
            continue
        if not line or line == b"kill":  # a sign of life; or too late
            continue
        request = json.loads(line.decode("ascii"))
        name = request.pop("call")
        try:
            answer = launch(asked, **request) if name == "launch" else CALLS[name](**request)
        except OSError as error:
            say(error=error.strerror or str(error), errno=error.errno or 0, path=error.filename or "")
        else:
            if not asked.gone():  # half an answer would look like a whole one
                say(answer=answer)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["LC_ALL"] = "C"  # ssh passes the desk's language on, and what programs say is read
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
