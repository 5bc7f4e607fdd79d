"""Every way in which bench ends without success: one class, one exit code. `bench.cli.app.main` alone exits."""


class BenchError(Exception):
    """What is wrong and where (the message), and what to do next (the hint)."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(BenchError):
    """The command line, matrix.yaml or a file the user named is wrong."""

    exit_code = 2


class HostError(BenchError):
    """No engine, or the host cannot do what the launch needs: an image, a model, room on the disk, a free machine."""

    exit_code = 3


class CellsFailed(BenchError):
    """The run went to its end, and some cells have launches without a number."""

    exit_code = 4


class SelftestFailed(BenchError):
    """The instrument does not find what is known, or this machine spoils what it measures."""

    exit_code = 4


class ImagesDiffer(BenchError):
    """A registry or the engine does not have the images of the lock file."""

    exit_code = 4


class Regression(BenchError):
    """A run is slower than the one it was compared with, by more than the threshold."""

    exit_code = 5


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception, so that no library takes it for a failure of its own."""

    exit_code = 130
