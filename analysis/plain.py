"""Numbers as a reader wants them."""

from typing import Any


def percent(ratio: float, digits: int = 1) -> str:
    """1.012 → `+1.2`, with a true minus sign."""
    text = f"{(ratio - 1) * 100:+.{digits}f}"
    return ("0." + "0" * digits if float(text) == 0 else text).replace("-", "−")


def change(ratio: dict[str, Any]) -> str:
    """`+1.2 % [−0.4, +2.9]`, or a dash where there is no ratio."""
    if ratio["ratio"] is None:
        return "–"
    low, high = ratio["ci95"]
    return f"{percent(ratio['ratio'])} % [{percent(low)}, {percent(high)}]"


def plain_margin(margin: float) -> str:
    """0.05 → `±5 %`."""
    return f"±{margin * 100:g} %"


def printable(text: Any) -> str:
    """A name from a journal that anybody may have written, without a terminal's control codes."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(text))
