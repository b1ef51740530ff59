"""Logs that hold no speech, no message text and no key, as text or as one JSON object a line.

Ren's own messages are written with that in mind. Three things are not, and are cut here unless
REN_LOG_LEVEL is `debug`: what an exception says (a traceback shows where it happened and of which
type it is), what libraries fill into their messages, and what they say below a warning. Keys are
taken out at every level.
"""

import asyncio
import json
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import TextIO

_OWN = ("ren_device", "__main__")
_SHORTEST_KEY = 8  # characters; a shorter one would black out half of every line
_FILLED_IN = re.compile(r"%(?:%|(?:\([^)]*\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[hlL]?[a-zA-Z])")
_LONGEST_CHAIN = 10  # exceptions that led to one another
_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}  # as syslog counts

_log = logging.getLogger(__name__)


def set_up(level: str, form: str, secrets: Iterable[str] = ()) -> None:
    """Send the log of this process to standard error, from `level` up, as `text` or `json`.

    What nobody catches ends up there, too. `secrets` appear in no line.
    """
    handler = logging.StreamHandler(sys.stderr)
    words = level == "debug"
    make: type[Lines] = JsonLines if form == "json" else TextLines
    handler.setFormatter(make(words=words, secrets=secrets, journal=under_journal()))
    handler.addFilter(_worth_a_line)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # The access log of aiohttp and the SDK's request log cost time even when they go nowhere.
    for library in ("aiohttp", "anthropic", "asyncio", "httpx2", "zeroconf"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # it would print the arguments of a line that cannot be made
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Have what nobody catches on this loop logged, without the words that asyncio would add."""
    loop.set_exception_handler(_uncaught_on_loop)


def under_journal(environment: Mapping[str, str] = os.environ, descriptor: int = 2) -> bool:
    """Whether standard error goes to systemd's journal, which has a time for each line."""
    try:
        about = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{about.st_dev}:{about.st_ino}"


class Lines(logging.Formatter):
    """What the two forms have in common."""

    def __init__(self, *, words: bool, secrets: Iterable[str] = (), journal: bool = False) -> None:
        """`words`: exceptions and libraries may say everything but the `secrets`."""
        super().__init__()
        self._words = words
        self._journal = journal
        self._secrets = [each for each in secrets if len(each) >= _SHORTEST_KEY]

    def message(self, record: logging.LogRecord) -> str:
        """One line."""
        if self._words or _is_own(record):
            text = record.getMessage()
        else:
            # A library's template is its own words; what is filled in may be anybody's.
            text = str(record.msg).partition("\n")[0]
            if record.args:
                text = _without_arguments(text)
        return _one_line(self._clean(text))

    def trouble(self, record: logging.LogRecord) -> str:
        """The traceback, of several lines, or nothing."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return ""
        return self._clean("".join(_told(error, words=self._words)).rstrip())

    def time(self, record: logging.LogRecord) -> str:
        """When, in the machine's time zone, to the millisecond."""
        at = datetime.fromtimestamp(record.created).astimezone()
        return at.isoformat(timespec="milliseconds")

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class TextLines(Lines):
    """`2026-06-25T14:02:11.123+02:00 INFO ren_device.app: Ren answers`, a traceback below it.

    In the journal each line has the priority that the journal understands in place of the time.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        line = f"{record.levelname} {record.name}: {self.message(record)}"
        lines = [line, *(f"  {each}" for each in self.trouble(record).splitlines())]
        if self._journal:
            priority = f"<{_PRIORITY.get(record.levelname, 6)}>"
            return "\n".join(priority + each for each in lines)
        return "\n".join([f"{self.time(record)} {lines[0]}", *lines[1:]])


class JsonLines(Lines):
    """`{"time": …, "level": "info", "logger": …, "message": …}`; `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        fields = {
            "time": self.time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
        }
        if trouble := self.trouble(record):
            fields["exception"] = trouble
        return json.dumps(fields, ensure_ascii=False)


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in _OWN


def _worth_a_line(record: logging.LogRecord) -> bool:
    return _is_own(record) or record.levelno >= logging.WARNING


def _without_arguments(template: str) -> str:
    """`Cannot load %s` without what would be filled in."""
    return _FILLED_IN.sub(lambda found: "%" if found[0] == "%%" else "…", template)


def _one_line(text: str) -> str:
    """Nobody can write a second line, or move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _told(
    error: BaseException, *, words: bool, depth: int = 0, seen: frozenset[int] = frozenset()
) -> list[str]:
    """The traceback, with or without what the exceptions say."""
    if words and depth == 0:
        return traceback.format_exception(error)
    lines: list[str] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    seen |= {id(error)}
    if cause is not None and id(cause) not in seen and depth < _LONGEST_CHAIN:
        lines += _told(cause, words=words, depth=depth + 1, seen=seen)
        lines.append("which led to\n" if error.__cause__ else "while it was dealt with:\n")
    lines += traceback.format_tb(error.__traceback__)
    lines.append(f"{_name(error)}\n")
    if isinstance(error, BaseExceptionGroup) and depth < _LONGEST_CHAIN:
        for number, part in enumerate(error.exceptions, 1):
            lines.append(f"part {number}:\n")
            lines += _told(part, words=words, depth=depth + 1, seen=seen)
    return lines


def _name(error: BaseException) -> str:
    """The type, and what the machine itself says of it."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, OSError) and error.errno is not None:
        return f"{kind}: {os.strerror(error.errno)}"
    return kind


# --- what nobody catches -------------------------------------------------------------------------


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("a bug ends Ren", exc_info=(kind, error, trace))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if issubclass(arguments.exc_type, SystemExit):
        return
    name = arguments.thread.name if arguments.thread else "unknown"
    error = arguments.exc_value
    _log.error("a bug ended the thread %s", name, exc_info=error if error else None)


def _unraisable(arguments: "sys.UnraisableHookArgs") -> None:
    _log.error("a bug while something was put away", exc_info=arguments.exc_value)


def _uncaught_on_loop(_: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
    task = context.get("task") or context.get("future")
    name = f" in the task {task.get_name()}" if isinstance(task, asyncio.Task) else ""
    error = context.get("exception")
    if isinstance(error, BaseException):
        _log.error("an error that nobody waited for%s", name, exc_info=error)
    else:
        # What it was about, a socket or a callback with its arguments, comes after its own words.
        words = str(context.get("message")).partition(" in callback")[0].partition("<")[0]
        _log.error("trouble on the event loop%s: %s", name, words)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line  # what a warning says may quote anybody
    _log.warning("%s at %s:%d", category.__name__, filename, lineno)
