"""What `bench report --json` prints: one run's report (report.py) with three more keys, or several of them.

of one run      all keys of report.py, best[], left_out[], summary[]
of several      schema, runs[] (one report each, all keys of report.py), best[], left_out[], summary[]

best[]          the fastest framework for each run, device, network and precision: run_id, device, model, precision,
                framework, arm, ms, ci95_ms, launches, not_told_apart[] (best.py)
left_out[]      cell, run_id, reason: what no comparison counts (comparable.py), `best` among them
summary[]       title, lines[]: the page's sentences (plain_words.py)
"""

from typing import Any

from analysis.report.best import best_frameworks
from analysis.report.build import SCHEMA
from analysis.report.evidence import Evidence
from analysis.report.exclusions import entries
from analysis.text.summary import sections


def as_json(evidence: Evidence) -> dict[str, Any]:
    """See above; all of it can be written as JSON."""
    summary = [{"title": part.title, "lines": part.lines} for part in sections(evidence)]
    more = {"best": best_frameworks(evidence), "left_out": entries(evidence), "summary": summary}
    if len(evidence.reports) == 1:
        return evidence.reports[0] | more
    return {"schema": SCHEMA, "runs": evidence.reports, **more}
