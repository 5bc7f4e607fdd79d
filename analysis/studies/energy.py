"""Energy of one inference: the paper's Fig. 11 and the energy pass of runs."""

import pandas as pd

from analysis.charts.figures import Axis, fit_panels, rows
from analysis.report import study_data
from analysis.report.evidence import Evidence
from analysis.report.study_data import Answer

COLUMNS = (*study_data.COLUMNS, "scope")
ACTIVE, ABOVE = "energy", "energy_idle_subtracted"


def answer(evidence: Evidence) -> Answer:
    """Return rows with `energy`, which includes idle power. Runs also have `energy_idle_subtracted`, which does not."""
    ours = _runs(evidence)
    table = study_data.together(study_data.paper("energy").assign(scope=""), ours)[list(COLUMNS)]
    active = table[table["quantity"] == ACTIVE]
    drawn = active.assign(
        panel=active["model"],
        label=study_data.labelled(
            active.assign(stated=active["source"].where(active["source"] == "text", "")), *_NAMES
        ),
        place=study_data.in_order(active["model"]),
    ).sort_values(["place", "value"], kind="stable")
    shown, remark = fit_panels(drawn)
    caption = (
        "Energy per inference, idle power included, the least first. A run's is of the energy pass, and of what stands "
        "in its row: energies of two scopes are not comparable. Lines are its uncertainty, about 95 %; ≥ says that the "
        "meter's vendor states no limits of error, so that it is at least that. The paper's figures are active power "
        "at the supply times time, read off with ±5 %; where its text says a rounder number, that stands beside it."
        + remark
    )
    if ours.empty:
        caption += " No run at hand has an energy."
    return Answer(table, rows(shown, Axis("energy per inference, mJ")), caption)


def _runs(evidence: Evidence) -> pd.DataFrame:
    cells = evidence.one_arm_with("energy_j")
    above = study_data.sensed(cells, ABOVE, "mJ", "energy_idle_subtracted_j", times=1e3)
    return study_data.together(study_data.sensed(cells, ACTIVE, "mJ", "energy_j", times=1e3), above)


_NAMES = ("device", "framework", "precision", "scope", "stated")
