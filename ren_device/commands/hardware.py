"""`ren-device hardware`: which board this is, what is on which pin, what is wrong in a profile."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ren_device.hardware_profile import HardwareProfile, SoundInput, SoundOutput

SUMMARY = "say which board this is and what is on which pin; check profiles"


def add_arguments(parser: ArgumentParser) -> None:
    """Define list and check."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="the profiles that come with Ren")
    check = actions.add_parser("check", help="everything that is wrong in a profile")
    check.add_argument(
        "profiles", metavar="FILE|NAME", nargs="*", help="by default all that come with Ren"
    )


def run(arguments: Namespace) -> int:
    """Do it; 1 when a profile is wrong. Raises SettingError."""
    from ren_device.boards import reading

    match arguments.action:
        case "list":
            return _list()
        case "check":
            paths = [reading.find(each) for each in arguments.profiles or reading.names()]
            wrong = [_check(each) for each in paths]
            return 1 if any(wrong) else 0
        case _:
            return _tell()


def _list() -> int:
    from ren_device.boards import reading

    names = reading.names()
    width = max(map(len, names), default=0)
    for name in names:
        profile, _ = reading.examine(reading.find(name))
        print(f"{name:<{width}}  {profile.title if profile else '(cannot be read)'}")
    return 0


def _check(path: Path) -> bool:
    from ren_device.boards import reading

    profile, wrong = reading.examine(path)
    if profile is not None and (missing := reading.missing_drawing(path, profile)):
        wrong = [*wrong, missing]
    print("\n".join(f"{path}: {each}" for each in wrong) or f"{path}: nothing is wrong")
    return bool(wrong)


def _tell() -> int:
    from ren_device import settings
    from ren_device.boards import reading, recognising

    chosen = settings.load().hardware
    seen = recognising.look()
    print(f"This machine: {seen.model or 'does not say what it is'}")
    for product in seen.products:
        print(f"A board that calls itself {product}")
    for card in seen.cards:
        print(f"A sound card: {card.id} ({card.name})")
    found = recognising.verdict(seen, recognising.marks())
    if isinstance(found, recognising.Recognised):
        print(f"Recognised: {found.name}, by {found.by}")
    else:
        print(f"Not recognised: {found.why}")
    if chosen == "none":
        print("REN_HARDWARE=none: no pin is touched.")
        return 0
    if chosen != "auto":
        print(f"REN_HARDWARE={chosen} counts.")
        path = reading.find(chosen)
    elif isinstance(found, recognising.Recognised):
        path = found.path
    else:
        print("So no pin is touched. REN_HARDWARE names a board: see ren-device hardware list.")
        return 0
    profile = reading.read(path)
    print(f"\n{profile.title}\n")
    print("\n".join(_table(profile)), end="\n\n")
    for what, device in (
        ("Microphone", profile.sound.microphone),
        ("Speaker", profile.sound.speaker),
    ):
        if device is not None:
            print(f"{what}: {_form(device)}")
    return 0


def _table(profile: "HardwareProfile") -> list[str]:
    from ren_device.boards.pins import HEADER, uses

    by_pin: dict[int, list[str]] = {}
    for use in uses(profile):
        by_pin.setdefault(use.pin, []).append(use.of or use.who)
    rows = [("Header", "GPIO", "What")]
    rows += [(str(HEADER[pin]), str(pin), ", ".join(who)) for pin, who in by_pin.items()]
    return [f"{place:>6}  {pin:>4}  {what}" for place, pin, what in rows]


def _form(device: "SoundInput | SoundOutput") -> str:
    return f'"{device.device}", {device.rate_hz} Hz, {device.format}, {device.channels} channels'
