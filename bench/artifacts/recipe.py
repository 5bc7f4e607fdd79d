"""The sources of a model's artifacts, and the keys that change with these sources.

A step is a folder of `models/` with its programs, its Dockerfile and its lock file; its image has the same name. A key
covers what a step's artifacts depend on (network, seeding, programs, lock files), so that an edit makes a new key, and
a second clone with the same sources finds everything made. Nothing of `models/` is imported here: reading keys needs no
framework and no engine.
"""

import ast
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from bench.core.matrix.artifact_kind import Kind
from bench.core.paths import PROJECT

# Step → the formats that it makes, each in these precisions. The first step defines the model; the others convert its
# output.
STEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "export": {"onnx": ("fp32",), "torch": ("fp32",)},
    "convert": {"savedmodel": ("fp32",), "tflite": ("fp32", "fp16", "int8"), "edgetpu": ("int8",)},
    "onnxruntime": {"onnx": ("int8",)},
    "openvino": {"openvino": ("fp32", "fp16", "int8")},
    "ncnn": {"ncnn": ("fp32", "fp16")},
    "tvm": {"tvm": ("fp32",)},
    "executorch": {"executorch": ("fp32", "int8")},
    "darknet": {"darknet": ("fp32",)},
    "caffe": {"caffe": ("fp32",)},
}
MAKERS = {
    Kind(form, precision): step
    for step, forms in STEPS.items()
    for form, precisions in forms.items()
    for precision in precisions
}
# The kind that a step reads.
SOURCES = {step: Kind("torch" if step == "executorch" else "onnx", "fp32") for step in STEPS if step != "export"}


class Recipes:
    """The keys of all models in the catalogue below `folder`."""

    def __init__(self, folder: Path = PROJECT / "models") -> None:
        self.folder = folder
        self._steps: dict[str, str] = {}

    @cached_property
    def _catalog(self) -> dict[str, dict[str, object]]:
        return tomllib.loads((self.folder / "catalog.toml").read_text(encoding="utf-8"))

    def key(self, model: str) -> str | None:
        """Return the key of a model's definition (network, seeding, exporter), or None if the catalogue lacks it."""
        entry = self._catalog.get(model)
        if entry is None:
            return None
        network = self.folder / "networks" / str(entry["file"])
        return digest(json.dumps(entry, sort_keys=True), _hash_files(network), self._step("export"))

    def artifact_key(self, key: str, kind: Kind) -> str | None:
        """Return the key of one artifact: the hash of the model's key and of the step that makes it."""
        step = MAKERS.get(kind)
        return None if step is None else digest(key, self._step(step))

    def counts(self, model: str) -> dict[str, int]:
        """Return the stored counts of a network: parameters and multiply-accumulates."""
        path = self.folder / "counts.toml"
        return dict(tomllib.loads(path.read_text(encoding="utf-8")).get(model, {})) if path.exists() else {}

    def layout(self, model: str) -> str | None:
        """Return the layout of a model's input, such as NCHW, or None if the catalogue lacks it."""
        said = self._catalog.get(model, {}).get("layout")
        return None if said is None else str(said)

    def _step(self, step: str) -> str:
        if step not in self._steps:
            # The Dockerfile is left out: it does not affect the artifacts, the lock file does.
            made_of = programs(self.folder, (self.folder / step).rglob("*.py"))
            self._steps[step] = _hash_files(*made_of, self.folder / step / "requirements.txt")
        return self._steps[step]


def _hash_files(*paths: Path) -> str:
    return digest(*(part for path in sorted(paths) for part in (path.name, digest(path.read_bytes()))))


def digest(*parts: str | bytes) -> str:
    """Return the SHA-256 of several texts; their boundaries count."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)  # the length marks the boundary
    return whole.hexdigest()


def programs(folder: Path, starts: Iterable[Path]) -> set[Path]:
    """Return these files and all files of the package `folder` that they import, directly or indirectly."""
    found: set[Path] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(folder, path)
    return found


def _imported(folder: Path, path: Path) -> Iterator[Path]:
    """Yield the files that one file imports: modules, or `__init__.py` of packages."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # An imported name is a module of the package, or an object in the module.
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
