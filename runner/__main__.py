"""The command line: `python -m runner infer --request FILE` and `python -m runner probe`."""

import argparse
import json
import sys

from runner import infer, probe
from runner.emit import Emitter


def main(arguments=None):
    """Run one command; returns the exit code that docs/protocol.md gives it."""
    parser = argparse.ArgumentParser(prog="runner", description="Times one model in one framework, in JSON lines.")
    commands = parser.add_subparsers(dest="command", metavar="infer | probe")
    commands.required = True  # as an argument of add_subparsers this is Python 3.7
    command = commands.add_parser("infer", help="run the launch that a request describes")
    command.add_argument("--request", required=True, metavar="FILE", help="JSON, see docs/protocol.md; - is stdin")
    commands.add_parser("probe", help="say which frameworks are here")
    options = parser.parse_args(arguments)

    emit = Emitter()
    if options.command == "probe":
        return probe.run(emit)
    try:
        request = _read(options.request)
    except (OSError, ValueError) as error:
        message = "the request could not be read: " + infer.one_line(error)
        emit("error", **{"class": "request", "message": message})
        return 2
    return infer.run(request, emit)


def _read(path):
    if path == "-":
        return json.load(sys.stdin)
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


if __name__ == "__main__":
    sys.exit(main())
