"""What a table of reference data may hold: its columns, the words in them, and where its values come from."""

from dataclasses import dataclass

# Columns of numbers; every other column is text, and an empty text says that the source does not say.
NUMBERS = ("value", "error")
KEYS = ("source", "device", "framework", "model", "arm", "precision")
MEASURED = (*KEYS, "quantity", "unit", "value", "error", "how", "outcome", "note")

# A quantity has one unit wherever it stands.
UNITS = {
    "work": "FLOP",
    "flops": "FLOP",
    "macs": "MAC",
    "params": "1",
    "work_per_param": "FLOP",
    "rank": "1",
    "time": "ms",
    "speedup": "1",
    "geometric_mean_speedup": "1",
    "slowdown": "%",
    "adder_energy_saving": "1",
    "adder_area_saving": "1",
    "multiplier_energy_saving": "1",
    "multiplier_area_saving": "1",
    "idle_power": "W",
    "average_power": "W",
    "active_power": "W",
    "energy": "mJ",
    "share": "%",
    "idle_temperature": "°C",
    "busy_temperature": "°C",
    "batch": "1",
    "inferences_min": "1",
    "inferences_max": "1",
    "usb_meter_rate": "Hz",
    "usb_meter_voltage_error": "%",
    "usb_meter_current_error": "%",
    "outlet_meter_error": "W",
    "surface_below_junction_min": "°C",
    "surface_below_junction_max": "°C",
}

DEVICES = (
    "raspberry-pi-3b",
    "jetson-tx2",
    "jetson-nano",
    "coral-dev-board",
    "movidius-ncs",
    "pynq-z1",
    "xeon",
    "gtx-titan-x",
    "titan-xp",
    "rtx-2080",
)
FRAMEWORKS = ("tensorflow", "keras", "tflite", "caffe", "ncsdk", "pytorch", "tensorrt", "darknet", "tvm")
MODELS = (
    "resnet-18",
    "resnet-50",
    "resnet-101",
    "xception",
    "mobilenet-v2",
    "inception-v4",
    "alexnet",
    "vgg16",
    "vgg19",
    "vgg-s-32",
    "vgg-s-224",
    "cifarnet",
    "ssd-mobilenet-v1",
    "yolov3",
    "tinyyolo",
    "c3d",
)

# Column → the words it may hold. Empty is a word only where it stands here.
WORDS: dict[str, tuple[str, ...]] = {
    "device": ("", *DEVICES),
    "framework": ("", *FRAMEWORKS),
    "model": ("", *MODELS),
    "arm": ("", "native", "container"),
    "precision": ("", "int8"),
    "quantity": tuple(UNITS),
    "how": ("printed", "stated", "read", "counted"),
    "outcome": (
        "ok",
        "dynamic graph only",
        "incompatible code",
        "no conversion",
        "exceeds BRAM",
        "out of memory",
        "not available",
        "not given",
        "present",
        "absent",
        "fails",
    ),
    "kind": ("text", "rating", "yes-no"),
    "rule": ("differ", "same", "reversed", "wording"),
    "verdict": ("holds", "in part", "contradicted", "unchecked"),
}
# Outcomes that come with a number.
NUMBERED = ("ok", "dynamic graph only")


@dataclass(frozen=True)
class Table:
    """One file of data/: the columns it must have, in order, and the columns that tell its rows apart."""

    sources: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def _measured(sources: str, *more: str) -> Table:
    return Table(sources, (*MEASURED, *more), (*KEYS, "quantity", *more))


TABLES = {
    "models": _measured("Table I and Fig. 1; counts of torchvision's and the code's networks", "input"),
    "implementations": Table(
        "Table I's inputs; the networks in the code and its README",
        ("source", "framework", "model", "variant", "input", "how", "outcome", "note"),
        ("source", "framework", "model"),
    ),
    "devices": Table(
        "Tables III, IV and VI, and what text and slides say otherwise",
        ("source", "device", "attribute", "answer", "how", "note"),
        ("source", "device", "attribute"),
    ),
    "frameworks": Table(
        "Table II, and what the text says otherwise",
        ("source", "framework", "attribute", "kind", "answer", "how", "note"),
        ("source", "framework", "attribute"),
    ),
    "compatibility": Table(
        "Table V, and what the text says otherwise",
        ("source", "device", "model", "outcome", "how", "note"),
        ("source", "device", "model"),
    ),
    "times": _measured("Figs. 2, 3, 4, 6, 7, 8, 9, 12 and 13: mean time of an inference"),
    "ratios": _measured("Figs. 6, 10 and 13, slides on int8: gain or loss against `baseline`", "baseline"),
    "power": _measured("Table III and Fig. 12"),
    "energy": _measured("Fig. 11, and the rounder figures of the text: total energy of an inference, idle included"),
    "stack": _measured("Fig. 5: share of a script's time by function", "part", "inferences"),
    "temperature": _measured("Table VI (idle) and Fig. 14 (steady state): surface of chip or heatsink"),
    "method": _measured("Section V: how the study measured"),
    "claims": Table(
        "What text and slides conclude, and whether the values bear it out",
        ("claim", "source", "statement", "statistic", "value", "unit", "table", "verdict", "how", "note"),
        ("claim",),
    ),
    "contradictions": Table(
        "Values that contradict each other, by reference into the other tables",
        ("contradiction", "rule", "a", "b", "statement"),
        ("contradiction",),
    ),
}
