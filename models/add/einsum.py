"""How many products an Einsum of two operands sums up."""

from collections.abc import Sequence
from math import prod

Label = str | tuple[str, int]  # a letter, or an axis that dots stand for


def products(equation: str, shapes: Sequence[Sequence[int]]) -> int | None:
    """None for three operands and more: that depends on the order in which they are multiplied.

    An axis that one operand alone has and the output has not is summed up before anything is multiplied. Where no axis
    is summed up over both, nothing is but multiplied, element by element.
    """
    given, arrow, made = equation.replace(" ", "").partition("->")
    terms = given.split(",")
    if len(terms) != 2:
        return 0 if len(terms) == 1 else None
    labels = [_labels(term, len(shape)) for term, shape in zip(terms, shapes, strict=True)]
    sizes: dict[Label, int] = {}
    for term, shape in zip(labels, shapes, strict=True):
        for label, size in zip(term, shape, strict=True):
            sizes[label] = size if sizes.get(label, 1) == 1 else sizes[label]
    if arrow:
        kept = {label for label in sizes if ("..." if isinstance(label, tuple) else label) in _letters(made)}
    else:
        kept = {label for label in sizes if isinstance(label, tuple) or given.count(label) == 1}
    summed = set(labels[0]) & set(labels[1]) - kept
    return prod(sizes[label] for label in kept | summed) if summed else 0


def _letters(term: str) -> list[str]:
    before, dots, after = term.partition("...")
    return [*before, *([dots] if dots else []), *after]


def _labels(term: str, rank: int) -> list[Label]:
    """A label for each axis; axes that dots stand for are counted from the last, as they are broadcast."""
    letters = _letters(term)
    hidden = rank - len(letters) + 1
    return [
        label
        for letter in letters
        for label in ([("...", place) for place in range(hidden, 0, -1)] if letter == "..." else [letter])
    ]
