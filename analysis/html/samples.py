"""A subset of samples for a page: the fastest and slowest of each launch, and order statistics between.

A browser could not open a page with ten million samples. The subset is not random: it takes equal steps in the sorted
samples.
"""

import json
from typing import Any

import numpy as np

from analysis.charts import colours
from analysis.data.launches import arms_in_order
from analysis.data.samples import wrong_samples
from analysis.report.evidence import Evidence
from bench.core.matrix.arm_names import ABLATION_NAMES, ARMS

FEWEST, MOST = 3, 40  # samples per launch


def samples_per_launch(launches: int, budget: int) -> int:
    """Return how many samples of each launch a page shows: FEWEST to MOST, and together about `budget`."""
    return max(FEWEST, min(MOST, budget // max(launches, 1)))


def samples(evidence: Evidence, cells: set[tuple[str, str]], kept: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Return (run id, cell) → arm → list of [block, [times in ms, ascending]] for launches with a number."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for run in evidence.runs:
        for record in run.launches:
            place = run.facts["run_id"], record["cell"]
            times: Any = record.get("samples")
            if place in cells and record["status"] == "ok" and not wrong_samples(times):
                arms = found.setdefault(place, {})
                arms.setdefault(record["arm"], []).append([record["block"], _thinned(times, kept)])
    return {place: {arm: arms[arm] for arm in arms_in_order(set(arms))} for place, arms in found.items()}


def specification() -> dict[str, Any]:
    """Return Vega-Lite that the page fills with one cell's rows: `arm`, `block`, `ms`, `kind` (sample or median)."""
    tooltip = [
        {"field": "arm", "type": "nominal"},
        {"field": "block", "type": "quantitative"},
        {"field": "kind", "type": "nominal"},
        {"field": "ms", "type": "quantitative", "title": "ms", "format": ".4~g"},
    ]
    other = "another"
    tone = f"indexof({json.dumps(ARMS)}, datum.arm) < 0 ? '{other}' : datum.arm"
    tones = {**colours.ARMS, other: colours.GREY}
    colour = {
        "field": "tone",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(tones), "range": list(tones.values())},
    }
    x = {
        "field": "block",
        "type": "quantitative",
        "title": "block",
        "axis": {"tickMinStep": 1, "format": "d", "grid": False},
    }
    y = {"field": "ms", "type": "quantitative", "title": "ms", "scale": {"zero": False}}
    encoding = {"x": x, "y": y, "color": colour, "tooltip": tooltip}
    sample = {"type": "tick", "orient": "horizontal", "thickness": 1.5, "width": 9, "opacity": 0.45}
    median = {"type": "point", "filled": True, "size": 45, "opacity": 1, "strokeWidth": 0}
    return {
        "data": {"name": "samples", "values": []},
        "transform": [{"calculate": tone, "as": "tone"}],
        "facet": {"row": {"field": "arm", "type": "nominal", "sort": [*ARMS, *ABLATION_NAMES], "header": _HEADER}},
        "spacing": 22,
        "bounds": "flush",
        "spec": {
            "width": 640,
            "height": 110,
            "layer": [
                {"transform": [{"filter": "datum.kind === 'sample'"}], "mark": sample, "encoding": encoding},
                {"transform": [{"filter": "datum.kind === 'median'"}], "mark": median, "encoding": encoding},
            ],
        },
    }


_HEADER = {
    **{"title": None, "labelAngle": 0, "labelOrient": "top", "labelAnchor": "start"},
    **{"labelFontWeight": "bold", "labelPadding": -10},
}


def _thinned(times: list[int], kept: int) -> list[float]:
    ordered = np.sort(np.asarray(times, dtype=np.int64)) / 1e6
    steps = np.unique(np.linspace(0, len(ordered) - 1, min(kept, len(ordered))).round().astype(int))
    return [float(f"{ms:.4g}") for ms in ordered[steps]]
