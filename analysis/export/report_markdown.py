"""Runs as GitHub's Markdown, for a pull request or notes: the summary, and a table of cells.

Names come from journals, which are not trusted. They are written in code spans, so that they cannot be markup
(compare/markdown.py).
"""

from typing import Any

from analysis.compare.markdown import code
from analysis.data.number_format import bounded, change, plain_margin
from analysis.report.evidence import Evidence
from analysis.report.exclusions import remark
from analysis.report.stats.ratios import RATIOS
from analysis.text.summary import sections

MOST = 200  # rows: a comment holds 65,536 characters
_MARKS = {"different": "⚠️ ", "incomparable": "⚠️ "}


def markdown(evidence: Evidence) -> str:
    """Return a headline, the parts of the summary, and a table of cells with times and ratios."""
    lines = [f"### {'Run' if len(evidence.runs) == 1 else 'Runs'} measured", ""]
    for report in evidence.reports:
        said = (report["run_id"], report["created"], report["host"].get("cpu_model"))
        lines.append(f"- {code(', '.join(str(text) for text in said if text))}")
    for part in sections(evidence):
        lines += ["", f"#### {part.title}", "", *(f"- {code(line)}" for line in part.lines)]
    read = {(row["run_id"], row["cell"]): row for row in evidence.own_rows.to_dict("records")}
    rows = [
        _row(cell, evidence.labels[report["run_id"]], read.get((report["run_id"], cell["cell"])))
        for report in evidence.reports
        for cell in report["cells"]
    ]
    if rows:
        margin = plain_margin(evidence.margin)
        titles = ["cell", "arm", "ms [95 %]", *(f"{name} ({' / '.join(pair)})" for name, pair in RATIOS.items())]
        lines += ["", f"#### Cells, and what their container costs at {margin}", "", f"| {' | '.join(titles)} |"]
        lines += ["|---|---|--:|---|---|---|", *rows[:MOST]]
    if len(rows) > MOST:
        lines += ["", f"and {len(rows) - MOST} more cells, all of them in `--json`"]
    if rows and (left_out := remark(evidence)):
        lines += ["", code(left_out)]
    return "\n".join(lines) + "\n"


def _row(cell: dict[str, Any], label: str, read: Any) -> str:
    """Return the table's row of a cell. `read` is the cell's row of evidence, or None."""
    name = code(f"{cell['cell'][:160]} {label}".strip())
    if read is None or read["ms"] != read["ms"]:
        return f"| {name} | – | {code(cell['status'])} | – | – | – |"
    times = bounded(read["ms"], read["low_ms"], read["high_ms"])
    return f"| {' | '.join((name, code(read['arm']), times, *map(_ratio, cell['ratios'].values())))} |"


def _ratio(ratio: dict[str, Any]) -> str:
    word = ratio["verdict"] or ("incomparable" if ratio["comparable"] is False else "–")
    return word if ratio["ratio"] is None else f"{change(ratio)} {_MARKS.get(word, '')}{word}"
