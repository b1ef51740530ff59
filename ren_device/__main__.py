"""The command line: `ren-device [COMMAND]`."""

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from ren_device import VERSION
from ren_device.commands import (
    backup,
    boot_check,
    doctor,
    factory_reset,
    fault,
    first_boot,
    hardware,
    keys,
    models,
    restore,
    serve,
    settings,
    sim,
    trace,
    update,
    wake,
)
from ren_device.errors import RenError

_COMMANDS: tuple[ModuleType, ...] = (
    serve,
    sim,
    settings,
    doctor,
    models,
    hardware,
    keys,
    trace,
    wake,
    backup,
    restore,
    factory_reset,
    update,
    boot_check,
    fault,
    first_boot,
)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. One line on standard error says what went wrong."""
    parser = argparse.ArgumentParser(prog="ren-device", description="Ren, a smart speaker.")
    parser.add_argument("--version", action="version", version=f"ren-device {VERSION}")
    parser.set_defaults(run=serve.run)
    choices = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _COMMANDS:
        name = command.__name__.rpartition(".")[2].replace("_", "-")
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
