"""ONNX → ONNX in int8, by ONNX Runtime's own quantizer. Runs in the image models-onnxruntime."""
