"""Whether outputs are what the reference says they must be."""


class OutputError(ValueError):
    """Outputs that no timing should be believed with."""


def describe(outputs):
    """Per output what it is and its range. Raises OutputError when one holds NaN or an infinity."""
    return [_describe("output_{}".format(index), value) for index, value in enumerate(outputs)]


def _describe(name, value):
    import numpy

    if not numpy.isfinite(value).all():
        raise OutputError("{} holds NaN or an infinity".format(name))
    shape = [int(size) for size in value.shape]
    return {
        "name": name,
        "shape": shape,
        "dtype": str(value.dtype),
        "min": float(value.min()) if value.size else None,
        "max": float(value.max()) if value.size else None,
    }


def load_reference(path, seed):
    """What the reference has for the inputs of a seed: the arrays `seed_<seed>_output_0` and on, in that order."""
    import numpy

    with numpy.load(path, allow_pickle=False) as archive:
        begin = "seed_{}_output_".format(seed)
        count = sum(name.startswith(begin) for name in archive.files)
        if not count:
            raise OutputError("the reference has nothing for the seed {}".format(seed))
        return [archive[begin + str(index)] for index in range(count)]


def compare(outputs, reference):
    """The worst over all outputs of `max_abs`, `max_rel` (over the reference's largest magnitude), `cosine`, `top1`.

    `top1` is whether the largest value of every output is where the reference has it.
    Raises OutputError when number or shape differ, or the reference is zero throughout and so compares with nothing.
    """
    if len(outputs) != len(reference):
        raise OutputError("{} outputs where the reference has {}".format(len(outputs), len(reference)))
    return worst([_compare("output_{}".format(index), outputs[index], one) for index, one in enumerate(reference)])


def worst(each):
    """The worst of several figures."""
    return {
        "max_abs": max(one["max_abs"] for one in each),
        "max_rel": max(one["max_rel"] for one in each),
        "cosine": min(one["cosine"] for one in each),
        "top1": all(one["top1"] for one in each),
    }


def _compare(name, output, reference):
    import numpy

    if output.shape != reference.shape:
        raise OutputError("{} has shape {}, the reference {}".format(name, output.shape, reference.shape))
    ours, theirs = output.astype("float64").ravel(), reference.astype("float64").ravel()
    scale = numpy.abs(theirs).max() if theirs.size else 0.0
    if not scale:
        raise OutputError("the reference of {} is zero throughout".format(name))
    max_abs = float(numpy.abs(ours - theirs).max())
    norms = float(numpy.linalg.norm(ours) * numpy.linalg.norm(theirs))
    return {
        "max_abs": max_abs,
        "max_rel": float(max_abs / scale),
        "cosine": float(ours.dot(theirs)) / norms if norms else 0.0,
        "top1": bool(ours.argmax() == theirs.argmax()),
    }


def judge(parity, bounds):
    """Raises OutputError when a figure is outside of `bounds` (`max_rel` at most, `cosine` at least)."""
    if "max_rel" in bounds and parity["max_rel"] > bounds["max_rel"]:
        raise OutputError("relative error {:.3g} is above {:.3g}".format(parity["max_rel"], bounds["max_rel"]))
    if "cosine" in bounds and parity["cosine"] < bounds["cosine"]:
        raise OutputError("cosine {:.6g} is below {:.6g}".format(parity["cosine"], bounds["cosine"]))
