"""Checks artifacts in their frameworks' images against the reference and keeps the verdicts (docs/store.md).

A verdict depends on the artifact's sources, the image's recipe, the runner and the bounds. If one of them changes, the
verdict is void and the artifact must be checked again. A check under limits has a verdict of its own, beside the
default one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bench.arms.launch import Arm, Spec
from bench.arms.outcome import record
from bench.artifacts.request import request_folders, request_of, write_request
from bench.artifacts.store import Artifact, Store
from bench.core import files
from bench.core.matrix import parity_bounds
from bench.core.matrix.plan import Cell, Launch
from bench.core.matrix.schema import Matrix
from bench.core.version import now
from bench.images.local import native_platform, recipe_hash
from runner.protocol import hash_runner

RUN = "check"  # the run that these containers belong to: `bench matrix clean` finds what a killed check left
MEASURE = ["output", "sensitivity"]
TIMEOUT = 600.0  # seconds; the default limit of one check

Status = Literal["agrees", "differs", "fails"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Memory (bytes) and time (seconds) limits of one check; memory is unlimited by default."""

    memory: int | None = None
    timeout: float = TIMEOUT

    def __str__(self) -> str:
        """Return the limits that differ from the default: `at most 1024 MiB and 300 s`, or an empty text."""
        said = [f"{self.memory / 2**20:g} MiB"] if self.memory else []
        said += [f"{self.timeout:g} s"] if self.timeout != TIMEOUT else []
        return f"at most {' and '.join(said)}" if said else ""


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of checking one cell. `message` is the fault; the runner measured `parity` and `sensitivity`."""

    cell: str
    status: Status
    reason: str | None  # the class of a failed launch (docs/results.md)
    message: str | None
    parity: Mapping[str, Any] | None
    sensitivity: Mapping[str, float] | None
    framework: str  # name and version
    artifact: str  # SHA-256
    tried: str  # time of the check, ISO 8601
    memory: int | None  # the limits of the check
    timeout: float

    @property
    def limits(self) -> Limits:
        """Return the limits of the check as one object."""
        return Limits(memory=self.memory, timeout=self.timeout)


class Checks:
    """The verdicts in a store for images of this platform."""

    def __init__(self, store: Store, matrix: Matrix) -> None:
        self.store, self.matrix = store, matrix

    def find(self, cell: Cell, limits: Limits = DEFAULT_LIMITS) -> Verdict | None:
        """Return the current verdict of a cell under limits, or None."""
        return self._read(self._path(cell, limits), cell)

    def every(self, cell: Cell) -> list[Verdict]:
        """Return all current verdicts of a cell: the default one first, then those under limits."""
        plain = self._path(cell, DEFAULT_LIMITS)
        paths = [plain, *sorted(plain.parent.glob(f"{plain.stem}.*.json"))]
        return [verdict for path in paths if (verdict := self._read(path, cell))]

    def refusal(self, cell: Cell) -> str | None:
        """Return why a cell may not be timed (its artifact differs from the reference), or None.

        The first verdict with a comparison decides; the default one comes before those under limits.
        """
        found = next((verdict for verdict in self.every(cell) if verdict.status != "fails"), None)
        return found.message or found.status if found and found.status == "differs" else None

    def keep(self, cell: Cell, verdict: Verdict) -> None:
        """Store a verdict; it replaces an earlier one under the same limits."""
        basis = self._basis(cell, verdict.limits)
        files.write_json(self._path(cell, verdict.limits), {"basis": basis, **vars(verdict)})

    def _read(self, path: Path, cell: Cell) -> Verdict | None:
        stored = files.read_json(path) or {}
        limits = Limits(memory=stored.get("memory"), timeout=stored.get("timeout", TIMEOUT))
        return Verdict(**stored) if stored.pop("basis", None) == self._basis(cell, limits) else None

    def _path(self, cell: Cell, limits: Limits) -> Path:
        """Return the file of a verdict: the name of the cell, then the limits that differ from the default."""
        name = f"{cell.framework}-{cell.precision}-{native_platform()}"
        name += f".memory-{limits.memory}" if limits.memory else ""
        name += f".timeout-{limits.timeout:g}" if limits.timeout != TIMEOUT else ""
        return self.store.root / "checks" / cell.model / f"{name}.json"

    def _basis(self, cell: Cell, limits: Limits) -> dict[str, Any]:
        kind = self.matrix.frameworks[cell.framework].kind(cell.precision)
        runner: str = hash_runner()
        basis = {"artifact": self.store.artifact_key(cell.model, kind), "recipe": recipe_hash(cell.framework)}
        return {**basis, "runner": runner, "bounds": parity_bounds.rule(cell.precision), **asdict(limits)}


def check(
    cells: Iterable[Cell], checks: Checks, arm: Arm, *, cpus: str, threads: int, limits: Limits
) -> Iterator[tuple[Cell, Verdict]]:
    """Check cells in turn; each verdict is stored before the next check starts. The arm must be prepared."""
    for cell in cells:
        artifact = checks.store.find(cell.model, *checks.matrix.frameworks[cell.framework].kind(cell.precision))
        if artifact is None:
            continue
        request = request_of(cell, checks.matrix, artifact, threads, forced=True) | {"measure": MEASURE}
        request["reference"]["seeds"] = artifact.seeds
        written = write_request(request)
        spec = Spec(
            launch=f"{cell.id}/check",
            run_id=RUN,
            framework=cell.framework,
            request=written,
            mounts=request_folders(written, artifact),
            cpus=cpus,
            threads=threads,
            timeout=limits.timeout,
            memory=limits.memory,
        )
        started = now()
        line = record(Launch(cell, "container", 1), 1, started, arm.launch(spec))
        verdict = _judge(cell, artifact, line, limits)
        checks.keep(cell, verdict)
        yield cell, verdict


def _judge(cell: Cell, artifact: Artifact, line: Mapping[str, Any], limits: Limits) -> Verdict:
    output: Mapping[str, Any] = line["output"] or {}
    parity, sensitivity = output.get("parity"), output.get("sensitivity")
    status: Status = "agrees"
    reason, message = line["reason"], line["message"]
    if reason:
        status = "differs" if reason == "output" else "fails"
    elif parity is None:
        status, message = "fails", "it was not compared"
    else:
        wrong = parity_bounds.outside(cell.precision, parity) or parity_bounds.insensitive(
            cell.precision, sensitivity or {}, artifact.sensitivity
        )
        if wrong:
            status, reason, message = "differs", "output", wrong
    versions: Mapping[str, str] = (line["hello"] or {}).get("versions", {})
    named = next((f"{name} {version}" for name, version in versions.items() if name != "numpy"), "")
    return Verdict(
        cell=cell.id,
        status=status,
        reason=reason,
        message=message,
        parity=parity,
        sensitivity=sensitivity,
        framework=named,
        artifact=artifact.sha256,
        tried=line["ended"],
        **asdict(limits),
    )
