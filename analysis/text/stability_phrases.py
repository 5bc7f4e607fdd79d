"""What launches say of themselves, in plain words: unsteady starts, drift, and how many samples would be best."""

from collections.abc import Iterator
from typing import Any

from analysis.data.number_format import change
from analysis.report.stats.stability import PARTS

WORTH = 0.9  # an interval that would be narrower by less than a tenth is not worth a change


def remarks(report: dict[str, Any]) -> Iterator[str]:
    """One sentence for each thing inside the launches that a reader should know."""
    for cell in report["cells"]:
        for name, arm in cell["arms"].items():
            yield from (f"{cell['cell']}: {name}: {said}" for said in _of_arm(arm["inside"]))
        if said := samples_advice(cell["variance"]):
            yield f"{cell['cell']}: {said}"


def span(effect: dict[str, Any]) -> str:
    """What changes inside launches: `+1.2 % [+0.4, +2.0]`, or a dash."""
    if effect["change"] is None:
        return change({"ratio": None})
    return change({"ratio": 1 + effect["change"], "ci95": [1 + end for end in effect["ci95"]]})


def samples_advice(variance: dict[str, Any] | None) -> str | None:
    """How many samples a launch should have, where another number would pay."""
    if variance is None or variance["samples_per_launch"] is None or variance["narrower"] > WORTH:
        return None
    best, now, gain = variance["samples_per_launch"], variance["samples"], 1 - variance["narrower"]
    spread = f"launches differ by {_share(variance['launch_sd'])}, samples of one by {_share(variance['sample_sd'])}"
    cost = f"a launch costs {variance['launch_s']:.1f} s besides its samples"
    what = f"{best} samples a launch instead of {now:.0f} would make the intervals {gain:.0%}".replace("%", " %")
    return f"{spread}, and {cost}: {what} narrower in the same time (--samples {best})"


def _of_arm(inside: dict[str, Any]) -> Iterator[str]:
    start, drift = inside["start"], inside["drift"]
    if start["noticed"]:
        how = "slower" if start["change"] > 0 else "faster"
        advice = "warm up longer" if start["change"] > 0 else "the clock may fall under load"
        yield f"the first 1/{PARTS} of a launch is {_span(start)} {how} than the rest: {advice}"
    if drift["noticed"]:
        how = "slower" if drift["change"] > 0 else "faster"
        yield f"launches get {_span(drift)} {how} from their second 1/{PARTS} to their last: they are not steady"


def _share(value: float) -> str:
    return f"{value * 100:.1f} %"


def _span(effect: dict[str, Any]) -> str:
    """`3.2 % [2.5, 3.9]`, without a sign: the words around it say which way."""
    low, high = sorted(abs(each) * 100 for each in effect["ci95"])
    return f"{_share(abs(effect['change']))} [{low:.1f}, {high:.1f}]"
