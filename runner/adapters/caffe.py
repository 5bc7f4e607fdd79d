"""Caffe on the CPU: a folder with `model.prototxt` and `model.caffemodel`."""

import ctypes
import os

# It would else tell of every layer that it makes, on standard error.
os.environ.setdefault("GLOG_minloglevel", "1")

import caffe

from runner.packages import versions


def version():
    """Caffe with the name of its fork, numpy for the arrays, and protobuf, which reads both files."""
    return versions("caffe", "numpy", "protobuf")


def load(path, request):
    """The network, the blobs that take its inputs, and those that hold its outputs."""
    # Caffe's threads are those of its BLAS, which is found through the module that is linked with it.
    ctypes.CDLL(caffe._caffe.__file__).openblas_set_num_threads(request["threads"])
    caffe.set_mode_cpu()
    network = caffe.Net(
        os.path.join(path, "model.prototxt"), caffe.TEST, weights=os.path.join(path, "model.caffemodel")
    )
    blobs = network.blobs
    return network, [blobs[name] for name in network.inputs], [blobs[name] for name in network.outputs]


def infer(session, inputs):
    """All outputs, in the order of the network's own list, as copies: the next inference overwrites Caffe's own."""
    network, into, out_of = session
    for index, blob in enumerate(into):
        blob.data[...] = inputs[index]
    network.forward()
    return [blob.data.copy() for blob in out_of]


def close(session):
    """The network goes with its last reference."""
