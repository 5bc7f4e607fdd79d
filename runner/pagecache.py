"""Which files are in memory, and letting go of them again: so that checking a model leaves no trace in its load time.

Where Python (before 3.7) or the kernel cannot tell, all files count as in memory, and nothing is dropped.
"""

import os


def missing(path):
    """The files of an artifact (a file, or all below a folder) that are not in the page cache, or not all of each."""
    if not os.path.isdir(path):
        return [] if _is_cached(path) else [path]
    files = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    return [file for file in files if not _is_cached(file)]


def drop(files):
    """Take files out of the page cache, as far as nobody uses them."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _is_cached(path):
    """Whether the first, the middle and the last byte can be read without waiting for a disk."""
    if not hasattr(os, "RWF_NOWAIT"):
        return True
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        for offset in {0, size // 2, max(0, size - 1)}:
            os.preadv(descriptor, [bytearray(1)], offset, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system that cannot answer
    finally:
        os.close(descriptor)
    return True
