"""OpenCV's DNN module on the CPU; it reads ONNX by itself."""

import cv2

from runner.packages import versions


def version():
    """OpenCV in the build without windows, and numpy for its arrays."""
    return versions("opencv-python-headless", "numpy")


def load(path, request):
    """The network, the names of its inputs and of its outputs."""
    cv2.setNumThreads(request["threads"])
    network = cv2.dnn.readNetFromONNX(path)
    network.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    network.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
    return network, [each["name"] for each in request["inputs"]], network.getUnconnectedOutLayersNames()


def infer(session, inputs):
    """All outputs, in the order of the network's own list, as copies: the next inference overwrites OpenCV's own."""
    network, names, outputs = session
    for index, name in enumerate(names):
        network.setInput(inputs[index], name)
    return [each.copy() for each in network.forward(outputs)]


def close(session):
    """The network goes with its last reference."""
