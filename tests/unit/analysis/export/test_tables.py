"""Exports: tables are tidy and typed, and the tools they are for read them."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyperf
import pytest
import typer
from typer.testing import CliRunner, Result

from analysis.data.launches import Loaded, load
from analysis.export.dashboard import dashboard
from analysis.export.pyperf import pyperf as to_pyperf
from analysis.export.tables import launch_table, sample_table, write_csv, write_parquet
from bench.cli.export import export
from bench.core.errors import ConfigError, HostError
from bench.core.paths import PROJECT
from bench.journal.journal import Run, read, write_run
from tests.support.synthetic import ARMS, Truth, facts, line, write
from tests.support.synthetic_energy import add_energy

TRUTH = Truth()
TRUTHS = [TRUTH, Truth(framework="tflite", failing={"container": "out-of-memory"})]
WARMUP = [30, 20]


def small(folder: Path, **change: Any) -> tuple[Run, Loaded]:
    """One launch of three samples and a failed one, written by hand."""
    good = line(TRUTH, "native", 1, [12, 10, 11], warmup=WARMUP, memory={"rss_peak_bytes": 4096}, **change)
    bad = line(TRUTH, "native", 2, [], status="failed", reason="killed", message="=1+1")
    write_run(folder, facts([TRUTH], blocks=2))
    (folder / "journal.jsonl").write_text("".join(json.dumps(record) + "\n" for record in (good, bad)))
    run = read(folder)
    return run, load(run)


def bench(*words: object) -> Result:
    app = typer.Typer()
    app.command("export")(export)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_row_a_launch_says_what_it_was(tmp_path: Path) -> None:
    first, second = launch_table(*small(tmp_path)).to_dict("records")
    assert (first["launch"], first["block"], first["samples"]) == (f"{TRUTH.cell}/native/1", 1, 3)
    assert (first["median_ns"], first["load_ns"], first["rss_peak_bytes"]) == (11, 120_000_000, 4096)
    assert first["packages"] == "onnxruntime 1.32.0, numpy 2.4.6"
    assert first["image_digest"] == "sha256:" + "ab" * 32
    assert (second["status"], second["reason"], second["samples"]) == ("failed", "killed", 0)
    assert np.isnan(second["median_ns"])


def test_a_row_a_sample_keeps_their_order_and_tells_the_warm_up(tmp_path: Path) -> None:
    table = sample_table(*small(tmp_path))
    assert list(table["time_ns"]) == [30, 20, 12, 10, 11]
    assert list(table["warmup"]) == [True, True, False, False, False]
    assert list(table["sample"]) == [1, 2, 1, 2, 3]
    assert set(table["launch"]) == {f"{TRUTH.cell}/native/1"}


@pytest.mark.parametrize("warmup", [None, "12", [1.5], [True], [10**30], {}])
def test_a_warm_up_that_is_none_is_left_out(tmp_path: Path, warmup: Any) -> None:
    run, loaded = small(tmp_path)
    run.launches[0]["warmup"] = warmup
    assert list(sample_table(run, loaded)["time_ns"]) == [12, 10, 11]
    assert "warmups" not in to_pyperf(run, loaded, samples=True)["benchmarks"][0]["runs"][0]


def test_every_time_is_exported_once(tmp_path: Path) -> None:
    run = write(tmp_path, TRUTHS, blocks=4, samples=7)
    table = sample_table(run, load(run))
    sums = table.groupby("launch", observed=True)["time_ns"].sum()
    said = {record["launch"]: sum(record["samples"]) for record in run.launches if record["status"] == "ok"}
    assert sums.to_dict() == said


@pytest.mark.parametrize("samples", [False, True])
def test_csv_and_parquet_say_the_same(tmp_path: Path, samples: bool) -> None:
    run = write(tmp_path, TRUTHS, blocks=4, samples=7)
    table = (sample_table if samples else launch_table)(run, load(run))
    write_csv(table, tmp_path / "t.csv")
    write_parquet(table, tmp_path / "t.parquet")
    plain, typed = pd.read_csv(tmp_path / "t.csv"), pd.read_parquet(tmp_path / "t.parquet")
    assert list(plain) == list(typed) == list(table)
    assert len(plain) == len(typed) == len(table)
    times = [name for name in table if name.endswith("_ns")]
    assert len(times)
    for name in times:
        assert np.array_equal(plain[name].to_numpy(float), typed[name].to_numpy(float), equal_nan=True)


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    write_csv(launch_table(*small(tmp_path)), tmp_path / "t.csv")
    first, second = csv.DictReader((tmp_path / "t.csv").read_text().splitlines())
    assert (first["load_ns"], first["rss_peak_bytes"], first["cgroup_peak_bytes"]) == ("120000000", "4096", "")
    assert second["median_ns"] == ""


def test_launches_of_the_energy_pass_have_rows_and_joules_and_no_latency(tmp_path: Path) -> None:
    run = add_energy(write(tmp_path, [TRUTH], 2, 5, arms=("native",)), [(TRUTH, 2.0, 6.0)])
    table = launch_table(run, load(run))
    assert list(table["part"]) == ["timing"] * 2 + ["energy"] * 2
    timed, sensed = table[table["part"] == "timing"], table[table["part"] == "energy"]
    assert timed[["energy_j", "scope", "throttled"]].isna().all(axis=None)
    assert sensed[["median_ns", "p99_ns", "load_ns"]].isna().all(axis=None)
    assert list(sensed["samples"]) == [0, 0]
    first = sensed.to_dict("records")[0]
    assert (first["launch"], first["status"]) == (f"{TRUTH.cell}/native/energy/1", "ok")
    assert (first["energy_j"], first["scope"], first["inferences"]) == (pytest.approx(0.06), "board", 2000)
    assert first["window_median_ns"] == 10_000_000
    assert first["packages"] == "onnxruntime 1.32.0, numpy 2.4.6"
    for ending, write_table, read_table in (("csv", write_csv, pd.read_csv), ("pq", write_parquet, pd.read_parquet)):
        write_table(table, tmp_path / f"t.{ending}")
        assert read_table(tmp_path / f"t.{ending}")["energy_j"].sum() == pytest.approx(0.12)
    assert len(sample_table(run, load(run))) == 10  # the energy pass has no samples


def test_a_spreadsheet_is_given_nothing_to_calculate(tmp_path: Path) -> None:
    write_csv(launch_table(*small(tmp_path)), tmp_path / "t.csv")
    assert list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))[1]["message"] == "'=1+1"
    names = pd.DataFrame({"launch": pd.Categorical(["=a", "'=a", "=a"])})
    write_csv(names, tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text() == "launch\n'=a\n'=a\n'=a\n"


def test_every_column_is_documented(tmp_path: Path) -> None:
    documented = set(
        re.findall(r"`(\w+)`", (PROJECT / "docs" / "results.md").read_text().split("## `bench export`")[1])
    )
    run, loaded = small(tmp_path)
    assert {*launch_table(run, loaded), *sample_table(run, loaded)} <= documented


def test_pyperf_reads_medians_of_launches(tmp_path: Path) -> None:
    run = write(tmp_path / "run", TRUTHS, blocks=6, samples=9)
    assert bench(tmp_path / "run", "--pyperf", tmp_path / "p.json").exit_code == 0
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "p.json"))
    assert set(suite.get_benchmark_names()) == {f"{t.cell}/{arm}" for t in TRUTHS for arm in ARMS}
    medians = load(run).launches.set_index("launch")["median_ns"]
    first = suite.get_benchmark(f"{TRUTH.cell}/rootfs")
    assert first.get_values() == pytest.approx([medians[f"{TRUTH.cell}/rootfs/{n}"] / 1e9 for n in range(1, 7)])
    assert first.get_unit() == "second"
    assert first.get_nrun() == 6
    assert suite.get_benchmark(f"{TRUTHS[1].cell}/container").get_nrun() == 3  # the others failed


def test_pyperf_reads_all_times_and_the_warm_up(tmp_path: Path) -> None:
    small(tmp_path)
    assert bench(tmp_path, "--samples", "--pyperf", tmp_path / "p.json").exit_code == 0
    [one] = pyperf.BenchmarkSuite.load(str(tmp_path / "p.json")).get_benchmarks()
    assert one.get_values() == pytest.approx((12e-9, 10e-9, 11e-9))
    assert [x.warmups for x in one.get_runs()] == [((1, 30e-9), (1, 20e-9))]


def test_pyperf_itself_shows_and_compares(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        write(tmp_path / name, [TRUTH], blocks=6, samples=9, seed=seed)
        assert bench(tmp_path / name, "--pyperf", tmp_path / f"{name}.json").exit_code == 0
    command = [sys.executable, "-m", "pyperf", "compare_to", tmp_path / "a.json", tmp_path / "b.json", "--table"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("odd", ["", " ", "a\nb", 7, None, "2026-13-45", "\x1b[31m", "now"])
def test_pyperf_is_given_no_text_that_stops_it(tmp_path: Path, odd: Any) -> None:
    run, loaded = small(tmp_path, started=odd)
    run.facts["host"]["cpu_model"] = odd
    suite = pyperf.BenchmarkSuite.loads(json.dumps(to_pyperf(run, loaded)))
    suite.get_dates()


def test_pyperf_has_no_file_without_a_value(tmp_path: Path) -> None:
    write(tmp_path, [TRUTH], blocks=0)
    assert isinstance(bench(tmp_path, "--pyperf", tmp_path / "p.json").exception, ConfigError)


def test_the_dashboard_gets_what_its_documentation_asks_for(tmp_path: Path) -> None:
    run = write(tmp_path, TRUTHS, blocks=6, samples=9)
    entries = json.loads(json.dumps(dashboard(load(run))))
    assert len({entry["name"] for entry in entries}) == len(entries) == 6
    for entry in entries:
        assert set(entry) == {"name", "unit", "value", "range", "extra"}
        assert all(isinstance(entry[key], str) for key in ("name", "unit", "range", "extra"))
        low, high = map(float, entry["range"].split(" … "))
        assert low < entry["value"] < high
    assert entries[0]["value"] == pytest.approx(12.1, rel=0.05)  # ms


def test_one_launch_has_no_range(tmp_path: Path) -> None:
    assert "range" not in dashboard(small(tmp_path)[1])[0]


def test_a_run_of_nothing_has_tables_of_nothing(tmp_path: Path) -> None:
    run = write(tmp_path, [TRUTH], blocks=0)
    for table in (launch_table(run, load(run)), sample_table(run, load(run))):
        assert table.empty
        write_csv(table, tmp_path / "t.csv")
        write_parquet(table, tmp_path / "t.parquet")
    assert dashboard(load(run)) == []


def test_what_is_asked_for_wrongly(tmp_path: Path) -> None:
    write(tmp_path, [TRUTH], blocks=2, samples=3)
    assert isinstance(bench(tmp_path).exception, ConfigError)
    for option in ("--csv", "--parquet", "--pyperf", "--dashboard"):
        assert isinstance(bench(tmp_path, option, tmp_path / "nowhere" / "file").exception, HostError)
