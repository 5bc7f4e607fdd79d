"""ONNX as TensorFlow reads it: a SavedModel and a float32 TFLite file, both with channels last.

onnx2tf translates the graph; it is not asked to save it. Its own way to TFLite goes through Keras, which writes every
weight as text in a layer's configuration, several times: minutes for a ResNet, against seconds for what is done here.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx2tf
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

# onnx2tf loads this picture set from the internet at start unless the working folder holds one. It is used for
# quantisation only, which is not asked for here.
SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy"


def translate(model: Path, scratch: Path) -> tf.Module:
    """The graph of an ONNX file as a Keras model, made in an empty scratch folder. Raises what onnx2tf raises."""
    given = shutil.copyfile(model, scratch / "model.onnx")  # onnxsim simplifies it in place
    # onnx2tf calls onnxsim as a command, says nothing when it cannot, and fails later: at MobileNet's first Clip.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    np.save(scratch / SAMPLES, np.zeros((20, 128, 128, 3), np.float32))
    with _working_in(scratch):
        return onnx2tf.convert(
            input_onnx_file_path=str(given),
            disable_model_save=True,
            output_signaturedefs=True,  # names that a signature may have
            non_verbose=True,
        )


def to_savedmodel(model: tf.Module, target: Path) -> None:
    """Save what a translated model computes as `serving_default`, outputs `output_0` and on in their order.

    The same bytes for the same graph: `fingerprint.pb`, which nothing needs, holds a random number and is left out.
    """
    taken = [tf.TensorSpec(tensor.shape, tensor.dtype, f"input_{place}") for place, tensor in enumerate(model.inputs)]

    @tf.function(input_signature=taken)
    def compute(*given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {f"output_{place}": tensor for place, tensor in enumerate(tf.nest.flatten(model(given)))}

    tf.saved_model.save(tf.Module(), str(target), signatures={"serving_default": compute})
    graph = target / "saved_model.pb"
    graph.write_bytes(SavedModel.FromString(graph.read_bytes()).SerializeToString(deterministic=True))
    (target / "fingerprint.pb").unlink()


def to_tflite(savedmodel: Path) -> bytes:
    """A SavedModel as TFLite, without quantisation."""
    return tf.lite.TFLiteConverter.from_saved_model(str(savedmodel)).convert()


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
