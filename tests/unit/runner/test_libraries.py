"""Finding the shared objects of packages and naming their builds."""

import struct

import pytest

from runner import libraries


def elf(order="<", bits=64, note=b""):
    """A file with one segment of notes, just enough of ELF to be read."""
    kind = bytes([2 if bits == 64 else 1, 1 if order == "<" else 2])
    if bits == 64:
        head = b"\x7fELF" + kind + b"\0" * 26 + struct.pack(order + "Q", 64) + b"\0" * 14
        head += struct.pack(order + "HH", 56, 1) + b"\0" * 6
        return head + struct.pack(order + "IIQQQQQQ", 4, 0, 120, 0, 0, len(note), 0, 0) + note
    head = b"\x7fELF" + kind + b"\0" * 22 + struct.pack(order + "I", 64) + b"\0" * 10
    head = head + struct.pack(order + "HH", 32, 1)
    return head.ljust(64, b"\0") + struct.pack(order + "IIIIIIII", 4, 96, 0, 0, len(note), 0, 0, 0) + note


def gnu_note(content, order="<", kind=3):
    padding = b"\0" * (-len(content) % 4)
    return struct.pack(order + "III", 4, len(content), kind) + b"GNU\0" + content + padding


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [32, 64])
def test_the_build_id_is_read_from_the_notes(tmp_path, order, bits):
    path = tmp_path / "a.so"
    other, ours = gnu_note(b"\x01\x02\x03", order, kind=1), gnu_note(b"\xab\xcd\xef\x12\x34", order)
    path.write_bytes(elf(order, bits, other + ours))
    assert libraries.identity(str(path)) == "abcdef1234"


@pytest.mark.parametrize("content", [elf(), b"not an ELF file", b""])
def test_without_a_build_id_the_file_s_hash_stands_in(tmp_path, content):
    path = tmp_path / "a.so"
    path.write_bytes(content)
    assert libraries.identity(str(path)).startswith("sha256:")


def test_only_libraries_of_packages_are_listed(tmp_path):
    packages = tmp_path / "lib/site-packages/numpy.libs"
    packages.mkdir(parents=True)
    (packages / "libblas-1.so.0.3").write_bytes(b"library")
    maps = tmp_path / "proc/self/maps"
    maps.parent.mkdir(parents=True)
    maps.write_text(
        f"7f00-7f01 r-xp 00000000 fe:00 1   {packages}/libblas-1.so.0.3\n"
        f"7f01-7f02 rw-p 00000000 fe:00 1   {packages}/libblas-1.so.0.3\n"
        "7f02-7f03 r-xp 00000000 fe:00 2   /usr/lib/libc.so.6\n"
        f"7f03-7f04 r--p 00000000 fe:00 3   {packages}/data.bin\n"
        "7f04-7f05 rw-p 00000000 00:00 0   [heap]\n"
    )
    assert list(libraries.mapped(str(tmp_path / "proc"))) == ["numpy.libs/libblas-1.so.0.3"]


def test_a_system_without_proc_lists_nothing(tmp_path):
    assert libraries.mapped(str(tmp_path)) == {}
