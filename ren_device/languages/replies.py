"""What Ren says in a language: the templates of its replies.toml, filled in."""

from collections.abc import Mapping

from ren_device.languages import read


class Replies:
    """The replies of one language."""

    def __init__(self, code: str) -> None:
        """Those of replies.toml. Raises OSError or ValueError when it cannot be read."""
        self._tables = read(code, "replies")

    def say(self, key: str, number: float = 1, /, **values: object) -> str:
        """The reply `key`, such as `timers.none`, with the `values` in its {places}.

        A reply of two forms is in the first for a `number` of one, else in the second; `number`
        is also the value of its {number}. Raises KeyError when there is no such reply.
        """
        entry: object = self._tables
        for part in key.split("."):
            if not isinstance(entry, Mapping):
                raise KeyError(key)
            entry = entry[part]
        if isinstance(entry, list):
            entry = entry[0 if number == 1 else 1]
        return str(entry).format(number=number, **values)
