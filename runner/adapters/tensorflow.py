"""TensorFlow on the CPU: the `serving_default` signature of a SavedModel."""

import tensorflow

from runner.packages import versions


def version():
    """TensorFlow in the build that is installed, and numpy for the arrays."""
    return versions("tensorflow-cpu", "tensorflow", "numpy")


def load(path, request):
    """The model (its variables live as long as it does), the signature, and the names of inputs and outputs."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(request["threads"])
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    model = tensorflow.saved_model.load(path)
    signature = model.signatures["serving_default"]
    arguments = signature.structured_input_signature[1]
    wanted = [each["name"] for each in request["inputs"]]
    # A converter may have renamed the inputs; then their order by name is all there is.
    names = wanted if set(wanted) == set(arguments) else sorted(arguments)
    return model, signature, names, sorted(signature.structured_outputs)


def infer(session, inputs):
    """All outputs, by name: a signature has no other order."""
    _, signature, names, outputs = session
    tensors = {name: tensorflow.constant(inputs[index]) for index, name in enumerate(names)}
    results = signature(**tensors)
    return [results[name].numpy() for name in outputs]


def close(session):
    """The model goes with its last reference."""
