"""TensorFlow Lite's interpreter, with the XNNPACK delegate that it applies by itself."""

from tflite_runtime.interpreter import Interpreter

from runner.packages import versions


def version():
    """The interpreter, and numpy for its arrays."""
    return versions("tflite-runtime", "numpy")


def load(path, request):
    """The interpreter with its tensors allocated, and the indices of inputs and outputs."""
    interpreter = Interpreter(model_path=path, num_threads=request["threads"])
    interpreter.allocate_tensors()
    inputs = [each["index"] for each in interpreter.get_input_details()]
    return interpreter, inputs, [each["index"] for each in interpreter.get_output_details()]


def infer(session, inputs):
    """All outputs, in the model's order, as copies."""
    interpreter, into, out_of = session
    for place, index in enumerate(into):
        interpreter.set_tensor(index, inputs[place])
    interpreter.invoke()
    return [interpreter.get_tensor(index) for index in out_of]


def close(session):
    """The interpreter goes with its last reference."""
