"""The output of `bench report --json`: the report of one run (build.py) with three more keys, or of several runs.

one run         all keys of build.py, best[], left_out[], summary[]
several runs    schema, runs[] (one report each, all keys of build.py), best[], left_out[], summary[]

best[]          the fastest framework for each run, device, network and precision: run_id, device, model, precision,
                framework, arm, ms, ci95_ms, launches, not_told_apart[] (best.py)
left_out[]      cell, run_id, reason: cells that no comparison may use (comparable.py), `best` included
summary[]       title, lines[]: the sentences of the page (summary.py)
"""

from typing import Any

from analysis.report.best import best_frameworks
from analysis.report.build import SCHEMA
from analysis.report.evidence import Evidence
from analysis.report.exclusions import entries
from analysis.text.summary import sections


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Return the dictionary described above, which is valid JSON."""
    summary = [{"title": part.title, "lines": part.lines} for part in sections(evidence)]
    more = {"best": best_frameworks(evidence), "left_out": entries(evidence), "summary": summary}
    if len(evidence.reports) == 1:
        return evidence.reports[0] | more
    return {"schema": SCHEMA, "runs": evidence.reports, **more}
