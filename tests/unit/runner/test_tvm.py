"""The TVM adapter's way to the code for this machine, on a fake TVM: the real one is tried by the engine's tests."""

import importlib
import os
import platform
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest


@pytest.fixture
def adapter(monkeypatch):
    """The adapter with a TVM whose network answers with its input."""
    for name in ("TVM_USE_RUNTIME_LIB", "TVM_BIND_THREADS", "TVM_NUM_THREADS"):
        monkeypatch.setenv(name, "")

    class Tensor:
        def __init__(self, shape, dtype, _device):
            self.array = np.empty(shape, dtype)

        def copyfrom(self, array):
            self.array[:] = array

        def numpy(self):
            return self.array.copy()

    fake = {name: ModuleType(name) for name in ("tvm", "tvm.runtime", "tvm.runtime.vm")}
    fake["tvm"].cpu = lambda: "cpu"
    fake["tvm"].runtime = fake["tvm.runtime"]
    fake["tvm.runtime"].load_module = lambda path: path
    fake["tvm.runtime"].empty = Tensor
    fake["tvm.runtime.vm"].VirtualMachine = lambda library, device: {"main": lambda given: given}
    for name, module in fake.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "runner.adapters.tvm", raising=False)
    yield importlib.import_module("runner.adapters.tvm")
    del sys.modules["runner.adapters.tvm"]


REQUEST = {"threads": 3, "inputs": [{"shape": [1, 4], "dtype": "float32"}]}


def test_only_the_runtime_is_loaded_and_its_threads_go_where_the_launch_may(adapter):
    assert os.environ["TVM_USE_RUNTIME_LIB"] == "1"
    assert os.environ["TVM_BIND_THREADS"] == "0"


def test_it_takes_the_code_for_this_machine(adapter, tmp_path):
    (tmp_path / f"{platform.machine()}.so").touch()
    session = adapter.load(str(tmp_path), REQUEST)
    assert os.environ["TVM_NUM_THREADS"] == "3"
    given = np.ones((1, 4), np.float32)
    (output,) = adapter.infer(session, [given])
    np.testing.assert_array_equal(output, given)


def test_an_artifact_without_it_is_refused(adapter, tmp_path, monkeypatch):
    (tmp_path / "x86_64.so").touch()
    monkeypatch.setattr(adapter, "platform", SimpleNamespace(machine=lambda: "riscv64"))
    with pytest.raises(OSError, match="no code for riscv64"):
        adapter.load(str(tmp_path), REQUEST)
