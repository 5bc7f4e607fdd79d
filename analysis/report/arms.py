"""One arm of one cell in a report: what its launches say.

launches, failed           launches with and without a number
samples                    timed inferences of all launches
median_ms, p90_ms, p99_ms, load_ms, first_ms
                           the median over launches of each launch's own figure, in ms; never of pooled samples
tail.<quantile>            ms, launches: p99 and p99.9 where launches have the samples for it, else null (tail.py)
phases.<phase>             time to the first inference in ms, as medians over launches, and `total` (phases.py)
rss_peak_mb, cgroup_peak_mb  the largest over launches, of the process and of a cgroup of its own, else null
inside                     are launches steady, do they drift, what lies far out (stats/stability.py)
flagged, replaced          what the host did (bench/hosts/monitor.py) to those that count, and to those that others
                           stand for: `launches`, and of them by flag
kernel                     seccomp, capabilities, ... of its first launch: recorded, not judged
packages                   name → version, as its first launch found them (on JetPack 4 the board's own)
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from analysis.data.launches import Launch, flags_of, good
from analysis.report import coldstart
from analysis.report.stats.stability import describe
from analysis.report.stats.tail import tails

BARE = ("rootfs", "native")  # arms without a control group of their own: they share one with whatever else is in it
_FIGURES = ("median", "p90", "p99", "load", "first")


def arm(name: str, launches: list[Launch], replaced: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The launches of one arm (rows of `inside.look`), and the lines that others stand for."""
    counted = good(launches)
    return {
        "launches": len(counted),
        "failed": len(launches) - len(counted),
        "samples": sum(launch["n"] for launch in counted),
        **{f"{figure}_ms": median(_known(counted, f"{figure}_ns")) / 1e6 for figure in _FIGURES},
        "tail": tails(counted),
        "phases": coldstart.describe(counted),
        "rss_peak_mb": max(_known(counted, "rss_peak_bytes")) / 1e6,
        "cgroup_peak_mb": None if name in BARE else max(_known(counted, "cgroup_peak_bytes")) / 1e6,
        "inside": describe(counted),
        "flagged": _flagged(launch["flags"] for launch in counted),
        "replaced": _flagged(map(flags_of, replaced)),
        "kernel": counted[0]["kernel"] if counted else {},
        "packages": _packages(counted[0]["identity"]) if counted else {},
    }


def _known(launches: list[Launch], name: str) -> list[float]:
    """What launches say; NaN alone where none does."""
    return [launch[name] for launch in launches if launch[name] == launch[name]] or [float("nan")]


def _packages(identity: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix("package "): value for key, value in identity.items() if key.startswith("package ")}


def _flagged(flags: Iterable[list[str]]) -> dict[str, Any]:
    disturbed = [each for each in flags if each]
    by_flag = dict(Counter(flag for each in disturbed for flag in each).most_common())
    return {"launches": len(disturbed), "by_flag": by_flag}
