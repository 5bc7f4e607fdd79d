"""A self-test on the terminal: what was checked, what this machine can resolve, and what it comes to in plain words."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.experiments.selftest import FAILED, NOTHING, UNFINISHED

_SAID = {
    "equal": "equal",
    "unequal": "[bold red]not equal[/]",
    "too-noisy": "too noisy to tell",
    "found": "found",
    "too-small": "too small to tell",
    "missed": "[bold red]missed[/]",
    "noticed": "noticed",
    "unnoticed": "[bold red]not noticed[/]",
    "quiet": "yes",
    "disturbed": "[bold red]no[/]",
    "refused": "[bold red]refused[/]",
    "not-run": "not run",
    "complete": "yes",
    "without-number": "[bold red]no[/]",
}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report."""
    console.print(
        f"Self-test {report['run_id']}, {report['cell']}, {report['host'].get('cpu_model') or 'this machine'}"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("check", f"change [{report['level']:.2%} interval]", "", "blocks"):
        table.add_column(header, justify="right" if header == "blocks" else "left", no_wrap=header == "")
    for check in report["checks"]:
        known = "ratio" in check
        change = _change(check) if known else check["reason"] or ""
        table.add_row(_name(check), change, _SAID[check["outcome"]], str(check["blocks"]) if known else "")
    console.print(table)
    _show_resolution(report, console)
    for sentence in words(report):
        console.print(f"· {sentence}", soft_wrap=True, markup=False)


def words(report: dict[str, Any]) -> Iterator[str]:
    """What it comes to, in sentences."""
    if report["sabotage"]:
        yield f"The sabotage {report['sabotage']} is on, so this self-test is meant to fail."
    doses = [check for check in report["checks"] if check["kind"] == "known"]
    if small := [f"{check['known'] - 1:.0%}" for check in doses if check["outcome"] == "too-small"]:
        yield f"Too small for this machine in this time: a slowdown of {', '.join(small)}. More --minutes may show it."
    verdict = report["verdict"]
    if verdict == FAILED:
        yield from summary(report)
        yield "The self-test FAILED: until this is mended, do not trust numbers from this machine."
    elif verdict == UNFINISHED:
        yield from summary(report)
    elif verdict == NOTHING:
        yield "Nothing failed and nothing was shown: the noise hides every slowdown. More --minutes may show them."
    else:
        found = [check["known"] for check in doses if check["outcome"] == "found"]
        noticed = any(check["kind"] == "noticed" for check in report["checks"])
        what = f"known slowdowns from {min(found) - 1:.0%} were found" + (", every sabotage was noticed" * noticed)
        yield f"Equal arms came out equal, {what}: the self-test PASSED."
        yield f"A healthy instrument fails it less than once in {1 / report['false_alarms']:.0f} times."


def summary(report: dict[str, Any]) -> Iterator[str]:
    """What failed, a line each; or why there is no verdict."""
    for check in report["checks"]:
        if check["failed"]:
            yield f"{_name(check)}: {_PLAIN[check['outcome']]}{_because(check)}"
    if report["verdict"] == UNFINISHED:
        run = report["run_id"]
        yield f"It was cut short: bench matrix resume {run}, then bench measure selftest --run {run}"


_PLAIN = {
    "unequal": "it differs from itself",
    "missed": "the known slowdown was not found",
    "refused": "its launches may not be compared",
    "unnoticed": "the sabotage was not noticed",
    "disturbed": "no",
    "without-number": "no",
}


def _because(check: dict[str, Any]) -> str:
    return f": {check['reason']}" if check["reason"] else f": {_change(check)}"


def _name(check: dict[str, Any]) -> str:
    return f"{check['of'][1]} under {check['name']}" if check["kind"] == "noticed" else str(check["name"])


def _change(check: dict[str, Any]) -> str:
    if check["ratio"] is None:
        return check["reason"] or "no interval"
    low, high = (_percent(each) for each in check["interval"])
    return f"{_percent(check['ratio'])} % [{low}, {high}]"


WHOLE_FROM, MOST_SHOWN = 100, 999  # percent: shown without places from the first, as `> +999` above the other


def _percent(ratio: float) -> str:
    percent = (ratio - 1) * 100
    places = 2 if abs(percent) < WHOLE_FROM else 0
    return f"> +{MOST_SHOWN}" if percent > MOST_SHOWN else f"{percent:+.{places}f}".replace("-", "−")


def _show_resolution(report: dict[str, Any], console: Console) -> None:
    found = report["resolution"]
    if found is None:
        return
    console.print("\nWhat this machine can resolve: two arms of this cell, 95 % interval", soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("half-width", "blocks", "minutes"):
        table.add_column(header, justify="right")
    for row in found["rows"]:
        blocks = "too many" if row["blocks"] is None else str(row["blocks"])
        table.add_row(f"±{row['half_width']:.1%}", blocks, "" if row["minutes"] is None else f"{row['minutes']:.1f}")
    console.print(table)
    reached = f"This run: ±{found['half_width']:.2%} after {report['blocks']} blocks"
    console.print(f"{reached}, {report['minutes']:.1f} minutes of launches in {len(report['arms'])} arms\n")
