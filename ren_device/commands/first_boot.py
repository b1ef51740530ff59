"""`ren-device first-boot`: takes over what a person has put on the card; its service runs it."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ren_device.errors import StoreError

SUMMARY = "take over what is on the card; run by the image itself"


def add_arguments(parser: ArgumentParser) -> None:
    """Define the option."""
    parser.add_argument("--root", type=Path, default=Path("/"), help="where boot and data are")


def run(arguments: Namespace) -> int:
    """Say what was taken over, and which files could not be; raises StoreError."""
    from ren_device.first_boot.job import ERRORS
    from ren_device.first_boot.taking_over import take_over
    from ren_device.first_boot.tree import Tree

    try:
        outcome = take_over(Tree(arguments.root))
    except OSError as error:
        raise StoreError(f"the card's settings: {error.strerror or error}") from None
    if outcome.applied:
        sys.stdout.write(f"took over from the card: {', '.join(outcome.applied)}\n")
    if outcome.wrong:
        sys.stdout.write(f"{', '.join(outcome.wrong)}: cannot be used, see {ERRORS} beside it\n")
    return 0
