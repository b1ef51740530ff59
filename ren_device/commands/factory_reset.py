"""`ren-device factory-reset`: as it came; all that Ren was told or has learnt is erased."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.commands.reaching import check_owner, refusal, running_ren
from ren_device.errors import StoreError

if TYPE_CHECKING:
    from aiohttp import ClientSession

SUMMARY = "erase all that Ren keeps, also while it runs"

_QUESTION = """\
This erases everything in {folder}:
conversations, facts, lists, alarms, routines, keys, the identity and automatic backups.
Only fetched models stay. Type yes to go on: """
_QUESTION_ON_IMAGE = """\
This erases everything on the card but Ren itself, and restarts the machine: all of {folder},
fetched models too, the settings, the Wi-Fi password, who may log in, and this machine's name.
Type yes to go on: """


def add_arguments(parser: ArgumentParser) -> None:
    """Define the option."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: Namespace) -> int:
    """Erase, or change nothing (1); raises StoreError."""
    from ren_device import settings
    from ren_device.supervision import image

    on_image = image.look() is not None
    folder = settings.load().data_dir
    question = _QUESTION_ON_IMAGE if on_image else _QUESTION
    if not arguments.yes and not _sure(question.format(folder=folder)):
        sys.stderr.write("Nothing was erased.\n")
        return 1
    asyncio.run(_reset(folder, on_image=on_image))
    return 0


def _sure(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"


async def _reset(folder: Path, *, on_image: bool) -> None:
    from ren_device.store import factory_reset

    async with running_ren(folder) as ren:
        if ren is not None:
            await _ask(ren)
            sys.stderr.write("Ren erases everything now, and starts as it came.\n")
            return
    check_owner(folder)
    factory_reset.ask(folder)
    if on_image:  # systemd/reset sees it
        sys.stderr.write("The machine erases everything now, and starts as it came.\n")
        return
    factory_reset.carry_out(folder)
    sys.stderr.write("Everything is erased; Ren starts as it came.\n")


async def _ask(ren: "ClientSession") -> None:
    from aiohttp import ClientError

    try:
        async with ren.post("/factory-reset") as response:
            if response.status == HTTPStatus.NOT_FOUND:
                raise StoreError("the Ren that runs cannot reset itself; stop it first")
            if response.status != HTTPStatus.OK:
                raise await refusal(response)
    except ClientError:
        raise StoreError("the Ren that runs broke off; its log says whether it resets") from None
