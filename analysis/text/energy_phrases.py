"""What the energy pass of a run says, in plain words. Everything returned is plain text."""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.data.number_format import change, percent, plural, plus_minus
from analysis.report.energy_arms import uncertainty_of


def energy(arm: Mapping[Any, Any], name: str) -> str:
    """`11.4 ± 0.3` in mJ per inference, of a row of energy_arms.py; a dash where there is no number."""
    if arm[name] is None or arm[name] != arm[name]:
        return "–"
    return plus_minus(1e3 * arm[name], 1e3 * (arm[uncertainty_of(name)] or 0), stated=bool(arm["meter_stated"]))


def energy_facts(found: dict[str, Any] | None) -> Iterator[str]:
    """What the energy of a run is of, or why there is none; nothing without an energy pass."""
    if found and found["reason"]:
        yield f"no energy: {found['reason']}"
    elif found:
        yield (
            f"energy is of the {found['scope']} ({', '.join(map(str, found['meter']))}): active is all that it took "
            "per inference, idle subtracted what it took above rest; ± is about 95 %"
        )


def energy_doubts(found: dict[str, Any] | None) -> Iterator[str]:
    """What a reader of the energies must know: unstated limits, the sampler's cost, what was held back or failed."""
    if not found or found["reason"]:
        return
    if not all(arm["meter_stated"] for arm in found["arms"]):
        yield "the meter's vendor states no limits of error: the uncertainty of energy is at least what is shown"
    if found["sampler"]["ratio"] is not None:
        cost = {"ratio": found["sampler"]["ratio"], "ci95": found["sampler"]["ci95"]}
        said = change(cost) if cost["ci95"] else f"{percent(cost['ratio'])} %"
        pairs = plural(found["sampler"]["pairs"], "pair")
        yield f"reading the sensors changes the time of an inference by {said} ({pairs} of launches with and without)"
    for arm in found["arms"]:
        if arm["throttled"]:
            launches = plural(arm["throttled"], "energy launch", "energy launches")
            yield f"{arm['cell']}: {launches} of {arm['arm']} held back by heat or want of power"
    for failure in found["failures"]:
        launches = plural(failure["count"], "energy launch", "energy launches")
        yield f"{failure['cell']}: {launches} of {failure['arm']} without a number: {failure['message']}"
