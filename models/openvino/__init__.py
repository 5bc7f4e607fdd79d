"""ONNX → OpenVINO's IR, in int8 by NNCF. Runs in the image models-openvino."""
