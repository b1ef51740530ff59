import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.store import framing
from ren_device.store.framing import Change, Damage, NewerFormat, Record, Tables

texts = st.text(st.characters(), max_size=12)  # half surrogate pairs too
keys = st.one_of(st.integers(0, 10**6).map(str), texts)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(texts, values, max_size=4)
changes = st.lists(
    st.one_of(
        st.tuples(texts, keys, st.one_of(st.none(), documents.map(framing.dumps))),
        st.tuples(texts, st.none(), st.sampled_from([None, b""])),
    ),
    max_size=8,
)


def read(data: bytes, generation: int = 7) -> list[Record | Damage]:
    return list(framing.records(io.BytesIO(data), generation, 0))


def in_order(tables: Tables) -> list[tuple[str, list[tuple[str, bytes]]]]:
    return sorted((name, list(rows.items())) for name, rows in tables.items())


@given(documents)
def test_documents_come_back_as_they_were(document: framing.Json) -> None:
    assert framing.loads(framing.dumps(document)) == document
    assert b"\n" not in framing.dumps(document)
    assert b"\t" not in framing.dumps(document)


@given(st.lists(changes, max_size=4))
def test_changes_read_from_a_file_do_what_they_do_in_memory(batches: list[list[Change]]) -> None:
    said: Tables = {}
    grown = sum(framing.apply_changes(batch, said) for batch in batches)
    data = b"".join(
        framing.record(7, number, framing.body(batch)) for number, batch in enumerate(batches)
    )
    heard: Tables = {}
    for each in read(data):
        assert isinstance(each, Record)
        framing.apply(each.body, heard)
    # Removing from a table that is not there makes it in memory only; nobody does that.
    assert in_order({k: v for k, v in heard.items() if v}) == in_order(
        {k: v for k, v in said.items() if v}
    )
    assert grown == framing.size(said)


@given(st.sampled_from(["journal", "snapshot"]), st.integers(0, 10**9), st.none() | st.integers(0))
def test_head_lines_come_back(kind: str, generation: int, after: int | None) -> None:
    if after is not None:
        after %= 10**12
    line = framing.head(kind, generation, after)
    assert len(line) <= framing.LONGEST_HEAD
    assert framing.read_head(line) == framing.Head(kind, generation, after)


def test_every_change_of_a_byte_of_a_head_line_is_noticed() -> None:
    line = framing.head("journal", 12, 3456)
    for at in range(len(line)):
        assert framing.read_head(line[:at]) is None
        for value in range(256):
            if value != line[at]:
                assert framing.read_head(line[:at] + bytes([value]) + line[at + 1 :]) is None


def test_a_newer_format_is_told_from_damage() -> None:
    line = b"ren-store 2 something else"
    with pytest.raises(NewerFormat, match="newer Ren"):
        framing.read_head(line + b" %08x\n" % zlib.crc32(line))
    assert framing.read_head(line + b" 00000000\n") is None
    odd = b"ren-store 1 something else"
    assert framing.read_head(odd + b" %08x\n" % zlib.crc32(odd)) is None


RECORDS = [
    framing.record(7, number, framing.body([("t", str(number), b'{"n":%d}' % number)]))
    for number in range(9, 13)
]


@pytest.mark.parametrize("which", range(len(RECORDS)))
def test_every_change_of_a_byte_loses_that_record_only(which: int) -> None:
    before, record, after = RECORDS[:which], RECORDS[which], RECORDS[which + 1 :]
    start = len(b"".join(before))
    for at in range(len(record)):
        for flip in (1, 2, 4, 8, 16, 32, 64, 128, 0x3B, 0xFF):
            broken = record[:at] + bytes([record[at] ^ flip]) + record[at + 1 :]
            found = read(b"".join([*before, broken, *after]))
            expected = [int(n) for n in range(9, 13) if n != 9 + which]
            assert [each.number for each in found if isinstance(each, Record)] == expected
            (damage,) = [each for each in found if isinstance(each, Damage)]
            assert damage == Damage(start, start + len(record), tail=not after)


def test_every_truncation_is_noticed() -> None:
    whole = b"".join(RECORDS)
    ends = [len(b"".join(RECORDS[:n])) for n in range(len(RECORDS) + 1)]
    for size in range(len(whole)):
        found = read(whole[:size])
        good = max(end for end in ends if end <= size)
        assert [each.end for each in found if isinstance(each, Record)] == ends[
            1 : ends.index(good) + 1
        ]
        tails = [each for each in found if isinstance(each, Damage)]
        assert tails == ([] if good == size else [Damage(good, size, tail=True)])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_lies_between_two_records_both_are_found(junk: bytes, tail: bytes) -> None:
    found = read(RECORDS[0] + junk + RECORDS[1] + tail)
    assert [each.number for each in found if isinstance(each, Record)] == [9, 10]


def test_records_of_another_file_or_an_earlier_time_are_not_taken() -> None:
    stranger = framing.record(8, 10, framing.body([("t", "1", b"{}")]))
    found = read(RECORDS[1] + stranger + RECORDS[0] + RECORDS[2])
    assert [each.number for each in found if isinstance(each, Record)] == [10, 11]


@pytest.mark.parametrize("body", [b"no tabs\n", b'"t"\t1\n', b"t\t1\t{}\n", b'"t"\t"\t{}\n'])
def test_a_body_that_means_nothing_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        framing.apply(body, {})
