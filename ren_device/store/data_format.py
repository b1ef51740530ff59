"""Which format all that Ren keeps is in, as a whole; so that an older Ren leaves it alone.

The file `format` of the data directory says it. The first format had no such file at first, so
where there is none it is 1. Whoever makes DATA_FORMAT higher carries the data over in `settle`, and
raises the format of a backup with it. In a system that is on trial nothing may be carried over: the
one before could not go back to it.
"""

from contextlib import suppress
from pathlib import Path

from ren_device.errors import StoreError
from ren_device.store.backup_file import replace_durably

DATA_FORMAT = 1
"""The newest that this Ren reads, and the one that it writes."""
FILE = "format"


class NewerData(StoreError):
    """A newer Ren has made what is kept here."""


def kept_format(data_dir: Path) -> int:
    """The format of what is kept there; 1 where no file says so. Blocks. Raises OSError."""
    try:
        text = (data_dir / FILE).read_bytes().strip()
    except FileNotFoundError:
        return 1
    return int(text) if text.isdigit() and len(text) < 10 else 1


def refuse_newer(data_dir: Path) -> None:
    """Raises NewerData when this Ren is too old for what is there, and OSError. Blocks."""
    if (kept := kept_format(data_dir)) > DATA_FORMAT:
        raise NewerData(
            f"made by a newer Ren (format {kept}, this one reads up to {DATA_FORMAT}): install that"
            " one or a newer; or reset to how it came, and restore a backup of an older Ren"
        )


def settle(data_dir: Path) -> None:
    """See that it can be read, and write down what it is. Blocks. Raises NewerData and OSError.

    To be called by whoever has the directory's lock, before anything in it is read.
    """
    refuse_newer(data_dir)
    wanted = b"%d\n" % DATA_FORMAT
    with suppress(FileNotFoundError):
        if (data_dir / FILE).read_bytes() == wanted:
            return
    replace_durably(data_dir / FILE, wanted)
