"""What TFLite's interpreters have in common: open axes get the sizes that are asked for."""

import pytest

from runner import interpreter


class Interpreter:
    """Says what shapes its inputs have, and notes what it is told."""

    def __init__(self, *shapes):
        self.shapes = list(shapes)
        self.resized = {}
        self.allocated = False

    def get_input_details(self):
        return [{"index": 10 + place, "shape": shape} for place, shape in enumerate(self.shapes)]

    def get_output_details(self):
        return [{"index": 20}]

    def resize_tensor_input(self, index, shape, strict):
        assert not self.allocated
        assert strict  # a fixed axis is none that may be resized
        self.resized[index] = shape

    def allocate_tensors(self):
        self.allocated = True


@pytest.mark.parametrize(
    ("shapes", "wanted", "resized"),
    [
        ([[1, 8, 8, 3]], [{"shape": [1, 3, 8, 8], "axes": [0, 2, 3, 1]}], {}),
        ([[1, 1, 1, 3]], [{"shape": [1, 3, 8, 6], "axes": [0, 2, 3, 1]}], {10: [1, 8, 6, 3]}),
        ([[1, 4], [1]], [{"shape": [1, 4], "axes": None}, {"shape": [7], "axes": None}], {11: [7]}),
    ],
)
def test_inputs_are_resized_where_they_differ(shapes, wanted, resized):
    fake = Interpreter(*shapes)
    session = interpreter.load(fake, {"inputs": wanted})
    assert fake.resized == resized
    assert session == (fake, [10 + place for place in range(len(shapes))], [20])
    assert fake.allocated
