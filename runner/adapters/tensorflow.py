"""TensorFlow on the CPU or an NVIDIA card: the `serving_default` signature of a SavedModel."""

import tensorflow

from runner import cuda
from runner.packages import versions

CUDA = {"cuda": "cuda_version", "cudnn": "cudnn_version"}  # our name of a version and that of the build's


def version():
    """TensorFlow in the build that is installed, and numpy for the arrays; CUDA and cuDNN that it was built for."""
    found = versions("tensorflow-cpu", "tensorflow", "numpy")
    built = tensorflow.sysconfig.get_build_info()
    found.update({name: built[key] for name, key in CUDA.items() if built.get(key)})
    return found


def load(path, request):
    """The model (its variables live as long as it does), the signature, and the names of inputs and outputs."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(request["threads"])
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    _choose(request)
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


def _choose(request):
    """Have the model placed where the request says. TensorFlow takes a card by itself, and the CPU if there is none."""
    cards = tensorflow.config.list_physical_devices("GPU")
    if request["device"] == "CUDA":
        if not cards:
            raise RuntimeError("TensorFlow finds no NVIDIA card")
        cuda.forbid_tf32(request)
        for card in cards:  # or it takes all of the card's memory, which on a Jetson board is everybody's
            tensorflow.config.experimental.set_memory_growth(card, True)
    elif request["device"] == "CPU":
        tensorflow.config.set_visible_devices([], "GPU")
    else:
        raise ValueError("TensorFlow has no device {}".format(request["device"]))
