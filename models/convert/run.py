"""The outputs of what was converted, by the TensorFlow that converted it."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from models.reference import Run


def run_savedmodel(folder: Path) -> Run:
    """Outputs in the order of the signature's names, which is the order in which the ONNX graph has them."""
    model = tf.saved_model.load(str(folder))
    signature = model.signatures["serving_default"]
    names = _in_order(signature.structured_input_signature[1])

    def run(given: list[np.ndarray], _model: object = model) -> list[np.ndarray]:
        answer = signature(**dict(zip(names, map(tf.constant, given), strict=True)))
        return [answer[output].numpy() for output in _in_order(answer)]

    return run


def run_tflite(file: Path) -> Run:
    """Outputs in the file's own order."""
    interpreter = tf.lite.Interpreter(str(file))
    interpreter.allocate_tensors()

    def run(given: list[np.ndarray]) -> list[np.ndarray]:
        for taken, array in zip(interpreter.get_input_details(), given, strict=True):
            interpreter.set_tensor(taken["index"], array)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]

    return run


def _in_order(names: dict[str, object]) -> list[str]:
    """`input_0`, `input_1`, ... in the order of their numbers."""
    return sorted(names, key=lambda name: (len(name), name))
