"""Finds the names that a user means: exact names, globs, and the nearest name when none fits."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bench.core.errors import ConfigError

# Kind → where its names are listed. Messages name all names of a kind that is not here.
LISTED = {
    "device": "see `devices:` in matrix.yaml",
    "framework": "see `frameworks:` in matrix.yaml",
    "model": "bench models list",
    "profile": "see `profiles:` in matrix.yaml",
}
NEAR = 0.65  # smallest ratio of difflib that counts as near: `tmv` has 0.67 to `tvm`, `nope` 0.6 to `opencv`
MIN_PREFIX = 3  # fewest letters that are compared with the beginnings of names
SHOWN = 40  # most names that a message lists


def nearest(name: str, known: Iterable[str]) -> str:
    """'did you mean …?', or the list of known names when none is near. The beginning of a longer name is near."""
    known = sorted(known)
    near = _near(name, known)
    return f"did you mean '{near}'?" if near else _list(known)


def _near(name: str, known: Iterable[str]) -> str | None:
    folded = {each.lower(): each for each in known}
    wanted = name.lower()
    found = get_close_matches(wanted, folded, n=1, cutoff=NEAR)
    found += [each for each in folded if len(wanted) >= MIN_PREFIX and each.startswith(wanted)]
    return folded[found[0]] if found else None


def _list(known: Sequence[str]) -> str:
    more = f", … and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"there is: {', '.join(known[:SHOWN]) or 'nothing'}{more}"


def choose(kind: str, wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The wanted names in the order of the known ones; all of them when none is wanted.

    Raises ConfigError for an unknown name; the message has the nearest name and where the others are listed.
    """
    known = list(known)
    chosen = list(wanted)
    for name in chosen:
        if name not in known:
            hint = LISTED.get(kind) or (_list(known) if _near(name, known) else None)
            raise ConfigError(f"unknown {kind} '{name}': {nearest(name, known)}", hint)
    return [name for name in known if not chosen or name in chosen]


def matches(identifier: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs selects the identifier. Without globs everything is selected."""
    globs = list(globs)
    return not globs or any(fnmatchcase(identifier, glob) for glob in globs)
