"""The reference data: whole and checked, and in agreement with the study's own means; where it is not, it says so."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.data.reference import TABLES, geometric_mean, load, names, overheads, sides, speedups
from analysis.data.reference.contradictions import look_up
from analysis.data.reference.loader import DATA, read_table
from analysis.data.reference.tables import DEVICES, MEASURED, MODELS, NUMBERS
from bench.core.errors import ConfigError

DOCS = Path(__file__).parents[4] / "docs" / "reference.md"
PI, TX2, NANO, EDGETPU, TITAN = "raspberry-pi-3b", "jetson-tx2", "jetson-nano", "coral-dev-board", "gtx-titan-x"
MEASURED_TABLES = [name for name in names() if set(MEASURED) <= set(TABLES[name].columns)]


def pick(table: str, **where: str) -> pd.DataFrame:
    """The rows of a table in which all these columns are these texts."""
    frame = load(table)
    for column, text in where.items():
        frame = frame[frame[column] == text]
    return frame


def indexed(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame by these columns, which must tell its rows apart."""
    assert not frame.duplicated(list(columns)).any()
    return frame.set_index(list(columns) if len(columns) > 1 else columns[0])


def by_model(table: str, **where: str) -> "pd.Series[float]":
    """Model → value, of rows that differ in the model alone; without what did not run."""
    return indexed(pick(table, **where), "model")["value"].dropna()


def by_device(table: str, **where: str) -> "pd.Series[float]":
    return indexed(pick(table, **where), "device")["value"].dropna()


def bounds(table: str, index: list[str], **where: str) -> pd.DataFrame:
    """`low` and `high` of values with their reading errors."""
    rows = indexed(pick(table, **where), *index)
    error = rows["error"].fillna(0)
    return pd.DataFrame({"low": rows["value"] - error, "high": rows["value"] + error})


# The tables


@pytest.mark.parametrize("name", names())
def test_a_table_has_its_columns_and_types(name: str) -> None:
    frame = load(name)
    assert len(frame) > 0
    assert tuple(frame.columns) == TABLES[name].columns
    for column in frame.columns:
        if column in NUMBERS:
            assert frame[column].dtype == "float64"
        else:
            assert frame[column].map(type).eq(str).all()


def test_every_file_is_a_table_and_every_table_a_file() -> None:
    assert sorted(names()) == sorted(file.stem for file in DATA.iterdir())


def test_nobody_can_change_the_data_of_another() -> None:
    mine = load("times")
    mine["value"] = 0.0
    assert (load("times")["value"] != 0).all()


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'energy'"):
        load("energies")


@pytest.mark.parametrize("name", MEASURED_TABLES)
def test_what_was_read_off_a_figure_has_its_reading_error(name: str) -> None:
    frame = load(name)
    without = frame[(frame["how"] == "read") & frame["error"].isna()]
    # The plotted speedups of Fig. 6 are the only ones whose reading error is not known.
    assert set(zip(without["source"], without["quantity"], strict=True)) <= {("Fig. 6", "speedup")}
    assert (without["note"] == "reading error not known").all()


def test_how_much_each_source_gives() -> None:
    times = load("times")
    numbers = times[times["value"].notna()].groupby("source").size().to_dict()
    assert numbers == {
        "Fig. 2": 9 * 6 - 4 - 2 - 8,  # no conversion, incompatible code, nothing shown for the PYNQ
        "Fig. 3": 7 * 4 - 3 - 1,  # not available in DarkNet, out of memory
        "Fig. 4": 7 * 4 - 3 - 1,
        "Fig. 6": 4 * 2,
        "Fig. 7": 9 * 2,
        "Fig. 8": 5 * 3,
        "Fig. 9": 13 * 5,
        "Fig. 12": 6 * 4 - 2,  # no ResNets on the EdgeTPU
        "Fig. 13": 5 * 2,
    }
    assert set(pick("models", source="Table I")["model"]) == set(MODELS)
    assert set(pick("power", source="Table III")["device"]) == set(DEVICES)
    assert len(pick("compatibility", source="Table V")) == 9 * 6
    assert len(pick("frameworks", source="Table II")) == 18 * 7


HEADER = ",".join(MEASURED)
GOOD = "Fig. 1,,,,,,time,ms,1,,printed,ok,"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source,value\n", "columns are"),
        (f"{HEADER}\n{GOOD},,,\n", "times.csv:2: 16 fields in 13 columns"),
        (f"{HEADER}\n{GOOD}\n{GOOD},\n", "times.csv:3: 14 fields"),
        (f"{HEADER}\nFig. 1,,\n", "times.csv:2: 3 fields"),
        ("", "columns are"),
        (f"{HEADER}\n{GOOD}\n{GOOD}\n", "times.csv:3: a second row"),
        (f"{HEADER}\n{GOOD.replace('ms,1', 'ms,one')}\n", "times.csv:2: value is no number"),
        (f"{HEADER}\n{GOOD.replace('ms,1', 'ms,1e999')}\n", "value is no number"),
        (f"{HEADER}\n{GOOD.replace('ms,1', 'ms,NaN')}\n", "value is no number"),
        (f"{HEADER}\n{GOOD.replace('ms,1', 'ms,-1')}\n", "not above 0"),
        (f"{HEADER}\n{GOOD.replace('ms,1', 'ms,')}\n", "outcome do not agree"),
        (f"{HEADER}\n{GOOD.replace('ok', 'out of memory')}\n", "outcome do not agree"),
        (f"{HEADER}\n{GOOD.replace('ms', 's')}\n", "not the unit"),
        (f"{HEADER}\n{GOOD.replace('time', 'duration')}\n", "unknown word in column quantity"),
        (f"{HEADER}\n{GOOD.replace('1,,printed', '1,2,printed')}\n", "reading error without reading"),
        (f"{HEADER}\n{GOOD.replace('1,,printed', '1,0,read')}\n", "error is not above 0"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "times.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_table(file, TABLES["times"])


def test_a_good_line_is_not_refused(tmp_path: Path) -> None:
    file = tmp_path / "times.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n")
    assert read_table(file, TABLES["times"])["value"].tolist() == [1]


# What the study concludes


def stated(claim: str) -> float:
    [value] = pick("claims", claim=claim)["value"]
    return float(value)


@pytest.mark.parametrize(
    ("claim", "source", "device", "framework", "over", "networks"),
    [
        ("tensorrt-over-pytorch", "Fig. 7", NANO, "tensorrt", "pytorch", 9),
        ("tflite-over-pytorch", "Fig. 8", PI, "tflite", "pytorch", 5),
        ("tflite-over-tensorflow", "Fig. 8", PI, "tflite", "tensorflow", 5),
    ],
)
def test_speedups_of_frameworks_are_geometric_means(
    claim: str, source: str, device: str, framework: str, over: str, networks: int
) -> None:
    ratios = speedups(source, device, framework, over)
    assert len(ratios) == networks
    assert geometric_mean(ratios) == pytest.approx(stated(claim), abs=0.005)
    assert float(ratios.mean()) > stated(claim) + 0.02  # the arithmetic mean is another number


def test_tensorrts_speedup_is_4_10_and_not_the_arithmetic_4_43() -> None:
    ratios = speedups("Fig. 7", NANO, "tensorrt", "pytorch")
    assert geometric_mean(ratios) == pytest.approx(4.10, abs=0.005)
    assert float(ratios.mean()) == pytest.approx(4.43, abs=0.005)


def test_hpc_over_tx2_is_the_geometric_mean_with_the_xeon() -> None:
    bars = pick("ratios", source="Fig. 10", quantity="speedup")
    assert len(bars) == 13 * 4
    error = bars["error"].fillna(0)
    low, high = geometric_mean(bars["value"] - error), geometric_mean(bars["value"] + error)
    assert low < stated("hpc-over-tx2") < high
    assert geometric_mean(bars["value"]) == pytest.approx(stated("hpc-over-tx2"), abs=0.01)
    # Without the Xeon it is half as much again, far beyond what reading errors explain.
    gpus = bars[bars["device"] != "xeon"]
    assert geometric_mean(gpus["value"] - gpus["error"].fillna(0)) > 4.3


def test_hpc_over_tx2_platform_by_platform() -> None:
    bars = pick("ratios", source="Fig. 10", quantity="speedup")
    means = {str(device): geometric_mean(rows["value"]) for device, rows in bars.groupby("device")}
    assert means == pytest.approx({"xeon": 0.86, TITAN: 3.9, "titan-xp": 7.8, "rtx-2080": 3.1}, rel=0.01)


def test_docker_costs_at_most_5_percent() -> None:
    costs = overheads()
    assert len(costs) == 5
    assert (costs["plotted"] <= stated("container-overhead")).all()
    assert (costs["from_labels"] <= stated("container-overhead")).all()
    assert costs["plotted"].mean() == pytest.approx(2.2, abs=0.05)
    # The second axis says what the labels say, as far as labels rounded to 0.01 s can.
    assert ((costs["plotted"] - costs["from_labels"]).abs() <= costs["rounding"] + 0.05).all()


def test_bare_metal_differs_between_figures_by_more_than_docker_costs() -> None:
    before = by_model("times", source="Fig. 8", framework="tensorflow")
    after = by_model("times", source="Fig. 13", arm="native")
    assert float((after / before - 1).abs().max()) * 100 > 4 * float(overheads()["plotted"].max())


def fastest(source: str, device: str) -> set[str]:
    """The frameworks that are the fastest for some network."""
    times = pick("times", source=source, device=device).pivot(index="model", columns="framework", values="value")
    return set(times.idxmin(axis=1))


def energy_savings() -> "pd.Series[float]":
    return by_model("energy", source="Fig. 11", device=TITAN) / by_model("energy", source="Fig. 11", device=TX2)


def share(device: str, framework: str, *parts: str) -> float:
    rows = pick("stack", device=device, framework=framework)
    return float(rows[rows["part"].isin(parts)]["value"].sum())


def tensorflow_wins_where_it_ran() -> bool:
    times = pick("times", source="Fig. 3").pivot(index="model", columns="framework", values="value")
    ran = times[times["tensorflow"].notna()]
    return len(ran) == 6 and set(ran.idxmin(axis=1)) == {"tensorflow"}


def caffe_loses_to_tensorflow_on_tx2() -> set[str]:
    ratios = speedups("Fig. 4", TX2, "caffe", "tensorflow")
    return set(ratios[ratios < 1].index)


def winners() -> "pd.Series[str]":
    """Model → the fastest device of Fig. 2."""
    times = pick("times", source="Fig. 2").pivot(index="model", columns="device", values="value")
    return times.idxmin(axis=1)


def edgetpu_is_frugal() -> bool:
    power = by_device("power", quantity="average_power")
    return bool(power[EDGETPU] < power[PI])


def movidius_takes_least_energy() -> bool:
    energy = pick("energy", source="Fig. 11").pivot(index="model", columns="device", values="value")
    return set(energy.idxmin(axis=1)) == {"movidius-ncs"}


def variants_agree() -> bool:
    code = pick("implementations", source="edgeBench code")
    code = code[(code["variant"] != "") & (code["outcome"] == "present")]
    return bool((code.groupby("model")["variant"].nunique() == 1).all())


def mean_is(claim: str, ratios: "pd.Series[float]", within: float = 0.005) -> bool:
    return abs(geometric_mean(ratios) - stated(claim)) < within


# Claim → whether the values bear it out; None: in part.
CLAIMS: dict[str, Callable[[], bool | None]] = {
    "tensorrt-over-pytorch": lambda: mean_is("tensorrt-over-pytorch", speedups("Fig. 7", NANO, "tensorrt", "pytorch")),
    "tflite-over-pytorch": lambda: mean_is("tflite-over-pytorch", speedups("Fig. 8", PI, "tflite", "pytorch")),
    "tflite-over-tensorflow": lambda: mean_is("tflite-over-tensorflow", speedups("Fig. 8", PI, "tflite", "tensorflow")),
    "hpc-over-tx2": lambda: mean_is(
        "hpc-over-tx2", pick("ratios", source="Fig. 10", quantity="speedup")["value"], 0.01
    ),
    "container-overhead": lambda: bool((overheads()["plotted"] <= stated("container-overhead")).all()),
    "tx2-energy-saving": lambda: None if energy_savings().max() > 4.99 and energy_savings().min() < 4 else False,
    "edgetpu-power-saving": edgetpu_is_frugal,
    "rpi-pytorch-compute": lambda: (
        abs(share(PI, "pytorch", "conv2d", "batch_norm", "activation") - stated("rpi-pytorch-compute")) < 0.3
    ),
    "rpi-tensorflow-compute": lambda: (
        abs(share(PI, "tensorflow", "TF_SessionRunCallable") - stated("rpi-tensorflow-compute")) < 0.3
    ),
    "tensorflow-fastest-rpi": tensorflow_wins_where_it_ran,
    "pytorch-fastest-tx2": lambda: fastest("Fig. 4", TX2) == {"pytorch"},
    "caffe-over-tensorflow-tx2": lambda: caffe_loses_to_tensorflow_on_tx2() == {"mobilenet-v2"},
    "same-networks": variants_agree,
    "edgetpu-best-mobilenet": lambda: winners()["mobilenet-v2"] == EDGETPU,
    "no-best-device": lambda: winners().nunique() > 1,
    "movidius-least-energy": movidius_takes_least_energy,
}
VERDICTS = {True: "holds", None: "in part", False: "contradicted"}


@pytest.mark.parametrize("row", load("claims").to_dict("records"), ids=lambda row: str(row["claim"]))
def test_a_claim_has_the_verdict_that_the_values_give_it(row: dict[str, str]) -> None:
    if row["verdict"] == "unchecked":
        assert row["claim"] not in CLAIMS
        assert row["note"], "why it cannot be checked"
    else:
        assert VERDICTS[CLAIMS[row["claim"]]()] == row["verdict"]
    assert row["table"] in names()


def test_the_tx2_saves_3_6_to_5_times_the_energy() -> None:
    savings = energy_savings()
    assert (savings.min(), savings.max()) == pytest.approx((3.6, 5.05), abs=0.05)
    assert geometric_mean(savings) == pytest.approx(4.4, abs=0.05)


def test_the_stick_needs_the_least_power_and_not_the_least_energy() -> None:
    assert by_device("power", quantity="average_power").idxmin() == "movidius-ncs"
    assert not movidius_takes_least_energy()


def test_there_is_no_mean_of_nothing() -> None:
    with pytest.raises(ValueError, match="above 0"):
        geometric_mean([])
    with pytest.raises(ValueError, match="above 0"):
        geometric_mean([1.0, 0.0])
    with pytest.raises(ValueError, match="no time of tensorrt"):
        speedups("Fig. 8", PI, "tensorrt", "pytorch")


# What contradicts itself


@pytest.mark.parametrize("name", load("contradictions")["contradiction"])
def test_a_contradiction_stands(name: str) -> None:
    found = sides(name)
    assert found.stands
    if found.rule in ("differ", "reversed"):
        assert found.gap > 0.01  # more than rounding of the labels


def test_the_contradictions_that_matter_most_for_time() -> None:
    values = {name: sides(name).numbers for name in load("contradictions")["contradiction"] if is_time(name)}
    assert values["rpi-resnet-101-tensorflow"] == (13320, 3400)
    assert values["tx2-tinyyolo"] == (107.9, 29)
    assert values["rpi-resnet-18-power-figure"] == (870, 558)
    assert values["rpi-resnet-50-power-figure"] == (2460, 1813)
    assert values["nano-resnet-50-power-figure"] == (32, 23)
    assert values["rpi-alexnet-best"] == (2801.7, 2000)
    changes = {name: after / before - 1 for name, (before, after) in values.items() if name.endswith("-bare")}
    assert changes == pytest.approx(
        {
            "rpi-resnet-18-bare": 0.02,
            "rpi-resnet-50-bare": 0.03,
            "rpi-mobilenet-v2-bare": -0.24,
            "rpi-inception-v4-bare": 0.05,
        },
        abs=0.005,
    )


def is_time(name: str) -> bool:
    [row] = pick("contradictions", contradiction=name).to_dict("records")
    return row["a"].startswith("times.value") and row["rule"] == "differ"


def test_a_wrong_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="meets 0 rows"):
        look_up("times.value(source=Fig. 99)")
    with pytest.raises(ValueError, match="meets 10 rows"):
        look_up("times.value(source=Fig. 13)")
    with pytest.raises(ValueError, match="not of the form"):
        look_up("times")
    with pytest.raises(ValueError, match="no contradiction"):
        sides("nothing")


# Table I


def table_1() -> pd.DataFrame:
    return pick("models", source="Table I").pivot(index="model", columns="quantity", values="value")


def test_only_two_rows_of_table_1_do_not_agree_with_their_own_ratio() -> None:
    rows = table_1()
    # Both columns are rounded to 0.01 billion and 0.01 million.
    low = (rows["work"] - 0.005e9) / (rows["params"] + 0.005e6)
    high = (rows["work"] + 0.005e9) / (rows["params"] - 0.005e6)
    wrong = rows[(rows["work_per_param"] < low - 0.005) | (rows["work_per_param"] > high + 0.005)]
    assert set(wrong.index) == {"ssd-mobilenet-v1", "c3d"}
    assert rows.at["c3d", "work"] / rows.at["c3d", "work_per_param"] == pytest.approx(79.0e6, rel=1e-3)


def test_fig_1_sorts_table_1() -> None:
    ranks = by_model("models", source="Fig. 1", quantity="rank")
    assert sorted(ranks) == list(range(1, 17))
    assert list(table_1().sort_values("work_per_param").index) == list(ranks.sort_values().index)


def test_table_1_counts_once_for_classifiers_and_twice_for_others() -> None:
    work = table_1()["work"]
    counted = pick("models", how="counted")
    macs = counted[counted["quantity"] == "macs"].groupby(["source", "model", "input"])["value"].first()
    assert work["vgg16"] == macs["torchvision", "vgg16", "224x224"]
    assert work["alexnet"] == pytest.approx(macs["torchvision", "alexnet", "224x224"], rel=0.01)
    assert work["c3d"] == pytest.approx(2 * macs["edgeBench code", "c3d", "12x112x112"], rel=0.02)  # + dense layers
    flops = counted[counted["quantity"] == "flops"].set_index(["model", "input"])["value"]
    assert work["yolov3"] == flops["yolov3", "320x320"]
    assert work["tinyyolo"] == flops["tinyyolo", "416x416"]


def test_work_grows_with_the_square_of_the_input() -> None:
    flops = pick("models", quantity="flops").set_index(["model", "input"])["value"]
    assert flops["yolov3", "320x320"] / flops["yolov3", "224x224"] == pytest.approx((320 / 224) ** 2, rel=1e-3)
    assert flops["tinyyolo", "416x416"] / flops["tinyyolo", "224x224"] == pytest.approx((416 / 224) ** 2, rel=3e-3)


def test_c3d_needs_the_frames_that_the_data_say() -> None:
    def left(frames: int) -> int:
        return frames // 2 // 2 // 2 // 2  # the first of five poolings keeps the frames, four halve them

    [shape] = pick("implementations", source="the network's layers", model="c3d")["input"]
    assert int(shape.split("x")[0]) == min(frames for frames in range(1, 100) if left(frames) >= 1)
    assert left(12) == 0


# Figures that must agree, and do


def agree(first: pd.DataFrame, second: pd.DataFrame, slack: float = 0.0) -> "pd.Series[bool]":
    """Where both intervals, each widened by this part of itself, overlap."""
    both = first.add_suffix("_a").join(second.add_suffix("_b"), how="inner").dropna()
    assert len(both) > 0
    return (both["low_a"] * (1 - slack) <= both["high_b"] * (1 + slack)) & (
        both["low_b"] * (1 - slack) <= both["high_a"] * (1 + slack)
    )


@pytest.mark.parametrize(
    ("one", "other", "device", "framework"),
    [
        ("Fig. 2", "Fig. 7", NANO, "tensorrt"),
        ("Fig. 2", "Fig. 8", PI, "tflite"),
        ("Fig. 2", "Fig. 4", TX2, "pytorch"),
        ("Fig. 2", "Fig. 3", PI, "pytorch"),
        ("Fig. 4", "Fig. 9", TX2, "pytorch"),
        ("Fig. 6", "Fig. 9", TITAN, "pytorch"),
        ("Fig. 3", "Fig. 8", PI, "pytorch"),
    ],
)
def test_figures_that_show_the_same_agree_within_their_reading_errors(
    one: str, other: str, device: str, framework: str
) -> None:
    where = {"device": device, "framework": framework}
    first, second = (bounds("times", ["model"], source=source, **where) for source in (one, other))
    assert agree(first, second, slack=0.005).all()  # labels of one of them are rounded to three digits


def test_fig_10_is_made_of_fig_9() -> None:
    times = bounds("times", ["device", "model"], source="Fig. 9")
    tx2 = times.loc[TX2]
    others = times[times.index.get_level_values("device") != TX2]
    models = others.index.get_level_values("model")
    ratios = pd.DataFrame(
        {
            "low": tx2.loc[models, "low"].to_numpy() / (others["high"] + 0.5).to_numpy(),  # times are in whole ms
            "high": tx2.loc[models, "high"].to_numpy() / (others["low"] - 0.5).to_numpy(),
        },
        index=others.index,
    )
    assert agree(bounds("ratios", ["device", "model"], source="Fig. 10", quantity="speedup"), ratios).all()


def test_the_means_in_fig_10_are_those_of_its_bars() -> None:
    bars = bounds("ratios", ["model", "device"], source="Fig. 10", quantity="speedup")
    means = np.exp(np.log(bars).groupby("model").mean())
    assert agree(bounds("ratios", ["model"], source="Fig. 10", quantity="geometric_mean_speedup"), means).all()


def test_energy_is_total_power_times_time() -> None:
    index = ["device", "model"]
    products = bounds("power", index, source="Fig. 12") * bounds("times", index, source="Fig. 12")
    energies = bounds("energy", index, source="Fig. 11")
    assert len(energies) == len(products) == 22
    assert agree(energies, products).all()
    # Without the idle power they would not be: it is half of what the Raspberry Pi takes.
    idle = by_device("power", source="Table III", quantity="idle_power")
    active = by_model("power", source="Fig. 12", device=PI)
    below = (active - idle[PI]) * by_model("times", source="Fig. 12", device=PI)
    assert (below < 0.7 * by_model("energy", source="Fig. 11", device=PI)).all()


def test_the_average_power_of_table_3_is_the_mean_of_fig_12() -> None:
    table = by_device("power", source="Table III", quantity="average_power")
    means = pick("power", source="Fig. 12").groupby("device")["value"].mean()
    assert len(means) == 6
    assert table[means.index].to_dict() == pytest.approx(means.to_dict(), rel=0.05)


def test_fig_2_has_the_outcomes_of_table_5_but_for_one() -> None:
    index = ["device", "model"]
    shown = pick("times", source="Fig. 2").set_index(index)["outcome"]
    table = pick("compatibility", source="Table V").set_index(index)["outcome"]
    assert set(shown.index[shown != table[shown.index]]) == {("movidius-ncs", "c3d")}
    assert set(table[table.index.difference(shown.index)]) == {"exceeds BRAM"}


def test_the_shares_of_a_profile_do_not_exceed_the_whole() -> None:
    totals = load("stack").groupby(["device", "framework"])["value"].sum()
    assert len(totals) == 4
    assert totals.between(95, 101).all()


def test_busy_is_warmer_than_idle() -> None:
    idle = by_device("temperature", quantity="idle_temperature")
    busy = by_device("temperature", quantity="busy_temperature")
    assert len(busy) == 5
    assert (busy > idle[busy.index]).all()


# The documentation


def test_the_documentation_names_every_table_in_order_and_every_contradiction() -> None:
    text = DOCS.read_text()
    places = [text.index(f"| `{name}` |") for name in names()]
    assert all(first < second for first, second in pairwise(places))
    for name in load("contradictions")["contradiction"]:
        assert f"`{name}`" in text
    for name in load("claims")["claim"]:
        assert f"`{name}`" in text
