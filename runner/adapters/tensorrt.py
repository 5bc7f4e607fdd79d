"""TensorRT on NVIDIA cards and Jetson boards, from 8.2 (JetPack 4) to 10.

An engine holds code for one kind of card and one TensorRT, so it is built where it runs, when it is loaded: that takes
seconds to minutes and is part of the loading time. With the option `engines`, a folder, it is kept there and taken from
there the next time.
"""

import hashlib
import os

import numpy
import tensorrt

from runner import cuda, inputs
from runner.packages import versions

CALIBRATION = range(2000, 2032)  # the seeds of the inputs by which int8 finds its ranges: models/inputs.py
WORKSPACE = 1 << 28  # bytes of the card's memory that a layer may use while it runs

_card = cuda.Runtime()
_logger = tensorrt.Logger(tensorrt.Logger.WARNING)


def version():
    """TensorRT and CUDA as they are at this moment (JetPack 4 takes both from the host), and numpy for the arrays."""
    found = {"tensorrt": tensorrt.__version__}
    found.update(_card.versions())
    found.update(versions("numpy"))
    return found


def load(path, request):
    """The engine in its context, with memory on the card for each input and output."""
    plan = _kept(path, request) if "engines" in request["options"] else _build(path, request)
    runtime = tensorrt.Runtime(_logger)
    engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise RuntimeError("TensorRT refused the engine that was built: its reason is above")
    # Since 8.5 an engine's tensors have names, and 10 knows them by nothing else.
    session = (_Named if hasattr(engine, "num_io_tensors") else _Numbered)(runtime, engine)
    wanted = [tuple(each["shape"]) for each in request["inputs"]]
    if [tensor.shape for tensor in session.inputs] != wanted:
        raise ValueError("the engine takes {}, not {}".format([tensor.shape for tensor in session.inputs], wanted))
    return session


def infer(session, given):
    """All outputs, in the engine's order, on the host."""
    for place, tensor in enumerate(session.inputs):
        _card.copy_in(tensor.address, given[place])
    session.execute()
    outputs = [numpy.empty(tensor.shape, tensor.dtype) for tensor in session.outputs]
    for place, tensor in enumerate(session.outputs):
        _card.copy_out(outputs[place], tensor.address)
    return outputs


def close(session):
    """Give the card's memory back."""
    session.close()


def _build(path, request):
    """The serialized engine of an ONNX file. Raises RuntimeError with what TensorRT says of it."""
    builder = tensorrt.Builder(_logger)
    # Sizes with the batch, which ONNX needs; from 10 on there is nothing else.
    flag = getattr(tensorrt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    network = builder.create_network(0 if flag is None else 1 << int(flag))
    parser = tensorrt.OnnxParser(network, _logger)
    with open(path, "rb") as stream:
        if not parser.parse(stream.read()):
            reasons = [str(parser.get_error(place)) for place in range(parser.num_errors)]
            raise RuntimeError("TensorRT cannot read the model: " + "; ".join(reasons))
    config = builder.create_builder_config()
    if hasattr(config, "set_memory_pool_limit"):
        config.set_memory_pool_limit(tensorrt.MemoryPoolType.WORKSPACE, WORKSPACE)
    else:
        config.max_workspace_size = WORKSPACE
    calibrator = None
    if request["precision"] == "fp32":
        config.clear_flag(tensorrt.BuilderFlag.TF32)
    elif request["precision"] == "fp16":
        config.set_flag(tensorrt.BuilderFlag.FP16)
    else:
        config.set_flag(tensorrt.BuilderFlag.INT8)
        config.int8_calibrator = calibrator = _Calibrator(request["inputs"])  # which the config does not keep alive
    plan = builder.build_serialized_network(network, config)
    if calibrator is not None:
        calibrator.close()
    if plan is None:
        raise RuntimeError("TensorRT could not build an engine: its reason is above")
    return plan


def _kept(path, request):
    """The engine of this artifact for this card and this TensorRT, from the folder of engines; built if need be."""
    what = (request["artifact"]["sha256"], request["precision"], tensorrt.__version__, _card.capability(), WORKSPACE)
    name = hashlib.sha256(repr(what).encode("utf-8")).hexdigest() + ".engine"
    target = os.path.join(request["options"]["engines"], name)
    if not os.path.exists(target):
        partial = "{}.{}".format(target, os.getpid())
        with open(partial, "wb") as stream:
            stream.write(bytes(_build(path, request)))
        os.replace(partial, target)
    with open(target, "rb") as stream:
        return stream.read()


class _Calibrator(tensorrt.IInt8EntropyCalibrator2):
    """Gives TensorRT the inputs from which it takes its ranges: those of models/inputs.py."""

    def __init__(self, wanted):
        tensorrt.IInt8EntropyCalibrator2.__init__(self)
        self._wanted = wanted
        self._seeds = iter(CALIBRATION)
        self._addresses = [_card.allocate(array.nbytes) for array in inputs.make(wanted, 0)]

    def get_batch_size(self):
        """How many pictures one call of get_batch stands for."""
        return self._wanted[0]["shape"][0]

    def get_batch(self, _names):
        """The addresses of the next inputs on the card; None after the last."""
        seed = next(self._seeds, None)
        if seed is None:
            return None
        for place, array in enumerate(inputs.make(self._wanted, seed)):
            _card.copy_in(self._addresses[place], array)
        return self._addresses

    def read_calibration_cache(self):
        """Nothing: what was found before is not kept, an engine is."""

    def write_calibration_cache(self, cache):
        """Neither is what is found now."""

    def close(self):
        """Give the card's memory back."""
        for address in self._addresses:
            _card.free(address)


class _Tensor:
    """An input or output: shape, numpy's type and where it is on the card."""

    def __init__(self, shape, dtype):
        self.shape = tuple(int(size) for size in shape)
        self.dtype = numpy.dtype(tensorrt.nptype(dtype))
        self.address = _card.allocate(int(numpy.prod(self.shape, dtype=numpy.int64)) * self.dtype.itemsize)


class _Numbered:
    """An engine whose tensors have numbers: TensorRT before 8.5."""

    def __init__(self, runtime, engine):
        self._runtime, self._engine = runtime, engine  # the context needs both as long as it lives
        self._context = engine.create_execution_context()
        places = range(engine.num_bindings)
        tensors = [_Tensor(engine.get_binding_shape(place), engine.get_binding_dtype(place)) for place in places]
        self.inputs = [tensors[place] for place in places if engine.binding_is_input(place)]
        self.outputs = [tensors[place] for place in places if not engine.binding_is_input(place)]
        self._addresses = [tensor.address for tensor in tensors]

    def execute(self):
        """One inference, done when this returns."""
        if not self._context.execute_v2(self._addresses):
            raise RuntimeError("TensorRT could not run the engine")

    def close(self):
        """Free what the card holds of it."""
        for tensor in self.inputs + self.outputs:
            _card.free(tensor.address)


class _Named:
    """An engine whose tensors have names, run in a stream of its own."""

    def __init__(self, runtime, engine):
        self._runtime, self._engine = runtime, engine
        self._context = engine.create_execution_context()
        self._stream = _card.stream()
        self.inputs, self.outputs = [], []
        for name in [engine.get_tensor_name(place) for place in range(engine.num_io_tensors)]:
            tensor = _Tensor(engine.get_tensor_shape(name), engine.get_tensor_dtype(name))
            taken = engine.get_tensor_mode(name) == tensorrt.TensorIOMode.INPUT
            (self.inputs if taken else self.outputs).append(tensor)
            self._context.set_tensor_address(name, tensor.address)

    def execute(self):
        """One inference, done when this returns."""
        if not self._context.execute_async_v3(self._stream):
            raise RuntimeError("TensorRT could not run the engine")
        _card.wait(self._stream)

    def close(self):
        """Free what the card holds of it."""
        for tensor in self.inputs + self.outputs:
            _card.free(tensor.address)
        _card.drop(self._stream)
