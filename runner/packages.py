"""The version of an installed package, without importing it or anything else (importlib.metadata needs Python 3.8)."""

import os
import re
import sys

INSTALLED = re.compile(r"^(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info$")


def version(name, path=None):
    """The version of the distribution as it was installed, or None where none of the folders of `path` has it."""
    wanted = _normal(name)
    for folder in sys.path if path is None else path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue  # an archive, or not there
        for entry in entries:
            match = INSTALLED.match(entry)
            if match and _normal(match.group("name")) == wanted:
                return match.group("version")
    return None


def versions(*names):
    """Name to version of those that are installed."""
    found = {name: version(name) for name in names}
    return {name: text for name, text in found.items() if text is not None}


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()
