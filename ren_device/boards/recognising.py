"""Which board this is: by the EEPROM of a HAT, else by the sound cards, on a Raspberry Pi only."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ren_device.boards import reading
from ren_device.hardware_profile import Marks

_TREE = Path("proc/device-tree")
_CARDS = Path("proc/asound/cards")
_CARD = re.compile(r"^ *\d+ \[([^\]]*)\]: (?:.*? - )?(.*)$")
_MOST_BYTES = 64 * 1024
_PI = "raspberry pi"


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card: ALSA's id, and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this machine says of itself; empty where it says nothing."""

    model: str
    """Such as `Raspberry Pi 4 Model B Rev 1.4`."""
    products: tuple[str, ...]
    """What the EEPROMs of HATs say, and what an overlay says of its board."""
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A board, and how it was recognised: to be read after "by"."""

    name: str
    path: Path
    by: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """No board, and why: one sentence. With a `choice` a person has to say which it is."""

    why: str
    choice: bool = False


def recognise(root: Path = Path("/")) -> Recognised | None:
    """The board that this is, or None. Blocks."""
    found = verdict(look(root), marks())
    return found if isinstance(found, Recognised) else None


def look(root: Path = Path("/")) -> Surroundings:
    """Ask the system under `root`. Blocks; garbage is as good as nothing."""
    tree = root / _TREE
    # A second HAT in a stack is hat1; and some overlays name their board at the top of the tree.
    places = [*sorted(tree.glob("hat*/product")), tree / "hat_product", tree / "hardware"]
    return Surroundings(
        model=" ".join(_text(tree / "model").split()),
        products=tuple(text for place in places if (text := " ".join(_text(place).split()))),
        cards=tuple(
            Card(match[1].strip(), match[2].strip())
            for line in _text(root / _CARDS).splitlines()
            if (match := _CARD.match(line))
        ),
    )


def marks() -> dict[str, Marks]:
    """By what each profile that comes with Ren is recognised; without those that are broken."""
    found = {}
    for name in reading.names():
        profile, _ = reading.examine(reading.find(name))
        if profile is not None:
            found[name] = profile.marks
    return found


def verdict(seen: Surroundings, known: Mapping[str, Marks]) -> Recognised | Unrecognised:
    """Which of the known boards that is. Two that look the same are none: pins are no guesswork."""
    if _PI not in seen.model.casefold():
        return Unrecognised("this is no Raspberry Pi")
    hats = {
        name: f"what it calls itself, {product!r}"
        for name, each in known.items()
        for product in seen.products
        if _like(product, each.hat_product)
    }
    cards = {
        name: f"the sound card {card.id} ({card.name})"
        for name, each in known.items()
        for card in reversed(seen.cards)
        if _like(card.id, each.alsa_card) or _like(card.name, each.alsa_card)
    }
    found = hats or cards
    match list(found.items()):
        case [(name, by)]:
            return Recognised(name, reading.find(name), by)
        case []:
            said = ", ".join([*seen.products, *(card.id for card in seen.cards)]) or "nothing"
            return Unrecognised(f"no profile is for what is there: {said}")
        case _:
            return Unrecognised(
                f"it may be {' or '.join(found)}; set REN_HARDWARE to the one that it is",
                choice=True,
            )


def _like(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)


def _text(path: Path) -> str:
    """The text of a file of the kernel, which ends it with a zero; empty when there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
    except OSError:
        return ""
    text = content.rstrip(b"\0\n").decode(errors="replace")
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)
