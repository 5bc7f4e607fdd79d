"""Where the numbers of a page come from: each run's machine, plan, images, models and packages."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from analysis.load import cell_names, section
from analysis.page_tables import Table, simple
from analysis.tidy import short
from bench.journal import Run

PARITY = ("max_rel", "cosine", "top1")
TEXT = 300  # letters of a fact


class Provenance(NamedTuple):
    """One run: name → text, and tables."""

    run_id: str
    facts: list[tuple[str, str]]
    tables: list[Table]


def provenance(run: Run, report: dict[str, Any], most: int) -> Provenance:
    """All that run.json and the launches say of how the run was made; tables of at most that many rows."""
    facts = [(short(name), short(text, TEXT)) for name, text in _facts(run.facts, report)]
    tables = [table for table in _tables(run, most) if table.rows]
    return Provenance(short(str(run.facts["run_id"])), facts, tables)


def _facts(facts: dict[str, Any], report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "created", str(report["created"] or "–")
    yield "command", str(report["command"] or "–")
    yield "seed of the order of launches", str(facts.get("seed", "–"))
    for part in ("plan", "host", "versions", "imported"):
        for name, value in section(facts, part).items():
            if name not in ("cells", "launches"):
                yield f"{part}: {name}", _flat(value)
    yield "forced", "; ".join(map(str, report["forced"])) or "nothing"


def _tables(run: Run, most: int) -> Iterator[Table]:
    facts = run.facts
    images = section(facts, "images").items()
    yield simple(
        "Images",
        ("framework", "image", "digest", "size, MB"),
        ((name, *_of(image, "ref", "digest"), _megabytes(image)) for name, image in images),
        most,
    )
    yield simple(
        "Models' files, and how far their outputs are from PyTorch's",
        ("cell", "format", "SHA-256", "size, MB", "largest error", "cosine", "top-1"),
        (
            (cell, *_of(made, "format", "sha256"), _megabytes(made), *_of(section(made, "parity"), *PARITY))
            for cell, made in section(facts, "artifacts").items()
        ),
        most,
    )
    recipes = section(facts, "recipes").items()
    yield simple("Recipes: SHA-256 of each image's folder", ("framework", "SHA-256"), recipes, most)
    columns = ("framework", "arm", "Python", "packages", "threads", "CPUs")
    yield simple("What ran, as the launches said", columns, _ran(run), most)


def _ran(run: Run) -> Iterator[tuple[str, ...]]:
    """Once for each framework and arm that says the same."""
    seen: dict[tuple[str, ...], None] = {}
    names = cell_names(run.facts)
    for record in run.launches:
        hello = section(record, "hello")
        if hello:
            packages = ", ".join(f"{name} {version}" for name, version in section(hello, "versions").items())
            said = (names.get(record["cell"], {}).get("framework", record["cell"]), record["arm"])
            rest = (_flat(hello.get("python")), packages, _flat(hello.get("threads")), _flat(hello.get("affinity")))
            seen.setdefault((*said, *rest))
    yield from sorted(seen)


def _of(part: Any, *names: str) -> list[Any]:
    return [part.get(name) if isinstance(part, dict) else None for name in names]


def _megabytes(part: Any) -> str:
    [size] = _of(part, "size_bytes")
    return f"{size / 1e6:,.1f}" if type(size) is int and 0 < size < 2**62 else "–"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)
