"""Trying artifacts in their frameworks' own images against the reference, and what came of it (docs/store.md).

A verdict holds for the sources that made the artifact, for the image's recipe, for the runner and for the bounds; when
one of them changes there is none any more, and the artifact has to be tried again. What was tried under limits has a
verdict of its own, beside the plain one.
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
TIMEOUT = 600.0  # seconds after which a try is given up, unless others are asked for

Status = Literal["agrees", "differs", "fails"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a try may take: bytes of memory, and seconds until it is given up. As they are left out they are plain."""

    memory: int | None = None
    timeout: float = TIMEOUT

    def __str__(self) -> str:
        """Those that are not plain, in words: `at most 1024 MiB and 300 s`; nothing where all are."""
        said = [f"{self.memory / 2**20:g} MiB"] if self.memory else []
        said += [f"{self.timeout:g} s"] if self.timeout != TIMEOUT else []
        return f"at most {' and '.join(said)}" if said else ""


PLAIN = Limits()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of one cell. `message` says why it is not well; `parity` and `sensitivity` are the runner's."""

    cell: str
    status: Status
    reason: str | None  # a class, as of a failed launch (docs/results.md)
    message: str | None
    parity: Mapping[str, Any] | None
    sensitivity: Mapping[str, float] | None
    framework: str  # name and version
    artifact: str  # SHA-256
    tried: str  # when, ISO 8601
    memory: int | None  # the limits under which it was tried
    timeout: float

    @property
    def limits(self) -> Limits:
        """The same limits as one."""
        return Limits(memory=self.memory, timeout=self.timeout)


class Checks:
    """The verdicts that a store keeps of this platform's images."""

    def __init__(self, store: Store, matrix: Matrix) -> None:
        self.store, self.matrix = store, matrix

    def find(self, cell: Cell, limits: Limits = PLAIN) -> Verdict | None:
        """The verdict of a cell under limits; None when it was not tried as it is now."""
        return self._read(self._path(cell, limits), cell)

    def every(self, cell: Cell) -> list[Verdict]:
        """All verdicts of a cell as it is now: the plain one, and then those under limits."""
        plain = self._path(cell, PLAIN)
        paths = [plain, *sorted(plain.parent.glob(f"{plain.stem}.*.json"))]
        return [verdict for path in paths if (verdict := self._read(path, cell))]

    def refusal(self, cell: Cell) -> str | None:
        """Why a cell may not be timed: its artifact was tried and did not agree; None when nothing is known of that.

        The first verdict with a comparison says so, the plain one before those under limits.
        """
        found = next((verdict for verdict in self.every(cell) if verdict.status != "fails"), None)
        return found.message or found.status if found and found.status == "differs" else None

    def keep(self, cell: Cell, verdict: Verdict) -> None:
        """Keep a verdict in the place of an earlier one under the same limits."""
        basis = self._basis(cell, verdict.limits)
        files.write_json(self._path(cell, verdict.limits), {"basis": basis, **vars(verdict)})

    def _read(self, path: Path, cell: Cell) -> Verdict | None:
        told = files.read_json(path) or {}
        limits = Limits(memory=told.get("memory"), timeout=told.get("timeout", TIMEOUT))
        return Verdict(**told) if told.pop("basis", None) == self._basis(cell, limits) else None

    def _path(self, cell: Cell, limits: Limits) -> Path:
        """The plain verdict's file has the name of the cell; what is not plain is told behind it."""
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
    """Try cells, one after the other, each verdict being kept before the next begins. The arm is prepared already."""
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
