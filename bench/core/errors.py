"""The errors of bench: each class has its exit code. Only `bench.cli.app.main` exits."""


class BenchError(Exception):
    """An error. The message says what is wrong and where, the hint what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(BenchError):
    """The command line, matrix.yaml or a file that the user named is wrong."""

    exit_code = 2


class HostError(BenchError):
    """No engine answers, or the host lacks what a launch needs: an image, a model, disk space, an idle machine."""

    exit_code = 3


class CellsFailed(BenchError):
    """The run is complete, but some cells have launches without a result."""

    exit_code = 4


class SelftestFailed(BenchError):
    """The self-test did not measure the known effects, or this machine disturbs the measurement."""

    exit_code = 4


class ImagesDiffer(BenchError):
    """A registry or the engine does not have the images of the lock file."""

    exit_code = 4


class Regression(BenchError):
    """A run is slower than the one it was compared with, by more than the threshold."""

    exit_code = 5


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception, so that no library handles it as a failure."""

    exit_code = 130
