"""Plans: selection, order, and what is left out with its reason."""

import re
from collections import Counter
from itertools import groupby

import pytest

from bench.artifacts.recipe import MAKERS
from bench.core.errors import ConfigError
from bench.core.matrix.arm_names import ARMS
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix

MATRIX = load_matrix()


def plan(**wanted):
    return make_plan(MATRIX, Selection(**{"device": "host", "seed": 1, "blocks": 3, **wanted}))


def test_everything_is_planned_unless_something_is_asked_for():
    made = plan()
    here = [name for name, entry in MATRIX.frameworks.items() if entry.group in MATRIX.devices["host"].groups]
    assert len(made.cells) + len(made.skipped) == len(here) * len(MATRIX.models)
    assert made.cells[0].id.startswith("host/")


def test_names_and_globs_select():
    assert [c.id for c in plan(frameworks=["tflite"], models=["cifarnet"]).cells] == ["host/tflite/cifarnet/fp32"]
    chosen = plan(globs=["*/onnxruntime/resnet-*/fp32", "host/tflite/cifarnet/*"])
    assert sorted(c.id for c in chosen.cells) == [
        "host/onnxruntime/resnet-101/fp32",
        "host/onnxruntime/resnet-18/fp32",
        "host/onnxruntime/resnet-50/fp32",
        "host/tflite/cifarnet/fp16",
        "host/tflite/cifarnet/fp32",
        "host/tflite/cifarnet/int8",
    ]


def test_the_first_precision_is_planned_unless_others_are_asked_for():
    assert {cell.precision for cell in plan(models=["cifarnet"]).cells} == {"fp32"}
    made = plan(models=["cifarnet"], frameworks=["tflite", "onnxruntime"], precisions=["fp16", "int8"])
    assert [cell.id for cell in made.cells] == [
        "host/onnxruntime/cifarnet/int8",
        "host/tflite/cifarnet/fp16",
        "host/tflite/cifarnet/int8",
    ]
    assert "computes nothing in half precision" in made.skipped["host/onnxruntime/cifarnet/fp16"]
    with pytest.raises(ConfigError, match=r"left out: onnxruntime has no fp16: .*half precision"):
        plan(frameworks=["onnxruntime"], precisions=["fp16"])  # known, and none of the chosen frameworks has it


@pytest.mark.parametrize("name", [name for name, entry in MATRIX.frameworks.items() if entry.group == "cpu"])
def test_every_framework_for_the_cpu_has_a_precision_or_says_why_not(name):
    entry = MATRIX.frameworks[name]
    assert sorted([*entry.precisions, *entry.lacks]) == ["fp16", "fp32", "int8"]
    assert {entry.kind(precision) for precision in entry.precisions} <= MAKERS.keys()


def test_every_launch_comes_once_and_blocks_are_whole():
    made = plan(frameworks=["tflite", "onnxruntime"], models=["cifarnet"])
    launches = list(made.launches())
    assert Counter(launch.id for launch in launches).most_common(1)[0][1] == 1
    assert len(launches) == 2 * len(ARMS) * 3
    assert [launch.block for launch in launches] == sorted(launch.block for launch in launches)
    # All arms of a cell follow one another: a block is not torn apart by another cell.
    for _, group in groupby(launches, key=lambda launch: (launch.block, launch.cell.id)):
        assert {launch.arm for launch in group} == set(ARMS)


def test_the_seed_fixes_the_order_and_orders_differ():
    made = plan(models=["cifarnet"], blocks=20)
    assert [x.id for x in made.launches()] == [x.id for x in made.launches()]
    other = plan(models=["cifarnet"], blocks=20, seed=2)
    assert [x.id for x in made.launches()] != [x.id for x in other.launches()]
    firsts = Counter(next(iter(group)).arm for _, group in groupby(made.launches(), key=lambda x: (x.block, x.cell.id)))
    assert set(firsts) == set(ARMS), "every arm must be first at times"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"device": "hots"}, "unknown device 'hots': did you mean 'host'?"),
        ({"frameworks": ["onnxruntme"]}, "did you mean 'onnxruntime'?"),
        ({"models": ["mobilnet-v2"]}, "did you mean 'mobilenet-v2'?"),
        ({"precisions": ["fp23"]}, "did you mean 'fp32'?"),
        ({"arms": ["containr"]}, "did you mean 'container'?"),
        ({"arms": []}, "no arm"),
        ({"profile": "deflaut"}, "did you mean 'default'?"),
        ({"globs": ["nothing/*"]}, "no cell"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(wanted, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        plan(**wanted)


def test_a_cell_without_an_image_for_the_device_is_left_out_with_its_reason():
    tflite = MATRIX.frameworks["tflite"].model_copy(update={"platforms": {"arm64": "built"}})
    matrix = MATRIX.model_copy(update={"frameworks": {**MATRIX.frameworks, "tflite": tflite}})
    made = make_plan(matrix, Selection(device="host", frameworks=["tflite", "pytorch"]))
    assert all(cell.framework == "pytorch" for cell in made.cells)
    assert set(made.skipped.values()) == {"tflite has no image for amd64"}
    with pytest.raises(ConfigError, match="left out"):
        make_plan(matrix, Selection(device="host", frameworks=["tflite"]))


def test_what_a_framework_cannot_do_is_left_out_with_its_reason():
    without = {"mobilenet-v2": "it has no ReLU6", "native": "it is compiled inside its image"}
    framework = MATRIX.frameworks["tflite"].model_copy(update={"without": without})
    matrix = MATRIX.model_copy(update={"frameworks": {**MATRIX.frameworks, "tflite": framework}})
    made = make_plan(matrix, Selection(device="host", frameworks=["tflite", "litert"], blocks=2, seed=1))
    assert made.skipped == {"host/tflite/mobilenet-v2/fp32": "tflite cannot run mobilenet-v2: it has no ReLU6"}
    assert made.arms_of("tflite") == ("container", "rootfs")
    launched = {(launch.cell.framework, launch.arm) for launch in made.launches()}
    assert ("tflite", "native") not in launched
    assert ("litert", "native") in launched
    with pytest.raises(ConfigError, match="compiled inside its image"):
        make_plan(matrix, Selection(device="host", frameworks=["tflite"], arms=["native"]))


def test_a_framework_of_a_group_that_the_device_does_not_run_is_left_out_with_its_reason():
    made = make_plan(MATRIX, Selection(device="host", frameworks=["pytorch", "pytorch-cuda"], models=["cifarnet"]))
    assert [cell.framework for cell in made.cells] == ["pytorch"]
    assert made.skipped == {"host/pytorch-cuda/cifarnet/fp32": "pytorch-cuda is of the group cuda, and host runs cpu"}
    host = MATRIX.devices["host"].model_copy(update={"groups": ["cpu", "cuda"]})
    matrix = MATRIX.model_copy(update={"devices": {"host": host}})
    made = make_plan(matrix, Selection(device="host", frameworks=["pytorch-cuda", "tensorrt"], models=["cifarnet"]))
    assert {cell.framework for cell in made.cells} == {"pytorch-cuda", "tensorrt"}
    assert not {cell.framework for cell in plan().cells} & {"pytorch-cuda", "tensorrt"}, "unless they are asked for"
    assert made.arms_of("tensorrt") == ("container", "rootfs")


def test_the_samples_of_a_launch_can_be_chosen():
    made = plan(models=["cifarnet"], samples=40)
    assert (made.stop.iterations, made.stop.max_iterations, made.stop.seconds) == (40, 40, 0.0)
    assert plan(models=["cifarnet"]).stop == MATRIX.profiles["default"].stop
