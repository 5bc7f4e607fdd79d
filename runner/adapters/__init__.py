"""One module per framework, found by its name; docs/protocol.md says what each must have."""

import importlib
import pkgutil


class AdapterMissing(LookupError):
    """There is no adapter of that name."""


def names():
    """The names of all adapters that wrap a framework."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "noop")


def find(name):
    """The adapter of this name, with its framework imported.

    Raises AdapterMissing, or what importing the framework raises: ImportError, or OSError for a shared library.
    """
    full = __name__ + "." + name
    try:
        if not name.isidentifier():
            raise ModuleNotFoundError(name=full)
        return importlib.import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        raise AdapterMissing("no adapter '{}'; there are {}".format(name, ", ".join(names()))) from None
