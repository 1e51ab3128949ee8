"""Parquet files with the same columns joined into one: their column chunks are copied as they are.

A Parquet file is its row groups, one after the other, and a footer that says where each column chunk begins.
Joining copies the row groups and writes one footer with the places moved, so that nothing is decoded or
compressed again. The footer is a Thrift structure in the compact protocol, of which only what moves is
looked at: field numbers are those of `parquet.thrift`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["DifferentColumns", "join_parquet"]

_MAGIC: Final = b"PAR1"
#: Kinds of the compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
#: A structure: its fields by number, each with its kind.
Struct = dict[int, tuple[int, Any]]
#: `FileMetaData`: schema, rows, row groups. `RowGroup`: columns, offset, number. `ColumnChunk`: offsets of itself,
#: of its indexes; its `ColumnMetaData`: offsets of pages and of a Bloom filter.
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
_CHUNK_OFFSETS: Final = (2, 4, 6)
_META: Final = 3
_META_OFFSETS: Final = (9, 10, 11, 14)


class DifferentColumns(ValueError):
    """The files do not have the same columns."""


def join_parquet(parts: Sequence[Path], into: IO[bytes]) -> int:
    """Write the rows of some files, one after the other, as one file; gives the number of rows.

    Raises :class:`DifferentColumns`. There must be a part; one without rows gives none.
    """
    into.write(_MAGIC)
    whole: Struct | None = None
    rows = 0
    for path in parts:
        with path.open("rb") as file:
            footer, end = _footer(file)
            if whole is None:
                whole = footer
                groups: list[Any] = []
            elif whole[_SCHEMA] != footer[_SCHEMA]:
                raise DifferentColumns(path.name)
            moved = into.tell() - len(_MAGIC)
            file.seek(len(_MAGIC))
            _copy(file, into, end - len(_MAGIC))
        for group in footer[_GROUPS][1][1]:
            _move(group, moved)
            if _ORDINAL in group:
                group[_ORDINAL] = (_I16, len(groups))
            groups.append(group)
        rows += footer[_ROWS][1]
    assert whole is not None
    whole[_ROWS] = (_I64, rows)
    whole[_GROUPS] = (_LIST, (_STRUCT, groups))
    body = bytearray()
    _write_struct(body, whole)
    into.write(body)
    into.write(len(body).to_bytes(4, "little"))
    into.write(_MAGIC)
    return rows


def _copy(source: IO[bytes], into: IO[bytes], size: int) -> None:
    while size:
        block = source.read(min(size, 1 << 22))
        if not block:
            raise EOFError
        into.write(block)
        size -= len(block)


def _footer(file: IO[bytes]) -> tuple[Struct, int]:
    """The footer of a file, and where it begins."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 8))
    tail = file.read(8)
    size = int.from_bytes(tail[:4], "little")
    start = end - 8 - size
    if tail[4:] != _MAGIC or start < len(_MAGIC):
        raise ValueError("no Parquet file")
    file.seek(start)
    return _Reader(file.read(size)).struct(), start


def _move(group: Struct, by: int) -> None:
    _shift(group, (_GROUP_OFFSET,), by)
    for chunk in group[_COLUMNS][1][1]:
        _shift(chunk, _CHUNK_OFFSETS, by)
        if _META in chunk:
            _shift(chunk[_META][1], _META_OFFSETS, by)


def _shift(struct: Struct, fields: Sequence[int], by: int) -> None:
    for field in fields:
        if field in struct:
            kind, place = struct[field]
            struct[field] = (kind, place + by if place else place)


# -- the compact protocol ------------------------------------------------------------------------------


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def _byte(self) -> int:
        self._at += 1
        return self._body[self._at - 1]

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7

    def _number(self) -> int:
        raw = self._varint()
        return raw >> 1 ^ -(raw & 1)

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._body[self._at - size : self._at]

    def struct(self) -> Struct:
        found: Struct = {}
        field = 0
        while head := self._byte():
            kind, step = head & 0x0F, head >> 4
            field = field + step if step else self._number()
            found[field] = (kind, self._value(kind))
        return found

    def _value(self, kind: int, *, inner: bool = False) -> Any:
        match kind:
            case 1 | 2:
                return self._byte() if inner else None  # in a structure the kind is the value
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._number()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._varint())
            case 9 | 10:
                head = self._byte()
                size, of = head >> 4, head & 0x0F
                size = self._varint() if size == 15 else size
                return of, [self._value(of, inner=True) for _ in range(size)]
            case 12:
                return self.struct()
        raise ValueError(f"kind {kind} in a footer")  # no map stands in parquet.thrift


def _write_varint(into: bytearray, number: int) -> None:
    while number > 0x7F:
        into.append(number & 0x7F | 0x80)
        number >>= 7
    into.append(number)


def _write_number(into: bytearray, number: int) -> None:
    _write_varint(into, number << 1 if number >= 0 else (-number << 1) - 1)


def _write_struct(into: bytearray, struct: Struct) -> None:
    before = 0
    for field, (kind, value) in sorted(struct.items()):
        step = field - before
        if 0 < step < 16:
            into.append(step << 4 | kind)
        else:
            into.append(kind)
            _write_number(into, field)
        before = field
        _write_value(into, kind, value)
    into.append(0)


def _write_value(into: bytearray, kind: int, value: Any) -> None:
    match kind:
        case 1 | 2:
            if value is not None:
                into.append(value)
        case 3:
            into.append(value)
        case 4 | 5 | 6:
            _write_number(into, value)
        case 7:
            into += value
        case 8:
            _write_varint(into, len(value))
            into += value
        case 9 | 10:
            of, items = value
            if len(items) < 15:
                into.append(len(items) << 4 | of)
            else:
                into.append(0xF0 | of)
                _write_varint(into, len(items))
            for item in items:
                _write_value(into, of, item)
        case 12:
            _write_struct(into, value)
