"""What the interpreters of TFLite models have in common: TensorFlow Lite's, LiteRT's, and those with a delegate."""


def load(interpreter):
    """A session: the interpreter with its tensors allocated, and the indices of inputs and outputs."""
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
