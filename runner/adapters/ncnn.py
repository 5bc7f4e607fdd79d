"""ncnn on the CPU: a folder with `model.param` and `model.bin`, as pnnx makes them."""

import os

import ncnn
import numpy

from runner.packages import versions

# What ncnn would else do in half precision where the CPU has it.
HALVES = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage")


def version():
    """ncnn, and numpy for the arrays."""
    return versions("ncnn", "numpy")


def load(path, request):
    """The network and the names of its inputs and outputs. Raises OSError when ncnn refuses a file."""
    network = ncnn.Net()
    network.opt.use_vulkan_compute = False
    network.opt.num_threads = request["threads"]
    if request["precision"] == "fp32":
        for option in HALVES:
            setattr(network.opt, option, False)
    for name, read in (("model.param", network.load_param), ("model.bin", network.load_model)):
        code = read(os.path.join(path, name))
        if code:
            raise OSError("ncnn cannot read {} ({})".format(name, code))
    return network, _in_order(network.input_names()), _in_order(network.output_names())


def infer(session, inputs):
    """All outputs, in the model's order, as copies: ncnn's own go with the extractor.

    ncnn's arrays have no axis for the batch. What goes in is not copied.
    """
    network, into, out_of = session
    extractor = network.create_extractor()
    given = [ncnn.Mat(each[0]) for each in inputs]
    for place, name in enumerate(into):
        extractor.input(name, given[place])
    outputs = []
    for name in out_of:
        code, found = extractor.extract(name)
        if code:
            raise RuntimeError("ncnn could not compute {} ({})".format(name, code))
        outputs.append(numpy.array(found)[numpy.newaxis])
    return outputs


def close(session):
    """The network goes with its last reference."""


def _in_order(names):
    """`in0`, `in1`, ... as pnnx numbers them: ncnn tells them in the order of its layers."""
    return sorted(names, key=lambda name: (len(name), name))
