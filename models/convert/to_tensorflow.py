"""ONNX as TensorFlow reads it: a SavedModel and TFLite files, all with channels last.

onnx2tf translates the graph; it is not asked to save it. Its own way to TFLite goes through Keras, which writes every
weight as text in a layer's configuration, several times: minutes for a ResNet, against seconds for what is done here.
"""

import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
import onnx2tf
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.lite.tools import flatbuffer_utils

from models.convert.rewrite import rewrite

# onnx2tf loads this picture set from the internet at start unless the working folder holds one. It would quantise by
# it, which here TensorFlow does, by our own inputs.
SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy"

Shape = tuple[int, ...]


def translate(model: Path, scratch: Path, *, for_integers: bool = False) -> tf.Module:
    """The graph of an ONNX file as a Keras model, made in an empty scratch folder. Raises what onnx2tf raises.

    What is padded for the largest of a window is padded with the smallest float, or `for_integers` with zero, since
    the smallest float would leave an integer's range no room: right where a ReLU comes before it, as in our networks.
    """
    given = scratch / "model.onnx"  # onnxsim simplifies it in place
    rewrite(model, given)
    # onnx2tf calls onnxsim as a command, says nothing when it cannot, and fails later: at MobileNet's first Clip.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    np.save(scratch / SAMPLES, np.zeros((20, 128, 128, 3), np.float32))
    with _working_in(scratch), _ending_as_error():
        return onnx2tf.convert(
            input_onnx_file_path=str(given),
            disable_model_save=True,
            output_signaturedefs=True,  # names that a signature may have
            output_integer_quantized_tflite=for_integers,
            replace_to_pseudo_operators=["erf"],  # TFLite has none: it becomes a polynomial, 1e-7 off
            non_verbose=True,
        )


def to_savedmodel(model: tf.Module, shapes: Sequence[Shape], target: Path) -> None:
    """Save what a translated model computes as `serving_default`: `input_0` and on, `output_0` and on in their order.

    An output that came out with its channels last is given the shape that it has in the ONNX file. The same bytes for
    the same graph: `fingerprint.pb`, which nothing needs, holds a random number and is left out.
    """
    taken = [tf.TensorSpec(tensor.shape, tensor.dtype, f"input_{place}") for place, tensor in enumerate(model.inputs)]

    @tf.function(input_signature=taken)
    def compute(*given: tf.Tensor) -> dict[str, tf.Tensor]:
        answers = zip(tf.nest.flatten(model(given)), shapes, strict=True)
        return {f"output_{place}": _channels_first(tensor, shape) for place, (tensor, shape) in enumerate(answers)}

    saved = tf.Module()
    if kept := compute.get_concrete_function().graph.variables:  # most weights are constants, but not Xception's all
        saved.kept = sorted(kept, key=lambda each: each.name)  # they come from a set
    tf.saved_model.save(saved, str(target), signatures={"serving_default": compute})
    graph = target / "saved_model.pb"
    graph.write_bytes(SavedModel.FromString(graph.read_bytes()).SerializeToString(deterministic=True))
    (target / "fingerprint.pb").unlink()


def to_tflite(savedmodel: Path, precision: str, calibration: Iterator[list[np.ndarray]]) -> bytes:
    """A SavedModel as TFLite: its weights in half precision for fp16, and what has a kernel for it in int8 for int8.

    Inputs and outputs stay float32. For int8 ranges are found with `calibration`, which gives inputs in their order.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(savedmodel))
    if precision != "fp32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "fp16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: (_named(given) for given in calibration)
    return _in_order(converter.convert())


def channels_last(rank: int) -> list[int] | None:
    """The transposition that onnx2tf gives an input of this rank: NCHW → NHWC, and alike; None below three axes."""
    return [0, *range(2, rank), 1] if rank > 2 else None


def _named(given: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"input_{place}": array for place, array in enumerate(given)}


def _channels_first(tensor: tf.Tensor, shape: Shape) -> tf.Tensor:
    """The same in another order of axes, where its shape says that it has channels last and should not have."""
    axes = channels_last(len(shape))
    moved = axes and tuple(shape[axis] for axis in axes)
    if axes is None or tuple(tensor.shape) == shape or tuple(tensor.shape) != moved:
        return tensor
    return tf.transpose(tensor, [axes.index(axis) for axis in range(len(axes))])


def _in_order(model: bytes) -> bytes:
    """A TFLite file whose inputs and outputs come as its signature numbers them: the converter has its own order."""
    read = flatbuffer_utils.convert_bytearray_to_object(bytearray(model))
    (signature,), graph = read.signatureDefs, read.subgraphs[0]
    ordered = [
        [each.tensorIndex for each in sorted(maps, key=lambda each: (len(each.name), each.name))]
        for maps in (signature.inputs, signature.outputs)
    ]
    if [list(graph.inputs), list(graph.outputs)] == ordered:
        return model
    graph.inputs, graph.outputs = ordered
    return bytes(flatbuffer_utils.convert_object_to_bytearray(read))


@contextmanager
def _ending_as_error() -> Iterator[None]:
    """onnx2tf prints why it refuses something and ends the program: here other kinds are still to be made."""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    except SystemExit as ended:
        reasons = re.findall(r"ERROR:\x1b\[0m (.+)", said.getvalue())  # the word alone is in red
        raise RuntimeError(f"onnx2tf refuses the model: {reasons[-1] if reasons else 'it does not say why'}") from ended
    finally:
        print(said.getvalue(), end="")


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
