"""What the interpreters of TFLite models have in common: TensorFlow Lite's, LiteRT's, and those with a delegate."""


def load(interpreter, request):
    """A session: the interpreter with its tensors allocated, and the indices of inputs and outputs.

    Axes that the file leaves open get the sizes that the request says.
    """
    for place, detail in enumerate(interpreter.get_input_details()):
        wanted = _shape(request["inputs"][place])
        if [int(size) for size in detail["shape"]] != wanted:
            interpreter.resize_tensor_input(detail["index"], wanted, strict=True)
    interpreter.allocate_tensors()
    inputs = [each["index"] for each in interpreter.get_input_details()]
    return interpreter, inputs, [each["index"] for each in interpreter.get_output_details()]


def _shape(described):
    """The shape of an input in the file's order of axes."""
    axes = described.get("axes") or range(len(described["shape"]))
    return [described["shape"][axis] for axis in axes]


def infer(session, inputs):
    """All outputs, in the model's order, as copies."""
    interpreter, into, out_of = session
    for place, index in enumerate(into):
        interpreter.set_tensor(index, inputs[place])
    interpreter.invoke()
    return [interpreter.get_tensor(index) for index in out_of]
