"""What no comparison counts, by name and with the reason (comparable.py), as answers, reports and pages say it."""

from collections.abc import Iterator
from dataclasses import replace

from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer
from bench.core.terminal import short

MOST = 8  # cells that a sentence or a list names; --json names them all


def entries(evidence: Evidence) -> list[dict[str, str]]:
    """`cell`, `run_id` and `reason` of each."""
    return [{"cell": cell, "run_id": run_id, "reason": why} for (run_id, cell), why in evidence.left_out.items()]


def sentences(evidence: Evidence, value: str) -> Iterator[str]:
    """One of each that has a number in this column of `Evidence.cells`, which others of its kind are judged by."""
    known = evidence.cells[evidence.cells[value].notna()]
    places = dict.fromkeys(zip(known["run_id"], known["cell"], strict=True))
    found = [place for place in places if place in evidence.left_out]
    for place in found[:MOST]:
        yield f"left out: {_name(evidence, *place)}: {evidence.left_out[place]}"
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more left out, all of them in --json"


def remark(evidence: Evidence) -> str:
    """`Left out of every comparison: host/tflite/vgg16/int8 (timed with --force: …).`; empty where nothing is."""
    by_reason: dict[str, list[str]] = {}
    for place, why in evidence.left_out.items():
        by_reason.setdefault(why, []).append(_name(evidence, *place))
    return " ".join(f"Left out of every comparison: {_some(names, why)}." for why, names in by_reason.items())


def told(answer: Answer, evidence: Evidence) -> Answer:
    """An answer that names them, under its figure too."""
    caption = " ".join(filter(None, (answer.caption, remark(evidence))))
    return replace(answer, caption=caption, left_out=entries(evidence))


def _name(evidence: Evidence, run_id: str, cell: str) -> str:
    return f"{short(cell)} {evidence.labels[run_id]}".strip()


def _some(names: list[str], why: str) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{', '.join(names[:MOST])}{more} ({'each ' if len(names) > 1 else ''}{why})"
