"""The inputs of a launch: the same numbers in every framework, whatever its layout."""


def make(wanted, seed):
    """One array per entry of the request's `inputs`, seeded with `seed` and its place in the list.

    Raises KeyError, TypeError or ValueError where an entry makes no sense. numpy is imported only if it is needed.
    """
    return [arranged(values(entry, seed + index), entry) for index, entry in enumerate(wanted)]


def values(entry, seed):
    """One input in the model's own order of axes: normal numbers, or such as are drawn from its `range`."""
    import numpy

    # RandomState's stream is frozen: every numpy gives the same numbers.
    random, shape, dtype = numpy.random.RandomState(seed), entry["shape"], numpy.dtype(entry["dtype"])
    if entry.get("range") is None:
        if dtype.kind != "f":
            raise ValueError("the input {} is {} and has no range".format(entry["name"], dtype))
        return random.standard_normal(shape).astype(dtype)
    low, high = entry["range"]
    if dtype.kind == "f":
        return random.uniform(low, high, shape).astype(dtype)
    return random.randint(low, high + 1, shape, numpy.int64).astype(dtype)  # both ends are drawn


def arranged(array, entry):
    """The same in the artifact's order of axes."""
    import numpy

    if entry.get("axes") is not None:
        array = array.transpose(entry["axes"])
    return numpy.ascontiguousarray(array) if array.ndim else array
