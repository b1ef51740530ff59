"""What the files of a store add up to. Reads only; whoever opens the store puts things right.

Snapshot N holds everything up to where journal N begins; before journal 0 there was nothing. A
start takes the newest snapshot that is whole and then every journal from there on, in order.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ren_device.store import snapshot
from ren_device.store.disk import Disk
from ren_device.store.framing import (
    LONGEST_HEAD,
    Damage,
    Head,
    NewerFormat,
    Tables,
    apply,
    read_head,
    records,
)

_NAME = re.compile(r"(\d{8})\.(journal|snapshot)")


def journal_name(generation: int) -> str:
    """The file of this journal."""
    return f"{generation:08d}.journal"


def snapshot_name(generation: int) -> str:
    """The file of this snapshot."""
    return f"{generation:08d}.snapshot"


def generations(names: Iterable[str], kind: str) -> list[int]:
    """The files of one kind, oldest first."""
    found = (_NAME.fullmatch(name) for name in names)
    return sorted(int(match[1]) for match in found if match and match[2] == kind)


@dataclass(slots=True)
class Recovered:
    """The state of a store, and what was wrong with its files."""

    tables: Tables = field(default_factory=dict)
    snapshot: int | None = None
    """The snapshot it came from."""
    journal: int | None = None
    """The last journal that was read."""
    journal_end: int = 0
    """Where the last journal's last good record ends."""
    journal_number: int = 0
    """The number of its next record."""
    journal_bytes: int = 0
    """Of all journals since the snapshot."""
    last: int | None = None
    """The highest generation that any file has."""
    writable: bool = False
    """Whether the last journal can be written on, once it is cut to `journal_end`."""
    torn: int = 0
    """Bytes after `journal_end`: a write that was cut off and never acknowledged."""
    damaged: list[str] = field(default_factory=list)
    """Files that are not as they were written."""
    missing: list[str] = field(default_factory=list)
    """Files that should be there."""
    notes: list[str] = field(default_factory=list)
    """All of that, each in a sentence."""

    def damage(self, name: str, what: str) -> None:
        """Note that this file is not as it was written."""
        if name not in self.damaged:
            self.damaged.append(name)
        self.notes.append(f"{name} {what}.")

    def tear(self, name: str, size: int) -> None:
        """Note that there were bytes at its end that nobody can have been promised."""
        self.notes.append(
            f"The last {size} bytes of {name} were a write that was cut off before it was"
            " acknowledged; they are dropped."
        )


def recover(disk: Disk) -> Recovered:
    """Read everything. Raises OSError, and NewerFormat."""
    names = disk.names()
    found = Recovered()
    snapshots, journals = generations(names, "snapshot"), generations(names, "journal")
    heads = {each: _head(disk, each) for each in journals}
    stillborn = bool(journals) and journals[-1] > max(snapshots, default=-1)
    stillborn = stillborn and not heads[journals[-1]] and _is_stillborn(disk, journals[-1], found)
    if stillborn:
        journals.pop()
    found.last = max([*snapshots, *journals], default=None)
    _take_snapshot(disk, snapshots, journals, found)
    journals = [each for each in journals if each >= (found.snapshot or 0)]
    _note_missing(found, journals)
    for generation in journals:
        following = heads.get(generation + 1)
        _take_journal(disk, generation, heads[generation], following and following[0].after, found)
    found.writable = bool(
        journals
        and journals[-1] == found.last
        and heads[journals[-1]]
        and not (found.damaged or found.missing or stillborn)
    )
    return found


def _is_stillborn(disk: Disk, generation: int, found: Recovered) -> bool:
    """Whether the last journal, which has no head, did not come to be; it is begun anew then.

    The one before it must not grow: what is on the disk of the new one, now or after a power cut,
    may say that it ended.
    """
    name = journal_name(generation)
    with disk.read(name) as file:
        size = len(file.read(LONGEST_HEAD + 1))
    if size > LONGEST_HEAD:
        return False  # there was more than a head, once
    if size:
        found.tear(name, size)
    return True


def _take_snapshot(disk: Disk, available: list[int], journals: list[int], found: Recovered) -> None:
    """The newest one that is whole; else nothing, if the journals tell all; else a part of one."""
    partly: tuple[int, Tables] | None = None
    failed: OSError | None = None
    for generation in reversed(available):
        name = snapshot_name(generation)
        try:
            with disk.read(name) as file:
                tables, whole = snapshot.read(file, generation)
        except NewerFormat as error:
            raise NewerFormat(f"{name}: {error}") from None
        except OSError as error:  # such as a bad block; another file may do as well
            failed = error
            found.damage(name, f"cannot be read: {error.strerror or error}")
            continue
        if whole:
            found.snapshot, found.tables = generation, tables
            return
        found.damage(name, "is damaged")
        partly = partly or (generation, tables)
    if journals and journals == list(range(journals[-1] + 1)):
        return
    if partly:
        found.snapshot, found.tables = partly
    elif failed:
        raise failed


def _note_missing(found: Recovered, journals: list[int]) -> None:
    """From the snapshot on, or from the beginning, there should be every journal."""
    if found.last is None:
        return
    if found.snapshot is None and journals[0] > 0:
        found.missing.append(snapshot_name(journals[0]))
        first = journals[0]
    else:
        first = found.snapshot or 0
    there = set(journals)
    last = max(found.last, first)
    found.missing += [journal_name(each) for each in range(first, last + 1) if each not in there]
    found.notes += [f"{name} is missing." for name in found.missing]


def _head(disk: Disk, generation: int) -> tuple[Head, int] | None:
    """The head of a journal and its length; None when it cannot be read."""
    name = journal_name(generation)
    with disk.read(name) as file:
        line = file.readline(LONGEST_HEAD)
    try:
        found = read_head(line)
    except NewerFormat as error:
        raise NewerFormat(f"{name}: {error}") from None
    ours = found is not None and (found.kind, found.generation) == ("journal", generation)
    return (found, len(line)) if found and ours else None


def _take_journal(
    disk: Disk,
    generation: int,
    known: tuple[Head, int] | None,
    limit: int | None,
    found: Recovered,
) -> None:
    """Apply one journal, up to `limit` if the next one says where it ends."""
    name = journal_name(generation)
    end, number = known[1] if known else 0, 0
    with disk.read(name) as file:
        for each in records(file, generation, end):
            if limit is not None and each.end > limit:
                break  # a write that failed, and was said to have failed
            if isinstance(each, Damage):
                _note_damage(name, each, found, last=generation == found.last)
                continue
            try:
                apply(each.body, found.tables)
            except ValueError:
                found.damage(name, "has a record that means nothing")
            end, number = each.end, each.number + 1
    if limit is not None and end < limit:
        found.damage(name, f"lacks {limit - end} bytes at its end")
    found.journal, found.journal_end, found.journal_number = generation, end, number
    found.journal_bytes += end


def _note_damage(name: str, damage: Damage, found: Recovered, *, last: bool) -> None:
    size = damage.end - damage.start
    if damage.tail and last:
        found.torn = size
        found.tear(name, size)
    else:
        found.damage(name, f"is damaged: {size} bytes at {damage.start} cannot be read")
