"""The provenance of a page's numbers: machine, plan, images, models and packages."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from analysis.data.fields import is_count, section
from analysis.data.launches import cell_names
from analysis.html.tables import Table, text_table
from bench.core.terminal import short
from bench.journal.journal import Run

PARITY = ("max_rel", "cosine", "top1")
TEXT = 300  # characters of a fact
_RAN = ("framework", "arm", "Python", "packages", "threads", "CPUs")


class Provenance(NamedTuple):
    """The provenance of one run: (name, text) pairs, and tables."""

    run_id: str
    facts: list[tuple[str, str]]
    tables: list[Table]


def provenance(run: Run, report: dict[str, Any], most: int) -> Provenance:
    """Return the facts of run.json and of the launches about a run, with tables of at most `most` rows."""
    facts = run.facts
    told = [
        *run_facts(facts, ("plan", "host", "versions", "sensors", "imported")),
        ("seed of the order of launches", _flat(facts.get("seed"))),
        ("forced", "; ".join(map(str, report["forced"])) or "nothing"),
    ]
    recipes = section(facts, "recipes").items()
    tables = [
        *build_tables(facts, most),
        text_table("Recipes: SHA-256 of each image's folder", ("framework", "SHA-256"), recipes, most),
        text_table("What ran, as the launches said", _RAN, _ran(run), most),
    ]
    return Provenance(short(facts["run_id"]), shorten_texts(told), [table for table in tables if table.rows])


def shorten_texts(told: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Shorten names and texts to at most TEXT characters."""
    return [(short(name), short(text, TEXT)) for name, text in told]


def run_facts(facts: dict[str, Any], parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield date and command, and all values in these parts of run.json or study.json."""
    yield "created", _flat(facts.get("created"))
    yield "command", _flat(facts.get("command"))
    for part in parts:
        for name, value in section(facts, part).items():
            if name not in ("cells", "launches", "channels"):
                yield f"{part}: {name}", _flat(value)


def build_tables(facts: dict[str, Any], most: int) -> Iterator[Table]:
    """Yield tables of the images and the model files."""
    images = section(facts, "images").items()
    yield text_table(
        "Images",
        ("framework", "image", "digest", "size, MB"),
        ((name, *_of(image, "ref", "digest"), _megabytes(image)) for name, image in images),
        most,
    )
    yield text_table(
        "Models' files, and how far their outputs are from PyTorch's",
        ("cell", "format", "SHA-256", "size, MB", "largest error", "cosine", "top-1"),
        (
            (cell, *_of(made, "format", "sha256"), _megabytes(made), *_of(section(made, "parity"), *PARITY))
            for cell, made in section(facts, "artifacts").items()
        ),
        most,
    )


def _ran(run: Run) -> Iterator[tuple[str, ...]]:
    """Return what the launches ran, once for equal launches of a framework and arm."""
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
    return f"{size / 1e6:,.1f}" if is_count(size) else "–"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)
