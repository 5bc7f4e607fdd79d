"""A comparison as Markdown (GitHub's), for the comment on a pull request.

Names and reasons come from journals that anybody may have written. They stand in code spans, in which nothing is
markup, no HTML and no mention of a user; what could end a span or a table's cell is replaced.
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
    """A headline, a table with the worst first, and the sentences."""
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
    """The text as a code span that nothing in it can end, in a table as well."""
    return "`" + (printable(text).replace("`", "'").replace("|", "¦").strip() or "–") + "`"


def _row(cell: dict[str, Any], name: str, arm: dict[str, Any]) -> str:
    word = verdict(arm)
    times = (digits(arm["a_ms"]), digits(arm["b_ms"]), change(arm))
    return (
        "| "
        + " | ".join((code(cell["cell"]), code(name), *times, f"{_MARKS.get(word, '')}{word}", launches(arm)))
        + " |"
    )
