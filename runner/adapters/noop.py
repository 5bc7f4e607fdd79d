"""No framework at all: what is timed with it is the runner itself."""


def version():
    """Nothing is wrapped, so there is nothing to name."""
    return {}


def load(path, request):
    """No session is needed."""


def infer(_session, inputs):
    """Give the inputs back as they are."""
    return inputs


def close(session):
    """There is nothing to let go."""
