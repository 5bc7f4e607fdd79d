"""The two sides of a contradiction, looked up in the tables: a contradiction holds references and no values of its own.

A reference is `table.column(column=text; ...)` and must meet exactly one row; `reference / reference` is a quotient.
"""

import re
from dataclasses import dataclass

from analysis.data.number_format import is_nan
from analysis.data.reference.loader import load

_REFERENCE = re.compile(r"(?P<table>\w+)\.(?P<column>\w+)\((?P<where>[^()]*)\)")


@dataclass(frozen=True)
class Side:
    """One side: a number with its reading error (0 where it was not read off), or a text."""

    value: float | str
    error: float = 0.0


@dataclass(frozen=True)
class Sides:
    """What one contradiction sets against each other. Rules:

    differ    one thing with two numbers
    same      two things with one number
    reversed  `a` is claimed to be below `b`, and is above
    wording   one thing with two texts
    """

    rule: str
    a: Side
    b: Side

    @property
    def gap(self) -> float:
        """|a - b| / |b| of two numbers; 0 where reading errors could explain all of it."""
        a, b = self.numbers
        return 0.0 if abs(a - b) <= self.a.error + self.b.error else abs(a - b) / abs(b)

    @property
    def numbers(self) -> tuple[float, float]:
        """Both values. Raises TypeError for texts."""
        if isinstance(self.a.value, str) or isinstance(self.b.value, str):
            raise TypeError("these sides are texts")
        return self.a.value, self.b.value

    @property
    def stands(self) -> bool:
        """Whether the values contradict each other as the rule says."""
        if self.rule == "wording":
            return self.a.value != self.b.value
        if self.rule == "same":
            return self.gap == 0
        return self.gap > 0 and (self.rule == "differ" or self.numbers[0] > self.numbers[1])


def sides(contradiction: str) -> Sides:
    """Both sides of a contradiction. Raises ValueError for one that is not known, or whose reference is wrong."""
    rows = load("contradictions").query("contradiction == @contradiction")
    if len(rows) != 1:
        raise ValueError(f"no contradiction '{contradiction}'")
    [row] = rows.to_dict("records")
    return Sides(str(row["rule"]), _side(str(row["a"])), _side(str(row["b"])))


def _side(text: str) -> Side:
    first, *divisors = [look_up(part) for part in text.split(" / ")]
    for divisor in divisors:
        if isinstance(first.value, str) or isinstance(divisor.value, str):
            raise ValueError(f"{text}: texts cannot be divided")
        value = first.value / divisor.value
        # To first order, which is enough for errors of a few percent.
        error = value * (first.error / first.value + divisor.error / divisor.value)
        first = Side(value, error)
    return first


def look_up(reference: str) -> Side:
    """The one value that a reference means. Raises ValueError where it means none or several."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(f"{reference}: not of the form table.column(column=text; ...)")
    frame = load(match["table"])
    for condition in match["where"].split("; "):
        column, _, text = condition.partition("=")
        frame = frame[frame[column] == text]
    if len(frame) != 1:
        raise ValueError(f"{reference}: meets {len(frame)} rows, not one")
    [row] = frame.to_dict("records")
    value, error = row[match["column"]], row.get("error", 0.0)
    return Side(value) if isinstance(value, str) else Side(float(value), float(error) if not is_nan(error) else 0.0)
