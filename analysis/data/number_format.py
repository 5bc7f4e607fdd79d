"""Numbers as a reader sees them, all with a true minus sign."""

from math import floor, isnan, log10
from typing import Any

# Magnitudes from which a number is written otherwise.
WHOLE_FROM, EXPONENT_FROM, EXPONENT_BELOW = 1000, 1e7, 1e-4


def is_nan(value: Any) -> bool:
    """Whether a value is a float that is not a number. False for None, integers and texts."""
    return isinstance(value, float) and isnan(value)


def number(value: float) -> str:
    """Four digits at the most, no exponent where it can be read without one: `12.3`, `1,234`, `1.2e−06`."""
    if abs(value) >= WHOLE_FROM:
        text = f"{value:,.0f}" if abs(value) < EXPONENT_FROM else f"{value:.3g}"
    else:
        text = f"{value:.4g}" if abs(value) >= EXPONENT_BELOW or value == 0 else f"{value:.2g}"
    return _signed(text)


def digits(value: float | None) -> str:
    """Four digits always, so that a column of them is even, or a dash where there is no number."""
    return (
        "–" if value is None or is_nan(value) else _signed(f"{value:,.0f}" if value >= WHOLE_FROM else f"{value:#.4g}")
    )


def bounded(value: float, low: float, high: float) -> str:
    """`12.1 [11.9, 12.3]`; the value alone where nobody knows the bounds."""
    return f"{number(value)} [{number(low)}, {number(high)}]" if not is_nan(low) else number(value)


def plus_minus(value: float, uncertainty: float, *, stated: bool) -> str:
    """`11.4 ± 0.3`, or `11.4 ± ≥ 0.3` where a part of the uncertainty is not `stated`.

    Three digits of the value, and up to two more where the uncertainty would seem to be 0 otherwise.
    """
    places = 2 - (floor(log10(abs(value))) if value else 0)
    wanted = -floor(log10(uncertainty)) if uncertainty > 0 else places
    places = max(0, wanted if places < wanted <= places + 2 else places)
    return _signed(f"{value:.{places}f} {'±' if stated else '± ≥'} {uncertainty:.{places}f}")


def percent(ratio: float, places: int = 1) -> str:
    """1.012 → `+1.2`."""
    text = f"{(ratio - 1) * 100:+.{places}f}"
    return _signed("0." + "0" * places if float(text) == 0 else text)


def change(ratio: dict[str, Any]) -> str:
    """`+1.2 % [−0.4, +2.9]`, or a dash where there is no ratio."""
    if ratio["ratio"] is None:
        return "–"
    low, high = ratio["ci95"]
    return f"{percent(ratio['ratio'])} % [{percent(low)}, {percent(high)}]"


def plain_margin(margin: float) -> str:
    """0.05 → `±5 %`."""
    return f"±{margin * 100:g} %"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 cell`, `2 cells`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def counted(good: int, failed: int) -> str:
    """`17 (−3)`: launches with and without a number."""
    return f"{good} (−{failed})" if failed else str(good)


def _signed(text: str) -> str:
    return text.replace("-", "−")
