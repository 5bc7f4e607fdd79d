"""A user's ONNX or TFLite file → an artifact with its figures. Runs in the image models-add, and nowhere else."""
