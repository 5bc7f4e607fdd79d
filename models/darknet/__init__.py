"""ONNX → DarkNet. Runs in the image models-darknet."""
