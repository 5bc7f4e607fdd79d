"""A user's TFLite file: what it must not be, its open axes, and what LiteRT answers."""

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

import ai_edge_litert
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from models.add import tflite_macs
from models.add.options import Options, check_sizes
from models.add.refusal import Refused
from models.inputs import make
from models.reference import Arrays, Run

MAGIC = b"TFL3"  # behind the offset of the root table
PRECISIONS = {"float32": "fp32", "float16": "fp16", "int8": "int8", "uint8": "int8"}


class TfliteFile:
    """The file, loaded by LiteRT. Raises Refused."""

    kind, reference = "tflite", f"ai-edge-litert {ai_edge_litert.__version__}"

    def __init__(self, data: bytes, asked: Options) -> None:
        if data[4:8] != MAGIC:
            raise Refused("it is no TFLite file: its mark TFL3 is missing")
        self.data = data
        # Without delegates, so that it has the operators as the file does.
        self.plain = self._interpreter(OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
        details = self.plain.get_input_details()
        if not details:
            raise Refused("it takes no input")
        asked.check_names(each["name"] for each in details)
        self.inputs = [self._input(each, asked) for each in details]
        check_sizes(self.inputs)
        self._fit(self.plain)
        self.operators: list[dict[str, Any]] = self.plain._get_ops_details()
        self.tensors = {each["index"]: each for each in self.plain.get_tensor_details()}

    def run(self) -> tuple[Run, list[str]]:
        """LiteRT with the model, and the names of its outputs. Raises Refused in LiteRT's words."""
        interpreter = self._interpreter(OpResolverType.AUTO)
        self._fit(interpreter)
        into = [each["index"] for each in interpreter.get_input_details()]
        outputs = interpreter.get_output_details()

        def run(given: list[np.ndarray]) -> list[np.ndarray]:
            for index, array in zip(into, given, strict=True):
                interpreter.set_tensor(index, array)
            interpreter.invoke()
            return [interpreter.get_tensor(each["index"]) for each in outputs]

        return run, [each["name"] for each in outputs]

    def kept(self, _: Sequence[Arrays]) -> bytes:
        """What the store keeps: the file."""
        return self.data

    def counts(self) -> tuple[int, int | None]:
        """Weights, and multiply-accumulates; None where those cannot be counted."""
        params = sum(prod(self._shape(index)) for index in self._constants())
        try:
            return params, tflite_macs.count(self.operators, self._shapes())
        except RuntimeError:  # without delegates; what runs is not refused for the lack of a figure
            return params, None

    def precision(self) -> str:
        """In which type most of the weights are."""
        sizes: Counter[str] = Counter()
        for index in self._constants():
            sizes[PRECISIONS.get(np.dtype(self.tensors[index]["dtype"]).name, "fp32")] += prod(self._shape(index))
        return sizes.most_common(1)[0][0] if sizes else "fp32"

    def _interpreter(self, resolver: OpResolverType) -> Interpreter:
        try:
            return Interpreter(model_content=self.data, experimental_op_resolver_type=resolver)
        except (ValueError, RuntimeError) as error:
            damaged = "it is damaged, or was cut short: " if "Flatbuffer" in str(error) else ""
            raise Refused(f"{damaged}LiteRT cannot load it: {error}") from None

    def _input(self, detail: dict[str, Any], asked: Options) -> dict[str, Any]:
        signature = detail.get("shape_signature", detail["shape"])
        shape = asked.shape(detail["name"], [int(size) if size > 0 else None for size in signature])
        return asked.describe(detail["name"], shape, np.dtype(detail["dtype"]).name)

    def _fit(self, interpreter: Interpreter) -> None:
        try:
            for detail, described in zip(interpreter.get_input_details(), self.inputs, strict=True):
                if list(detail["shape"]) != described["shape"]:
                    interpreter.resize_tensor_input(detail["index"], described["shape"], strict=True)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise Refused(f"LiteRT cannot prepare it: {error}") from None

    def _shapes(self) -> dict[int, list[int]]:
        """Those of all tensors once it ran: some turn out only then."""
        for detail, array in zip(self.plain.get_input_details(), make(self.inputs, 0), strict=True):
            self.plain.set_tensor(detail["index"], array)
        self.plain.invoke()
        return {each["index"]: each["shape"].tolist() for each in self.plain.get_tensor_details()}

    def _constants(self) -> list[int]:
        """The tensors that no operator and no user gives: weights. Shapes and axes (int32, no bias) are none."""
        given = {index for operator in self.operators for index in operator["outputs"]}
        taken = {index: place for operator in self.operators for place, index in enumerate(operator["inputs"])}
        names = {each["name"] for each in self.inputs}
        return [
            index
            for index, place in taken.items()
            if index in self.tensors and index not in given and self.tensors[index]["name"] not in names
            if np.dtype(self.tensors[index]["dtype"]).name in PRECISIONS or place == 2
        ]

    def _shape(self, index: int) -> list[int]:
        return [int(size) for size in self.tensors[index]["shape"]]
