"""How long a large run takes to load and to report, and a large plan to make.

    .venv/bin/python benchmarks/load_speed.py [--launches 20000] [--samples 500] [--repeats 3] [--folder DIR] [--json]

Makes a run that never happened (10 million samples in 20,000 launches, with as much said of each launch as a real one
says) and one of twice the launches, below DIR or the place for temporary files; they take some 400 MB there and are
removed. Each step runs in a process of its own, so that its memory is its own; told is the median of the repeats.

Claimed: loaded in under 5 s and under 1.5 GB, reported with its page in under 20 s, twice the data in at most 2.2 times
the time, a plan of 100,000 cells in under 1 s. Told are wall time and CPU time. A claim is judged by the smaller one:
on an idle machine the two agree, on a busy one the wall time is the neighbours' too (which is then said), and
where a library uses several threads the wall time is what a user waits. Exit code 1 when a claim does not hold.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.journal.journal import write_run
from tests.support.synthetic import Truth, facts, line

LOAD_S, LOAD_MB, REPORT_S, GROWTH, PLAN_S = 5.0, 1500.0, 20.0, 2.2, 1.0
ARMS = ("container", "native")
BLOCKS = 20
CELLS = 100_000  # of the plan


@dataclass(frozen=True)
class Cost:
    """One step: wall and CPU time (user and system) in s, and the most memory that it held, in MB of 10^6 bytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float

    @property
    def judged_s(self) -> float:
        """The time that a claim is held against."""
        return min(self.wall_s, self.cpu_s)


def make_run(folder: Path, launches: int, samples: int) -> int:
    """Write a run of that many launches; returns the size of its journal in bytes."""
    random = np.random.default_rng(1)
    cells = max(1, launches // (len(ARMS) * BLOCKS))
    truths = [Truth(model=f"model-{number}") for number in range(cells)]
    write_run(folder, facts(truths, BLOCKS, ARMS))
    with (folder / "journal.jsonl").open("w", encoding="utf-8") as journal:
        for block in range(1, BLOCKS + 1):
            for truth in truths:
                for arm in ARMS:
                    timings = (12e6 * random.lognormal(0, 0.02, samples)).astype(np.int64)
                    said = line(truth, arm, block, timings.tolist(), warmup=timings[:5].tolist())
                    said["loaded"]["libraries"] = {f"numpy/random/lib{n}.so": f"{n:040x}" for n in range(17)}
                    said["hello"]["kernel"] |= {"cgroup": [f"{n}:controller{n}:/" for n in range(10)]}
                    journal.write(json.dumps(said, separators=(",", ":")) + "\n")
    return (folder / "journal.jsonl").stat().st_size


def load_run(folder: Path) -> None:
    """Reads and loads a run, as every command of the analysis begins."""
    from analysis.data.launches import load
    from bench.journal.journal import read

    start = _clock()
    loaded = load(read(folder))
    end = _clock()
    if loaded.warnings or set(loaded.launches["status"]) != {"ok"}:
        raise SystemExit("the run was not loaded whole")
    _tell(start, end)


def plan_cells() -> None:
    """Expands a matrix of CELLS cells."""
    from bench.core.matrix.plan import Selection, make_plan
    from bench.core.matrix.schema import Matrix, load_matrix

    real = load_matrix()
    framework, network = next(iter(real.frameworks.values())), next(iter(real.models.values()))
    matrix = Matrix(
        schema_version=1,
        profiles=real.profiles,
        devices=real.devices,
        frameworks={f"framework-{number}": framework for number in range(100)},
        models={f"model-{number}": network for number in range(CELLS // 100 // len(framework.precisions))},
    )
    start = _clock()
    plan = make_plan(matrix, Selection(device="host", precisions=framework.precisions, seed=1))
    end = _clock()
    if len(plan.cells) != CELLS:
        raise SystemExit(f"the plan has {len(plan.cells)} cells")
    _tell(start, end)


def report_run(folder: Path) -> None:
    """`bench report --html`, as a user types it: its table, its page, and Python's own start."""
    page = folder / "page.html"
    command = [sys.executable, "-m", "bench.cli.app", "report", str(folder), "--html", str(page)]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"bench report ended with code {done.returncode}:\n{done.stderr}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps(asdict(Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6))))


STEPS: dict[str, Callable[..., None]] = {"load": load_run, "report": report_run, "plan": plan_cells}


def measure(step: str, repeats: int, *words: Path) -> Cost:
    """The medians of a step over several processes."""
    command = [sys.executable, __file__, "--step", step, *map(str, words)]
    costs = []
    for _ in range(repeats):
        done = subprocess.run(command, stdout=subprocess.PIPE)
        if done.returncode:
            raise SystemExit(f"{step} did not end well: its message is above")
        costs.append(json.loads(done.stdout))
    return Cost(**{key: statistics.median(cost[key] for cost in costs) for key in costs[0]})


def _clock() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def _tell(start: tuple[float, float], end: tuple[float, float]) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(asdict(Cost(end[0] - start[0], end[1] - start[1], peak))))


def judge(once: dict[str, Cost], twice: dict[str, Cost], plan: Cost) -> list[tuple[str, float, float, bool]]:
    """Each claim: what, found, at most, whether it was the CPU time that held it."""
    growth = [
        (f"{step}, twice the data, times", twice[step].judged_s / once[step].judged_s, GROWTH, False) for step in once
    ]
    return [
        ("load, s", once["load"].judged_s, LOAD_S, once["load"].wall_s > LOAD_S),
        ("load, MB", once["load"].peak_mb, LOAD_MB, False),
        ("report with page, s", once["report"].judged_s, REPORT_S, once["report"].wall_s > REPORT_S),
        *growth,
        ("plan of 100,000 cells, s", plan.judged_s, PLAN_S, plan.wall_s > PLAN_S),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launches", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=500, help="of each launch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the runs are made")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        STEPS[asked.step](*asked.words)
        return

    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="load-speed-") as name:
        runs = Path(name) / "once", Path(name) / "twice"
        sizes = [make_run(run, times * asked.launches, asked.samples) for times, run in enumerate(runs, 1)]
        costs = [{step: measure(step, asked.repeats, run) for step in ("load", "report")} for run in runs]
        plan = measure("plan", asked.repeats)
    claims = judge(*costs, plan)
    found: dict[str, Any] = {
        "launches": asked.launches,
        "samples": asked.launches * asked.samples,
        "journal_mb": sizes[0] / 1e6,
        "once": {step: asdict(cost) for step, cost in costs[0].items()},
        "twice": {step: asdict(cost) for step, cost in costs[1].items()},
        "plan": asdict(plan),
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "claims": [
            {"what": what, "found": value, "at_most": most, "by_cpu_time": by_cpu, "holds": value <= most}
            for what, value, most, by_cpu in claims
        ],
    }
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)
    raise SystemExit(0 if all(claim["holds"] for claim in found["claims"]) else 1)


def show(found: dict[str, Any]) -> None:
    """The figures, then each claim and whether it holds."""
    size = f"{found['samples']:,} samples in {found['launches']:,} launches, {found['journal_mb']:.0f} MB"
    print(f"{size}; {found['cpus']} CPUs, load average {found['load_average']:.1f}")
    rows = [(f"{step}, {size}", found[size][step]) for size in ("once", "twice") for step in ("load", "report")]
    for name, cost in [*rows, ("plan", found["plan"])]:
        print(f"{name:>16}  wall {cost['wall_s']:6.2f} s  CPU {cost['cpu_s']:6.2f} s  {cost['peak_mb']:5.0f} MB")
    for claim in found["claims"]:
        how = " (by CPU time; the machine was busy)" if claim["by_cpu_time"] and claim["holds"] else ""
        verdict = "holds" if claim["holds"] else "DOES NOT HOLD"
        print(f"{claim['what']:>34}  {claim['found']:8.2f} of {claim['at_most']:g}: {verdict}{how}")


if __name__ == "__main__":
    main()
