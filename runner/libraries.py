"""Which shared objects of installed packages are mapped into this process, and which build each one is."""

import os
import re
import struct

from runner.protocol import hash_artifact

# A line of /proc/self/maps that maps a shared object of a package: group 1 its path, group 2 the part in site-packages.
MAPPED = re.compile(r" (/.*/(?:site|dist)-packages/(.+\.so(?:\.[\w.]+)?))$")
PT_NOTE = 4
NT_GNU_BUILD_ID = 3


def mapped(proc="/proc"):
    """Name (path within site-packages) to GNU build id, or to `sha256:` and the file's hash where it has none."""
    try:
        with open(os.path.join(proc, "self/maps"), encoding="utf-8", errors="replace") as stream:
            found = {MAPPED.search(line.rstrip("\n")) for line in stream}
    except OSError:
        return {}  # no /proc, no answer
    paths = {match.group(2): match.group(1) for match in found if match}
    return {name: identity(path) for name, path in sorted(paths.items())}


def identity(path):
    """The build id of a shared object as hexadecimal text, else `sha256:` and the hash of the file."""
    return _build_id(path) or "sha256:" + hash_artifact(path)


def _build_id(path):
    with open(path, "rb") as stream:
        head = stream.read(64)
        if len(head) < 64 or head[:4] != b"\x7fELF":
            return None
        wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
        # Where the table of segments is, how long an entry is, how many there are.
        table = struct.unpack_from(order + "Q", head, 32)[0] if wide else struct.unpack_from(order + "I", head, 28)[0]
        size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
        for index in range(count):
            stream.seek(table + index * size)
            entry = stream.read(size)
            if struct.unpack_from(order + "I", entry)[0] != PT_NOTE:
                continue
            offset, length = _extent(entry, order, wide)
            stream.seek(offset)
            found = _gnu_note(stream.read(length), order)
            if found:
                return found
    return None


def _extent(entry, order, wide):
    """Offset and length of a segment within the file."""
    if wide:
        return struct.unpack_from(order + "Q", entry, 8)[0], struct.unpack_from(order + "Q", entry, 32)[0]
    return struct.unpack_from(order + "I", entry, 4)[0], struct.unpack_from(order + "I", entry, 16)[0]


def _gnu_note(notes, order):
    at = 0
    while at + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from(order + "III", notes, at)
        name = at + 12
        content = name + (name_size + 3 & ~3)
        if kind == NT_GNU_BUILD_ID and notes[name : name + name_size] == b"GNU\0":
            return notes[content : content + size].hex()
        at = content + (size + 3 & ~3)
    return None
