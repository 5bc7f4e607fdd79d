"""The outputs of what was converted, by the TensorFlow that converted it."""

from pathlib import Path

import numpy as np
import tensorflow as tf


def run_savedmodel(folder: Path, given: np.ndarray) -> list[np.ndarray]:
    """Outputs in the order of the signature's names, which is the order in which the ONNX graph has them."""
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    answer = signature(**{name: tf.constant(given)})
    return [answer[output].numpy() for output in sorted(answer)]


def run_tflite(file: Path, given: np.ndarray) -> list[np.ndarray]:
    """Outputs in the file's own order."""
    interpreter = tf.lite.Interpreter(str(file))
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    interpreter.set_tensor(taken["index"], given)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
