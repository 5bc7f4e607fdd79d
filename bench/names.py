"""Finding what a user meant: exact names, globs, and the nearest name when there is none."""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bench.errors import ConfigError


def nearest(name: str, known: Iterable[str]) -> str:
    """' Did you mean …?' or, where nothing is near, the list of what there is."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"there is: {', '.join(known) or 'nothing'}"


def choose(kind: str, wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The wanted names in the order of the known ones; all of them when none is wanted.

    Raises ConfigError for a name that is not known, with the nearest one.
    """
    known = list(known)
    chosen = list(wanted)
    for name in chosen:
        if name not in known:
            raise ConfigError(f"unknown {kind} '{name}': {nearest(name, known)}", f"see `{kind}s:` in matrix.yaml")
    return [name for name in known if not chosen or name in chosen]


def matches(identifier: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs selects the identifier; no glob at all selects everything."""
    globs = list(globs)
    return not globs or any(fnmatchcase(identifier, glob) for glob in globs)
