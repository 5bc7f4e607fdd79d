"""What is counted of files that users bring, operator by operator: exactly, or not at all."""

import json

import docker
import pytest

from bench.artifacts.steps import RUN, ContainerStepRunner
from bench.core.paths import PROJECT
from bench.images import local
from bench.images.engine import LABEL
from tests.support.in_image import IN_IMAGE

pytestmark = pytest.mark.engine

STEP = 3 * 5 + 5 * 5  # of one gate
ONNX = {
    "Conv": 6 * 6 * 6 * 2 * 3 * 3,
    "ConvTranspose": 6 * 4 * 4 * 5 * 2 * 2,
    "Gemm": 7 * 10,
    "MatMul": 2 * 3 * 4 * 5,
    "MatMul by a vector": 3 * 4,
    "MatMulInteger and ConvInteger": 3 * 8 * 8 * 5 + 4 * 6 * 6 * 3 * 3 * 3,
    "QLinearConv": 6 * 6 * 6 * 2 * 3 * 3,
    "QLinearMatMul": 2 * 4 * 5,
    "QGemm": 2 * 4 * 5,
    "FusedMatMul": 2 * 3 * 4 * 5,
    "FusedConv": 6 * 6 * 6 * 4 * 3 * 3,
    "FusedGemm": 2 * 4 * 5,
    "MatMulIntegerToFloat": 2 * 4 * 5,
    "DynamicQuantizeMatMul": 2 * 4 * 5,
    "MatMulNBits": 2 * 32 * 5,
    "DeformConv": 6 * 6 * 6 * 4 * 3 * 3,
    "RNN": 7 * 2 * STEP,
    "GRU": 7 * 2 * 3 * STEP,
    "LSTM": 7 * 2 * 4 * STEP,
    "LSTM in bytes": 7 * 2 * 4 * STEP,
    "LSTM in both directions": 2 * 7 * 2 * 4 * STEP,
    "LSTM of full sequences": 7 * 2 * 4 * STEP,
    "LSTM of shorter sequences": None,
    "Einsum, a product": 2 * 3 * 4 * 5,
    "Einsum, attention": 2 * 3 * 5 * 8,
    "Einsum with dots": 2 * 3 * 4 * 5 * 6,
    "Einsum with summed axes": 4 * 5,
    "Einsum without a sum": 0,
    "Einsum of one": 0,
    "Einsum of three": None,
    "Attention": 4 * 3 * 6 * (8 + 5),
    "Attention of three axes": 4 * 3 * 6 * (8 + 5),
    "Attention with a past": 4 * 3 * (6 + 2) * (8 + 5),
    "DFT": None,
    "Inverse": None,
    "Gelu of Microsoft": 0,
    "Relu": 0,
    "functions": 3 * 2 * 4 * 4,
    "functions of another version": None,
    "branches with products": None,
    "branches without": 2 * 4 * 4,
    "shapes that turn out": 12 * 2 * 5,
}
TFLITE = {
    "CONV_2D": 6 * 6 * 6 * 3 * 3 * 3,
    "DEPTHWISE_CONV_2D": 6 * 6 * 6 * 3 * 3,
    "TRANSPOSE_CONV": 6 * 4 * 4 * 5 * 2 * 2,
    "CONV_3D": 8 * 2 * 3 * 3 * 2 * 3 * 3 * 3,
    "FULLY_CONNECTED": 2 * 5 * 18,
    "BATCH_MATMUL": 2 * 3 * 4 * 5,
    "BATCH_MATMUL, the first transposed": 2 * 3 * 4 * 5,
    "BATCH_MATMUL, the second transposed": 2 * 3 * 4 * 5,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 2 * 7 * 4 * STEP,
    "UNIDIRECTIONAL_SEQUENCE_LSTM, projected": 2 * 7 * (3 * (3 * 5 + 4 * 5) + 5 * 4),
    "UNIDIRECTIONAL_SEQUENCE_RNN": 2 * 7 * STEP,
    "RNN": 2 * STEP,
    "BIDIRECTIONAL_SEQUENCE_RNN": 2 * 2 * 7 * STEP,
    "BIDIRECTIONAL_SEQUENCE_LSTM": 2 * 2 * 7 * 4 * STEP,
    "LSTM": 2 * 4 * STEP,
    "CONV_3D_TRANSPOSE": 6 * 2 * 4 * 4 * 5 * 2 * 2 * 2,
    "SVDF": 2 * (8 * 3 + 8 * 10),
    "RELU": 0,
    "RFFT2D": None,
    "WHILE": None,
}


@pytest.mark.parametrize(("program", "expected"), [("macs_of_onnx.py", ONNX), ("macs_of_tflite.py", TFLITE)])
def test_every_product_that_is_summed_up_is_counted_or_nothing(
    engine: docker.DockerClient, program: str, expected: dict[str, int | None]
) -> None:
    ContainerStepRunner(engine).prepare("add")
    said = engine.containers.run(
        f"edgebench/models-add:{local.native_platform()}",
        [f"/tests/{program}"],
        environment={"PYTHONPATH": "/project"},
        mounts=[
            docker.types.Mount("/project/models", str(PROJECT / "models"), type="bind", read_only=True),
            docker.types.Mount("/tests", str(IN_IMAGE), type="bind", read_only=True),
        ],
        labels={LABEL: RUN},
        network_mode="none",
        remove=True,
    )
    assert json.loads(said) == expected
