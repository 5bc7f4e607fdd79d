"""python -m models.add NAME --file FILE --out FOLDER, and the options of models/add/options.py.

Reads a file that a user brought, fixes its open axes, asks its framework of reference for the answers to the inputs of
all seeds, and writes the artifact, `reference.npz` and `made.json` into FOLDER. A file that is not taken ends it with
code 3 and a last line that begins with `refused: `. Nothing is unpickled, unpacked or looked up elsewhere.
"""

import sys
from importlib.metadata import version

import numpy as np

from models import reference, report
from models.add.from_onnx import OnnxFile
from models.add.from_tflite import TfliteFile
from models.add.options import Options, read
from models.add.refusal import Refused
from models.inputs import SEEDS, make
from models.parity import ParityError, measure, sensitivity

REFUSED = 3  # the exit code
# What other files begin with, and what they are: such a one is not even looked into.
OTHERS = {
    b"PK\x03\x04": "a zip archive (a PyTorch checkpoint, a Keras model, a .task?), and archives are not unpacked",
    b"\x1f\x8b": "compressed by gzip, and archives are not unpacked",
    b"\x89HDF": "HDF5 (a Keras model?)",
    b"\x80\x02": "a pickle (a PyTorch checkpoint?), and what a user brings is never unpickled",
    b"\x80\x03": "a pickle (a PyTorch checkpoint?), and what a user brings is never unpickled",
    b"\x80\x04": "a pickle, and what a user brings is never unpickled",
    b"\x80\x05": "a pickle, and what a user brings is never unpickled",
}


def add(asked: Options) -> None:
    """Everything that is made of one file. Raises Refused."""
    data = asked.file.read_bytes()
    for begin, what in OTHERS.items():
        if data.startswith(begin):
            raise Refused(f"it is {what}: export it to ONNX or TFLite")
    kinds = {".onnx": OnnxFile, ".tflite": TfliteFile}
    file = kinds[asked.file.suffix](data, asked)
    run, names = file.run()
    try:
        answers = reference.answers(run, lambda seed: make(file.inputs, seed))
        figures = measure(run, file.inputs, answers[:1], file.reference)
    except ParityError as error:
        raise Refused(
            f"its outputs cannot be compared with anything: {error}; say --input-range for its inputs"
        ) from None
    except Refused:
        raise
    except Exception as error:  # whatever the framework of reference raises
        ranges = ", ".join(f"{each['name']} from {each['range']}" for each in file.inputs if "range" in each)
        hint = f" (integers were drawn: {ranges}; --input-range NAME=LOW,HIGH)" if ranges else ""
        raise Refused(f"it cannot be run: {error}{hint}") from None
    kind = f"{file.kind}/{file.precision()}"
    target = asked.out / f"{asked.name}{asked.file.suffix}"
    target.write_bytes(file.kept(answers))
    (asked.out / "reference.npz").write_bytes(reference.pack(answers))
    params, macs = file.counts()
    report.write(
        asked.out,
        params=params,
        macs=macs,
        inputs=file.inputs,
        outputs=[_described(name, array) for name, array in zip(names, answers[0], strict=True)],
        reference={"file": "reference.npz", "seeds": list(SEEDS), "by": file.reference},
        sensitivity=sensitivity(run, file.inputs),
        artifacts=[report.artifact(kind, target.name, (), figures, onnx=version("onnx"))],
    )


def _described(name: str, array: np.ndarray) -> dict[str, object]:
    return {"name": name, "shape": list(array.shape), "dtype": array.dtype.name}


def main() -> int:
    """The command line."""
    try:
        add(read())
    except Refused as refused:
        print(f"refused: {' '.join(str(refused).split())}", file=sys.stderr, flush=True)
        return REFUSED
    except MemoryError:
        print("refused: it takes more memory than a step may have", file=sys.stderr, flush=True)
        return REFUSED
    return 0


sys.exit(main())
