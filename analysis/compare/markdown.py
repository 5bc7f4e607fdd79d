"""A comparison as GitHub's Markdown, for a comment on a pull request.

Names and reasons come from journals, which are not trusted. They are written in code spans, so that they cannot be
markup, HTML or a mention of a user. Characters that could end a span or a cell of a table are replaced.
"""

from typing import Any

from analysis.compare.compare import arms_of
from analysis.compare.phrases import head, plain_threshold, regressions, summary, verdict
from analysis.compare.table import launches
from analysis.data.number_format import change, digits, plain_margin
from bench.core.terminal import printable

MOST = 200  # rows: a comment holds 65,536 characters
_MARKS = {"REGRESSION": "❌ ", "refused": "⚠️ ", "failed": "⚠️ "}
_ORDER = ("REGRESSION", "failed", "refused", "too-few", "mean", "slower", "faster", "inconclusive", "equivalent")


def markdown(report: dict[str, Any]) -> str:
    """Return a headline, a table with the worst arms first, and the summary."""
    found = len(regressions(report))
    beyond = plain_threshold(report["threshold"])
    title = f"❌ {found} regression{'s' * (found != 1)} beyond {beyond}" if found else f"No regression beyond {beyond}"
    rows = [(cell, name, arm) for cell, name, arm in arms_of(report) if arm["status"] != "absent"]
    rows.sort(key=lambda row: (_ORDER.index(verdict(row[2])), -(row[2]["ratio"] or 0)))
    lines = [f"### {title}", "", *(f"- {code(head(report, side))}" for side in ("a", "b")), ""]
    if rows:
        lines += [
            f"| cell | arm | A, ms | B, ms | B vs A [95 % interval] | at {plain_margin(report['margin'])} | launches |",
            "|---|---|--:|--:|---|---|--:|",
            *(_row(*row) for row in rows[:MOST]),
            "",
        ]
    if len(rows) > MOST:
        lines += [f"and {len(rows) - MOST} more rows, all of them in `--json`", ""]
    return "\n".join([*lines, *(f"- {code(sentence)}" for sentence in summary(report))]) + "\n"


def code(text: Any) -> str:
    """Return the text as a code span, also valid in a table. Nothing in the text can end the span."""
    return "`" + (printable(text).replace("`", "'").replace("|", "¦").strip() or "–") + "`"


def _row(cell: dict[str, Any], name: str, arm: dict[str, Any]) -> str:
    word = verdict(arm)
    times = (digits(arm["a_ms"]), digits(arm["b_ms"]), change(arm))
    return (
        "| "
        + " | ".join((code(cell["cell"]), code(name), *times, f"{_MARKS.get(word, '')}{word}", launches(arm)))
        + " |"
    )
