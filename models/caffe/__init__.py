"""ONNX → Caffe. Runs in the image models-caffe."""
