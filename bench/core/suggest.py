"""Finding what a user meant: exact names, globs, and the nearest name when there is none."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bench.core.errors import ConfigError

# Where the names of a kind are listed. What matrix.yaml has no section for is named in full instead.
LISTED = {
    "device": "see `devices:` in matrix.yaml",
    "framework": "see `frameworks:` in matrix.yaml",
    "model": "bench models list",
    "profile": "see `profiles:` in matrix.yaml",
}
NEAR = 0.65  # of difflib's ratio: `tmv` is 0.67 of `tvm`, `nope` 0.6 of `opencv`
SHOWN = 40  # names of a list


def nearest(name: str, known: Iterable[str]) -> str:
    """'Did you mean …?' or, where nothing is near, the list of what there is. A longer name's beginning is near."""
    known = sorted(known)
    near = _near(name, known)
    return f"did you mean '{near}'?" if near else _list(known)


def _near(name: str, known: Iterable[str]) -> str | None:
    folded = {each.lower(): each for each in known}
    wanted = name.lower()
    found = get_close_matches(wanted, folded, n=1, cutoff=NEAR)
    found += [each for each in folded if len(wanted) > 2 and each.startswith(wanted)]
    return folded[found[0]] if found else None


def _list(known: Sequence[str]) -> str:
    more = f", … and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"there is: {', '.join(known[:SHOWN]) or 'nothing'}{more}"


def choose(kind: str, wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The wanted names in the order of the known ones; all of them when none is wanted.

    Raises ConfigError for a name that is not known, with the nearest one and where the others are.
    """
    known = list(known)
    chosen = list(wanted)
    for name in chosen:
        if name not in known:
            hint = LISTED.get(kind) or (_list(known) if _near(name, known) else None)
            raise ConfigError(f"unknown {kind} '{name}': {nearest(name, known)}", hint)
    return [name for name in known if not chosen or name in chosen]


def matches(identifier: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs selects the identifier; no glob at all selects everything."""
    globs = list(globs)
    return not globs or any(fnmatchcase(identifier, glob) for glob in globs)
