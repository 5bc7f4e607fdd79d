"""What a request says of the framework: the adapter's name and the device, while the cell keeps the matrix's name."""

import json
from types import SimpleNamespace

import pytest

from bench.artifacts import request as request_module
from bench.core.matrix.plan import Selection, make_plan
from bench.core.matrix.schema import load_matrix
from bench.run import requests
from runner.protocol import complete


@pytest.mark.parametrize(
    ("framework", "adapter", "device"), [("pytorch", "pytorch", "CPU"), ("pytorch-cuda", "pytorch", "CUDA")]
)
def test_the_request_names_adapter_and_device(framework, adapter, device, monkeypatch, tmp_path):
    artifact = SimpleNamespace(
        path=tmp_path / "a", sha256="0", format="torch", inputs=[], axes=None, seeds=[0],
        reference=tmp_path / "r", reference_sha256="1",
    )  # fmt: skip
    monkeypatch.setattr(request_module, "cache", lambda: tmp_path)
    monkeypatch.setattr(requests, "Store", lambda root: SimpleNamespace(find=lambda *_: artifact))
    matrix = load_matrix()
    host = matrix.devices["host"].model_copy(update={"groups": ["cpu", "cuda"]})
    matrix = matrix.model_copy(update={"devices": {"host": host}})
    plan = make_plan(matrix, Selection(device="host", frameworks=[framework], models=["cifarnet"]))
    (prepared,) = requests.prepare_requests(plan, matrix, threads=2).values()
    assert prepared.cell.framework == framework
    request = complete(json.loads(prepared.request.read_text()))
    assert (request["framework"], request["device"]) == (adapter, device)
