"""The command line: `python -m runner infer --request FILE`, `sense --request FILE`, `sense --list` and `probe`."""

import argparse
import json
import sys

from runner import infer, probe
from runner.emit import Emitter, one_line
from runner.protocol import PROTOCOL


def main(arguments=None):
    """Run one command; returns the exit code that docs/protocol.md gives it."""
    options = _parser().parse_args(arguments)
    emit = Emitter()
    if options.command == "probe":
        return probe.run(emit)
    try:
        request = _read(options)
    except (OSError, ValueError) as error:
        message = "the request could not be read: " + one_line(error)
        emit("error", **{"class": "request", "message": message})
        return 2
    if options.command == "sense":
        from runner import sense  # nothing of it is to be in a process that is timed

        return sense.run(request, emit, once=options.list)
    return infer.run(request, emit)


def _parser():
    parser = argparse.ArgumentParser(prog="runner", description="Times one model in one framework, in JSON lines.")
    commands = parser.add_subparsers(dest="command", metavar="infer | sense | probe")
    commands.required = True  # as an argument of add_subparsers this is Python 3.7
    command = commands.add_parser("infer", help="run the launch that a request describes")
    command.add_argument("--request", required=True, metavar="FILE", help="JSON, see docs/protocol.md; - is stdin")
    command = commands.add_parser("sense", help="stream what this machine's sensors say")
    command.add_argument("--request", metavar="FILE", help="JSON, see docs/protocol.md; - is stdin's first line")
    command.add_argument("--list", action="store_true", help="say what is here, read it once, and end")
    commands.add_parser("probe", help="say which frameworks are here")
    return parser


def _read(options):
    if options.request is None:
        return {"protocol": PROTOCOL}
    if options.request != "-":
        with open(options.request, encoding="utf-8") as stream:
            return json.load(stream)
    # The end of input ends `sense`, so there the request must come before it.
    return json.loads(sys.stdin.readline()) if options.command == "sense" else json.load(sys.stdin)


if __name__ == "__main__":
    sys.exit(main())
