"""The command line: `ren-device [COMMAND]`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ren_device import VERSION
from ren_device.errors import RenError

_SERVE = "serve"
_COMMANDS = (
    _SERVE,
    "sim",
    "settings",
    "doctor",
    "models",
    "hardware",
    "keys",
    "trace",
    "wake",
    "backup",
    "restore",
    "factory-reset",
    "update",
    "boot-check",
    "fault",
    "first-boot",
)
"""Each is a module of `ren_device.commands`."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. One line on standard error says what went wrong."""
    parser = argparse.ArgumentParser(prog="ren-device", description="Ren, a smart speaker.")
    parser.add_argument("--version", action="version", version=f"ren-device {VERSION}")
    choices = parser.add_subparsers(title="commands", metavar="COMMAND")
    words = sys.argv[1:] if words is None else words
    # All of them take a second to import on a Pi, where the start of the machine waits for some.
    first = words[0] if words else _SERVE
    for name in (first,) if first in _COMMANDS else _COMMANDS:
        command = import_module(f"ren_device.commands.{name.replace('-', '_')}")
        if name == _SERVE:
            parser.set_defaults(run=command.run)
        sub = choices.add_parser(name, help=command.SUMMARY, description=command.__doc__)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    arguments = parser.parse_args(words)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()  # here, where a reader that has left is no trouble
    except RenError as error:
        sys.stderr.write(f"ren-device: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not complain of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
