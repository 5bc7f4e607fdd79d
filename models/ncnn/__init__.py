"""ONNX → ncnn. Runs in the image models-ncnn."""
