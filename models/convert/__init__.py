"""ONNX → SavedModel and TensorFlow Lite. Runs in the image models-convert."""
