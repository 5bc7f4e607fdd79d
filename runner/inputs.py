"""The inputs of a launch: the same picture in every framework, whatever its layout."""


def make(wanted, seed):
    """One array per entry of the request's `inputs`, seeded with `seed` and its place in the list.

    Raises KeyError, TypeError or ValueError where an entry makes no sense. numpy is imported only if it is needed.
    """
    return [_one(entry, seed + index) for index, entry in enumerate(wanted)]


def _one(entry, seed):
    import numpy

    # RandomState's stream is frozen: every numpy gives the same numbers.
    values = numpy.random.RandomState(seed).standard_normal(entry["shape"]).astype(entry["dtype"])
    if entry.get("axes") is not None:
        values = values.transpose(entry["axes"])
    return numpy.ascontiguousarray(values)
