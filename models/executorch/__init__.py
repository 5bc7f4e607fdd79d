"""PyTorch → ExecuTorch with the XNNPACK backend. Runs in the image models-executorch."""
