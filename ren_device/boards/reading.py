"""Reads profiles. Whatever is wrong in one is said with the file, the key and what is allowed."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import ren_device
from ren_device.boards.pins import conflicts
from ren_device.boards.wording import lines_of, shown
from ren_device.errors import SettingError
from ren_device.hardware_profile import HardwareProfile

_MOST_BYTES = 64 * 1024


def profiles_folder() -> Path:
    """Where the profiles are that come with Ren."""
    return Path(ren_device.__file__).parent.parent / "hardware" / "profiles"


def names() -> list[str]:
    """The profiles that come with Ren."""
    return sorted(path.stem for path in profiles_folder().glob("*.toml"))


def find(name_or_path: str) -> Path:
    """The file of a profile: one that comes with Ren by its name, or any by its path.

    Raises SettingError when there is no such name.
    """
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        return Path(name_or_path)
    if name_or_path not in names():
        there = ", ".join(names()) or f"none in {profiles_folder()}"
        raise SettingError(f"there is no profile {name_or_path!r}; there are {there}; or a path")
    return profiles_folder() / f"{name_or_path}.toml"


def read(path: Path) -> HardwareProfile:
    """A profile in which nothing is wrong, pins included. Blocks. Raises SettingError."""
    profile, wrong = examine(path)
    if profile is None or wrong:
        more = f" (and {len(wrong) - 1} more: see ren-device hardware check)" * (len(wrong) > 1)
        raise SettingError(f"{path}: {wrong[0]}{more}")
    return profile


def examine(path: Path) -> tuple[HardwareProfile | None, list[str]]:
    """The profile, if it could be understood, and everything that is wrong with it. Blocks."""
    try:
        document = _document(path)
    except ValueError as error:
        return None, [str(error)]
    try:
        profile = HardwareProfile.model_validate(document, strict=True)
    except ValidationError as error:
        return None, lines_of(error, HardwareProfile)
    return profile, [*conflicts(profile), *_missing_channels(profile)]


def missing_drawing(path: Path, profile: HardwareProfile) -> str | None:
    """What is wrong with its drawing; nothing that would keep Ren from running. Blocks."""
    drawing = path.parent / profile.wiring
    return None if drawing.is_file() else f"wiring: there is no file {drawing}"


def _missing_channels(profile: HardwareProfile) -> list[str]:
    microphone = profile.sound.microphone
    if microphone is None or max(microphone.use) <= microphone.channels:
        return []
    channels = f"1 to {microphone.channels}, as sound.microphone.channels has it"
    return [f"sound.microphone.use = {shown(microphone.use)}: in it must be {channels}"]


def _document(path: Path) -> Any:
    try:
        with open(path.expanduser(), "rb", opener=_without_waiting) as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:  # also ~ of nobody, a zero in the name
        raise ValueError(
            f"it cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
    try:
        return _tuples(tomllib.loads(content.decode()))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except ValueError as error:  # also numbers beyond all bounds
        raise ValueError(f"it is not TOML: {error}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _without_waiting(path: str, flags: int) -> int:
    """A pipe to which nobody writes would be waited for, a device may never end."""
    mode = Path(path).stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError("it is no file")
    return os.open(path, flags | os.O_NONBLOCK)


def _tuples(value: Any) -> Any:
    """Lists as tuples, so that strict validation takes them, and 17 is never "17"."""
    match value:
        case list():
            return tuple(map(_tuples, value))
        case dict():
            return {key: _tuples(each) for key, each in value.items()}
        case _:
            return value
