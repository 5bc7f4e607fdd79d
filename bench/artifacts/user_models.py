"""The models of users: adds them to the store and the matrix, and removes them (docs/models.md).

This module never parses a user's file: only a container without a network reads it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from bench.artifacts.build import failure_reason
from bench.artifacts.recipe import digest
from bench.artifacts.step_report import StepReport
from bench.artifacts.steps import MEMORY, TIMED_OUT, ContainerStepRunner, Step
from bench.artifacts.store import Manifest, Store
from bench.core import files
from bench.core.errors import ConfigError, HostError
from bench.core.matrix.plan import Cell
from bench.core.matrix.schema import Matrix, Network, Source
from bench.core.paths import model_store
from bench.images import engine as engines

STEP = "add"
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
SUFFIXES = (".onnx", ".tflite")
LARGEST = 2**31  # bytes; neither format allows larger files
SECONDS = 900
REFUSED = 3  # the step's exit code for a file that it refuses
SIGNAL_BASE = 128  # a shell reports signal n as exit code 128 + n


@dataclass(frozen=True, kw_only=True)
class Options:
    """The inputs of a file: sizes of its open axes, and the ranges from which values are drawn."""

    shapes: Mapping[str, list[int]] = field(default_factory=dict)
    ranges: Mapping[str, list[int]] = field(default_factory=dict)
    batch: int | None = None

    def words(self) -> list[str]:
        """Return the options of the step."""
        words = [f"--input-shape={name}={','.join(map(str, sizes))}" for name, sizes in self.shapes.items()]
        words += [f"--input-range={name}={low},{high}" for name, (low, high) in self.ranges.items()]
        return words + ([f"--batch={self.batch}"] if self.batch else [])


def add(name: str, file: Path, options: Options, matrix: Matrix, say: Console) -> Manifest:
    """Add a file to the store under a name. Raises ConfigError with file and reason, or HostError."""
    store = Store(model_store())
    _check(name, file, matrix)
    with store.staging() as folder:
        given = folder / f"model{file.suffix}"
        _copy(file, given)
        key = digest(files.hash_of(given), json.dumps(asdict(options), sort_keys=True))
        if name in store.user_models() and store.key(name) not in (key, None):
            raise ConfigError(
                f"there is another model '{name}' already", f"bench models remove {name}, or another name"
            )
        step_runner = ContainerStepRunner(engines.connect(), seconds=SECONDS)
        step_runner.prepare(STEP)
        out = folder / "out"
        out.mkdir()
        step = Step(name=STEP, model=name, kinds=(), given={"file": given}, words=options.words(), reads_user_file=True)
        code, said = step_runner.run(step, out)
        if code:
            raise ConfigError(f"{file}: {_reason(code, said)}", "docs/models.md says what can be brought")
        store.record(name, out, StepReport.read(out).made, own={"key": key, "file": file.name, **asdict(options)})
    say.print(f"added {name}", highlight=False)
    manifest = store.manifest(name)
    assert manifest, "it was just recorded"
    return manifest


def remove(name: str) -> None:
    """Remove a user's model and its artifacts from the store. Raises ConfigError."""
    store = Store(model_store())
    if name not in store.user_models():
        added = ", ".join(store.user_models()) or "none"
        raise ConfigError(f"no model '{name}' was added", f"added models: {added}")
    store.remove(name)


def with_user_models(matrix: Matrix, store: Store, names: Iterable[str] = (), say: Console | None = None) -> Matrix:
    """Return the matrix with the user's models after those of the catalogue.

    Incomplete models are left out. Raises HostError if one of `names` is incomplete; without `names` prints it to
    `say`.
    """
    found, wanted = {}, set(names)
    for name in store.user_models():
        error = missing_parts(store, name)
        if error is None:
            found[name] = _network(name, store)
        elif name in wanted:
            raise error
        elif say and not wanted:
            say.print(f"left out: {error}; {error.hint}", highlight=False, markup=False, soft_wrap=True)
    return matrix.model_copy(update={"models": {**matrix.models, **found}}) if found else matrix


def refusals(store: Store, matrix: Matrix) -> Callable[[Cell], str | None]:
    """Return a function that says why a cell has no artifact: a converter failed, or a user's model was not built."""

    def refusal(cell: Cell) -> str | None:
        kind = matrix.frameworks[cell.framework].kind(cell.precision)
        if store.find(cell.model, *kind):
            return None
        if failure := store.failure(cell.model, kind):
            return f"{cell.model} cannot be made as {kind}: {failure[:200]}"
        source = matrix.models[cell.model].brought
        if source is None:
            return None
        made = f"{source.format}/{source.precision}"
        if source.format != "onnx" or kind == (source.format, source.precision):
            return f"{cell.framework} reads {kind}, and {cell.model} is {made}"
        more = "" if kind.precision == "fp32" else f" --precision {kind.precision}"
        return f"{cell.model} was not made as {kind}: bench models build {cell.model} --format {kind.format}{more}"

    return refusal


def _network(name: str, store: Store) -> Network:
    manifest, given = store.manifest(name), store.user_file_entry(name)
    assert manifest, "nothing of it is lacking"
    assert given, "nothing of it is lacking"
    return Network(
        title=name,
        task="own",
        input=manifest["inputs"][0]["shape"] or [1],
        brought=Source(format=given["format"], precision=given["precision"]),
    )


def _check(name: str, file: Path, matrix: Matrix) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(f"'{name}' is no name for a model", "small letters, digits, dots and dashes, 64 at most")
    if name in matrix.models and matrix.models[name].brought is None:
        raise ConfigError(f"'{name}' is a model of the catalogue", "choose another name")
    if file.suffix not in SUFFIXES:
        raise ConfigError(f"{file}: its name ends with neither {' nor '.join(SUFFIXES)}", "other formats are not read")
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such file")
    if not 0 < file.stat().st_size <= LARGEST:
        raise ConfigError(f"{file}: it has {file.stat().st_size} bytes, and must have 1 to {LARGEST}")


def _copy(file: Path, target: Path) -> None:
    """Copy a file in pieces: from here on the original and its folder are not read."""
    try:
        with file.open("rb") as source, target.open("wb") as copy:
            while piece := source.read(1 << 20):
                copy.write(piece)
    except OSError as error:
        raise ConfigError(f"{file}: it cannot be read: {error.strerror}") from None


def _reason(code: int, said: str) -> str:
    lines = said.strip().splitlines()
    refused = next((line for line in reversed(lines) if line.startswith("refused: ")), None)
    if code == REFUSED and refused:
        return refused.removeprefix("refused: ")
    if code in (137, -9):
        return f"reading it takes more than {MEMORY >> 30} GiB of memory"
    if code == TIMED_OUT:
        return f"reading it takes more than {SECONDS} s"
    if code > SIGNAL_BASE:
        return f"the program that reads it was ended by signal {code - SIGNAL_BASE}: the file is damaged"
    return failure_reason(code, said)


def missing_parts(store: Store, model: str) -> HostError | None:
    """Return the error of an incomplete user's model, or None if nothing is missing."""
    said, manifest = store.user_entry(model) or {}, store.manifest(model)
    file = said.get("file", "FILE")
    if not said:
        what = f"{store.root / 'own' / f'{model}.json'} does not say its key"
    elif manifest is None:
        what = "there is no index of it in the store"
    elif store.user_file_entry(model) is None:
        what = f"its file {file} is missing in the store"
    elif not (store.root / manifest["reference"]["path"]).exists():
        what = "the answers that it is compared with are missing in the store"
    else:
        return None
    again = f"bench models pull {model} --registry R, or bench models add {model} --file {file}"
    return HostError(f"{model} was added, and {what}", f"pull it or add it once more: {again}")
