"""How well a model agrees with its reference at several inputs, and whether it looks at its input at all."""

from runner import inputs, parity


def check(request, infer, outputs):
    """Compare `outputs`, the answer to the seed's inputs, and what `infer` answers to the other seeds', with theirs.

    Returns the figures of parity.compare, each the worst of all, with `agree`: for how many of the `inputs` the
    largest value of every output stood where the reference has it. Raises parity.OutputError.
    """
    reference = request["reference"]
    each = [_compare(reference, outputs, request["seed"])]
    for seed in reference.get("seeds", ()):
        if seed != request["seed"]:
            each.append(_compare(reference, infer(inputs.make(request["inputs"], seed)), seed))
    figures = parity.worst(each)
    figures.update(agree=sum(one["top1"] for one in each), inputs=len(each))
    return figures


def sensitivity(request, infer, outputs):
    """By how much of their range the outputs change for wrong inputs: another one, a zeroed and a transposed one.

    What does not differ from the right inputs (nothing is a square, a range holds one value) is left out.
    """
    wanted, seed = request["inputs"], request["seed"]
    given = [inputs.values(entry, seed + index) for index, entry in enumerate(wanted)]
    wrong = {
        "other_input": [inputs.values(entry, seed + 1 + index) for index, entry in enumerate(wanted)],
        "zero_input": [_zero(given[index], entry) for index, entry in enumerate(wanted)],
        "transposed_input": [_transposed(array) for array in given],
    }
    found = {}
    for name, arrays in sorted(wrong.items()):
        if any((array != given[index]).any() for index, array in enumerate(arrays)):
            answer = infer([inputs.arranged(array, wanted[index]) for index, array in enumerate(arrays)])
            found[name] = max(_change(ours, outputs[index]) for index, ours in enumerate(answer))
    return found


def _compare(reference, outputs, seed):
    parity.describe(outputs)  # refuses what is not finite
    return parity.compare(outputs, parity.load_reference(reference["path"], seed))


def _zero(array, entry):
    return array * 0 + max(0, (entry.get("range") or [0])[0])


def _transposed(array):
    return array.swapaxes(-1, -2) if array.ndim > 1 and array.shape[-1] == array.shape[-2] else array


def _change(ours, theirs):
    scale = abs(theirs.astype("float64")).max()
    return float(abs(ours.astype("float64") - theirs.astype("float64")).max() / scale) if scale else 0.0
