"""Keras on TensorFlow: the SavedModel as a layer of a Keras model, called the way Keras users do."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow

from runner.packages import versions


def version():
    """Keras, the TensorFlow below it, and numpy for the arrays."""
    return versions("keras", "tensorflow-cpu", "tensorflow", "numpy")


def load(path, request):
    """A functional model around the artifact, with the names of its outputs in their order."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(request["threads"])
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    layer = keras.layers.TFSMLayer(path, call_endpoint="serving_default")
    given = [_input(each) for each in request["inputs"]]
    answers = layer(*given)
    names = sorted(answers)
    return keras.Model(given, [answers[name] for name in names])


def infer(session, inputs):
    """All outputs, by name: a SavedModel has no other order."""
    outputs = session.predict_on_batch(list(inputs))
    return outputs if isinstance(outputs, list) else [outputs]


def close(session):
    """The model goes with its last reference."""


def _input(described):
    shape = described["shape"]
    axes = described.get("axes")
    if axes is not None:
        shape = [shape[axis] for axis in axes]
    return keras.Input(batch_shape=shape, dtype=described["dtype"])
