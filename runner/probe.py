"""What this Python has: every framework that can be imported, with its version."""

import platform
import sys

from runner import __version__, adapters, emulation
from runner.protocol import PROTOCOL, hash_runner


def run(emit):
    """Emit one `probe` event. Frameworks that cannot be imported are left out, with the reason on standard error."""
    emit(
        "probe",
        protocol=PROTOCOL,
        runner=__version__,
        runner_sha256=hash_runner(),
        python=platform.python_version(),
        machine=platform.machine(),
        emulated_on=emulation.emulated_on(),
        frameworks=dict(_frameworks()),
    )
    return 0


def _frameworks():
    for name in adapters.names():
        try:
            yield name, adapters.find(name).version()
        except Exception as error:  # whatever a broken installation raises: it is not here
            sys.stderr.write("{}: {}\n".format(name, error))
