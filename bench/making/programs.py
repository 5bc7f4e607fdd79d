"""Which files of `models/` a program there is made of: itself, and what its imports reach."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def programs(folder: Path, starts: Iterable[Path]) -> set[Path]:
    """These files of the package `folder`, and every file of it that they import, or that those import."""
    found: set[Path] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(folder, path)
    return found


def _imported(folder: Path, path: Path) -> Iterator[Path]:
    """The files that one file names in its imports: modules, or packages by their `__init__.py`."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # What is imported may be a module of the package, or something that is in it.
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        for name in names:
            top, *rest = name.split(".")
            if top == folder.name and rest:
                module = folder.joinpath(*rest)
                yield from (each for each in (module.with_suffix(".py"), module / "__init__.py") if each.is_file())
