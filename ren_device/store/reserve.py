"""Room that is kept back, so that what must be written can be written on a full disk, too."""

import errno
import logging
from contextlib import suppress

from ren_device.store.disk import Disk

NAME = "reserve"
"""The file. It has no content that matters, and nobody reads it."""
SIZE = 256 * 1024  # bytes: more than a thousand small changes
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a disk says that has no room, by errno."""

_log = logging.getLogger(__name__)


class Reserve:
    """A file that takes up room until that is needed. Used by one thread at a time.

    While there is no room for it, ordinary writes are refused: they would use what it gave back.
    """

    def __init__(self, disk: Disk, size: int = SIZE) -> None:
        """Nothing is touched before `keep`. `size` is in bytes."""
        self._disk = disk
        self._size = size
        self._held = False
        self._possible = True
        self.trouble = ""
        """Why there is none; empty when there is one, or the disk cannot have one."""

    def keep(self) -> bool:
        """Make it if there is none, and say whether there is room for ordinary writes as well.

        A disk that cannot set room aside at all goes without.
        """
        if self._held or not self._possible:
            return True
        try:
            self._disk.allocate(NAME, self._size)
            self._disk.sync()
        except OSError as error:
            with suppress(OSError):  # a part of it helps nobody
                self._disk.remove(NAME)
            if error.errno in FULL:
                self.trouble = "there is no room left but for what must be kept"
                return False
            self._possible, self.trouble = False, ""
            _log.warning("the store has no reserve for a full disk: %s", error.strerror or error)
            return True
        self._held, self.trouble = True, ""
        return True

    def release(self, error: OSError) -> bool:
        """Give its room back if that helps with this error; whether it was."""
        if not self._held or error.errno not in FULL:
            return False
        self._held = False
        self.trouble = "there is no room left but for what must be kept"
        try:
            self._disk.remove(NAME)
            self._disk.sync()  # only then other files can have its room, on some file systems
        except OSError:
            return False
        _log.warning("the disk is full: alerts now use what was kept back for that")
        return True
