"""ONNX → machine code by TVM, tuned on this machine. Runs in the image models-tvm."""
