"""Seeds → weights, reference outputs, ONNX and PyTorch artifacts. Runs in the image models-export."""
