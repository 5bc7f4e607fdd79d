"""Stand-ins for NVIDIA's libraries, for tests of the adapters' logic alone: nothing here computes or measures anything.

`FakeCudart` keeps "the card's" memory in this process. `fake_tensorrt` makes a module with the calls of one release of
TensorRT, whose engines double their input.
"""

# ruff: noqa: N802  the C functions have these names

import ctypes
from types import ModuleType, SimpleNamespace

import numpy as np

SHAPE = (1, 2, 3)


class FakeCudart:
    """The C functions that runner.cuda calls, with their way of giving results: into what a pointer points to."""

    def __init__(self) -> None:
        self.memory: dict[int, ctypes.Array] = {}
        self.streams: set[int] = set()
        self.waited = 0
        self.fails: str | None = None

    def __getattribute__(self, name: str):
        if name.startswith("cuda") and self.fails == name:
            return lambda *_: 999
        return super().__getattribute__(name)

    def cudaRuntimeGetVersion(self, value) -> int:
        value._obj.value = 10020
        return 0

    def cudaDriverGetVersion(self, value) -> int:
        value._obj.value = 12030
        return 0

    def cudaDeviceGetAttribute(self, value, which, _card) -> int:
        value._obj.value = {75: 6, 76: 2}[which.value]
        return 0

    def cudaMalloc(self, address, size) -> int:
        block = ctypes.create_string_buffer(size.value)
        address._obj.value = ctypes.addressof(block)
        self.memory[ctypes.addressof(block)] = block
        return 0

    def cudaFree(self, address) -> int:
        del self.memory[address.value]
        return 0

    def cudaMemcpy(self, target, source, size, kind) -> int:
        assert {1: target, 2: source}[kind.value].value in self.memory
        ctypes.memmove(target, source, size.value)
        return 0

    def cudaStreamCreate(self, stream) -> int:
        stream._obj.value = 7
        self.streams.add(7)
        return 0

    def cudaStreamSynchronize(self, stream) -> int:
        assert stream.value in self.streams
        self.waited += 1
        return 0

    def cudaStreamDestroy(self, stream) -> int:
        self.streams.remove(stream.value)
        return 0


class _Flags:
    """A builder's configuration that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, object]] = []

    def set_flag(self, flag: str) -> None:
        self.said.append(("set", flag))

    def clear_flag(self, flag: str) -> None:
        self.said.append(("clear", flag))


class _NewFlags(_Flags):
    def set_memory_pool_limit(self, pool: str, size: int) -> None:
        self.said.append((pool, size))


def fake_tensorrt(card: FakeCudart, *, named: bool) -> ModuleType:
    """The module of TensorRT 10 (`named` tensors) or of 8.2. `built` counts engines, `config` is the last one's."""
    module = ModuleType("tensorrt")
    module.__version__ = "10.3.0" if named else "8.2.1.8"
    module.built = 0
    module.Logger = type("Logger", (), {"WARNING": 1, "__init__": lambda self, level: None})
    module.BuilderFlag = SimpleNamespace(TF32="tf32", FP16="fp16", INT8="int8")
    module.IInt8EntropyCalibrator2 = object
    module.MemoryPoolType = SimpleNamespace(WORKSPACE="workspace")
    module.NetworkDefinitionCreationFlag = SimpleNamespace(**({} if named else {"EXPLICIT_BATCH": 0}))
    module.TensorIOMode = SimpleNamespace(INPUT="in", OUTPUT="out")
    module.nptype = {"float": np.float32}.__getitem__

    class Builder:
        def __init__(self, logger: object) -> None:
            pass

        def create_network(self, flags: int) -> dict:
            assert flags == (0 if named else 1)
            return {}

        def create_builder_config(self) -> _Flags:
            module.config = _NewFlags() if named else _Flags()
            return module.config

        def build_serialized_network(self, network: dict, config: _Flags) -> bytes | None:
            module.built += 1
            return b"engine of " + network["model"] if network["model"] != b"unbuildable" else None

    class OnnxParser:
        num_errors = 1

        def __init__(self, network: dict, logger: object) -> None:
            self.network = network

        def parse(self, text: bytes) -> bool:
            self.network["model"] = text
            return text != b"unreadable"

        def get_error(self, place: int) -> str:
            return "no such operator"

    class Runtime:
        def __init__(self, logger: object) -> None:
            pass

        def deserialize_cuda_engine(self, plan: bytes) -> object:
            assert plan.startswith(b"engine of ")
            return (_NamedEngine if named else _NumberedEngine)(card)

    module.Builder, module.OnnxParser, module.Runtime = Builder, OnnxParser, Runtime
    return module


def _double(source: int, target: int) -> None:
    count = int(np.prod(SHAPE))
    given = np.ctypeslib.as_array(ctypes.cast(source, ctypes.POINTER(ctypes.c_float)), (count,))
    np.ctypeslib.as_array(ctypes.cast(target, ctypes.POINTER(ctypes.c_float)), (count,))[:] = given * 2


class _NumberedEngine:
    num_bindings = 2

    def __init__(self, card: FakeCudart) -> None:
        pass

    def create_execution_context(self) -> object:
        return SimpleNamespace(execute_v2=lambda addresses: _double(*addresses) is None)

    def get_binding_shape(self, place: int) -> tuple[int, ...]:
        return SHAPE

    def get_binding_dtype(self, place: int) -> str:
        return "float"

    def binding_is_input(self, place: int) -> bool:
        return place == 0


class _NamedEngine:
    num_io_tensors = 2

    def __init__(self, card: FakeCudart) -> None:
        self.card = card

    def create_execution_context(self) -> object:
        addresses: dict[str, int] = {}

        def execute(stream: int) -> bool:
            assert stream in self.card.streams
            _double(addresses["given"], addresses["answer"])
            return True

        return SimpleNamespace(set_tensor_address=addresses.__setitem__, execute_async_v3=execute)

    def get_tensor_name(self, place: int) -> str:
        return ("given", "answer")[place]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return SHAPE

    def get_tensor_dtype(self, name: str) -> str:
        return "float"

    def get_tensor_mode(self, name: str) -> str:
        return {"given": "in", "answer": "out"}[name]


def request_of(**changes: object) -> dict:
    """As much of a request as adapters read."""
    return {
        "artifact": {"sha256": "0" * 64},
        "inputs": [{"name": "input", "shape": list(SHAPE), "dtype": "float32", "axes": None}],
        "precision": "fp32",
        "device": "CUDA",
        "threads": 1,
        "options": {},
        **changes,
    }
