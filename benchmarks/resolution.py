"""What a machine resolves after how many minutes: the half-width of equal arms' ratio, drawn over time.

    setup/env .venv/bin/bench measure selftest --minutes 10
    .venv/bin/python benchmarks/resolution.py results/RUN --out resolution.svg

Reads a self-test's journal and measures nothing. For each arm against itself and every number of blocks: the half-width
of the 95 % interval that the blocks so far give, over the minutes that the two arms' launches took by then. Dashed is
what the spread over all blocks and pairs predicts.
"""

import argparse
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from scipy import stats

from analysis.charts.vega import save
from analysis.data.launches import load
from analysis.experiments.selftest_rule import pooled
from analysis.report.stats.ratios import LaunchMedians, difference
from bench.journal.journal import read
from bench.run.experiments.selftest_arms import TWIN

FEWEST = 5  # the spread of fewer may be next to nothing by chance


def curves(folder: Path) -> pd.DataFrame:
    """Columns arm, blocks, minutes, half_width (in percent); the prediction has the arm `predicted`."""
    run = read(folder)
    frame = load(run).launches
    good, rows, whole, cost = frame[frame["status"] == "ok"], [], [], []
    for arm in run.facts["plan"]["base"]:
        medians, seconds = (
            good[good["arm"].isin([arm, arm + TWIN])].pivot(index="block", columns="arm", values=column).dropna()
            for column in ("median_ns", "wall_ns")
        )
        taken = seconds.sum(axis=1).cumsum() / 60e9
        sides = [dict(medians[name]) for name in (arm + TWIN, arm)]
        for count in range(FEWEST, len(medians) + 1):
            blocks = medians.index[:count]
            found = difference(*(LaunchMedians({block: side[block] for block in blocks}) for side in sides))
            assert found is not None
            rows.append((f"{arm} against itself", count, taken.iloc[count - 1], 100 * found.half_width))
        whole.append(found)
        cost.append(taken.iloc[-1] / len(medians))
    spread, minutes = pooled(whole), float(np.mean(cost))
    for count in range(FEWEST, max(each.blocks for each in whole) + 1):
        reach = stats.t.ppf(0.975, count - 1) * spread / count**0.5
        rows.append(("predicted", count, count * minutes, 100 * np.expm1(reach)))
    return pd.DataFrame(rows, columns=["arm", "blocks", "minutes", "half_width"])


def main() -> None:
    """Draw, and print where each curve ends."""
    parser = argparse.ArgumentParser(description="Half-width over minutes, from a self-test.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("resolution.svg"))
    options = parser.parse_args()
    table = curves(options.run)
    chart = (
        alt.Chart(table)
        .mark_line()
        .encode(
            x=alt.X("minutes:Q", title="minutes of launches of two arms"),
            y=alt.Y("half_width:Q", title="half-width of the 95 % interval, %", scale=alt.Scale(type="log")),
            color=alt.Color("arm:N", title=None, sort=list(table["arm"].unique())),
            strokeDash=alt.condition(alt.datum.arm == "predicted", alt.value([4, 4]), alt.value([1, 0])),
        )
        .properties(width=460, height=280)
    )
    save(chart, options.out)
    for arm, of in table.groupby("arm", sort=False):
        last = of.iloc[-1]
        print(f"{arm}: ±{last['half_width']:.2f} % after {int(last['blocks'])} blocks, {last['minutes']:.1f} minutes")


if __name__ == "__main__":
    main()
