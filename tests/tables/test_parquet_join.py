"""Joined Parquet files: columns of every type, footers with fields of a later format, files that are none."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from policy_rules.tables.parquet_join import join_parquet

MAGIC = b"PAR1"


def test_columns_of_every_type_come_out_as_they_went_in(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, None, 3], dtype=pl.UInt8),
            "signed": pl.Series([-1, 2, None], dtype=pl.Int16),
            "time": pl.Series([datetime(2023, 1, 1, tzinfo=UTC), None, None]),
            "local": pl.Series([None, datetime(2023, 1, 1), datetime(2024, 1, 1)]),
            "day": pl.Series([date(2023, 1, 1), None, date(2024, 2, 29)]),
            "exact": pl.Series([Decimal("1.50"), None, Decimal("-2.25")], dtype=pl.Decimal(9, 2)),
            "share": pl.Series([0.5, None, -0.25]),
            "list": pl.Series([["a"], [], None]),
            "truth": pl.Series([True, None, False]),
        }
    )
    parts = []
    for n in range(3):
        parts.append(tmp_path / f"{n}.parquet")
        frame.slice(n, 1).write_parquet(parts[-1])
    whole = tmp_path / "whole.parquet"
    with whole.open("wb") as file:
        assert join_parquet(parts, file) == 3
    assert pl.read_parquet(whole).equals(frame)
    # pages of strings and lists of 15 row groups and more
    many = tmp_path / "many.parquet"
    with many.open("wb") as file:
        assert join_parquet(parts * 7, file) == 21
    assert pl.read_parquet(many).equals(pl.concat([frame] * 7))


def field(step: int, kind: int, value: bytes = b"") -> bytes:
    """A field of the compact protocol whose number is so much more than the last one's."""
    return bytes([step << 4 | kind]) + value


def written(path: Path, footer: bytes, body: bytes = b"") -> Path:
    path.write_bytes(MAGIC + body + footer + len(footer).to_bytes(4, "little") + MAGIC)
    return path


def footer_of(groups: bytes, more: bytes = b"", rows: int = 0) -> bytes:
    schema = bytes([0x1C]) + field(4, 8, b"\x01x") + b"\0"  # a list of one structure with a name
    zigzag = bytes([rows << 1])
    return field(2, 9, schema) + field(1, 6, zigzag) + field(1, 9, groups) + more + b"\0"


NO_GROUPS = bytes([0x0C])
#: What no footer has today: a true field, a byte, a double, a list of truths, far numbers.
LATER = (
    bytes([1, 40 << 1]) + field(1, 2) + field(1, 3, b"\x7f") + field(1, 7, bytes(range(8)))
    + field(1, 9, bytes([0x31, 1, 2, 1])) + field(1, 12, field(1, 5, b"\x05") + b"\0")
)  # fmt: skip


def test_what_a_later_format_puts_into_a_footer_is_carried_over(tmp_path: Path) -> None:
    path = written(tmp_path / "later.parquet", footer_of(NO_GROUPS, LATER))
    into = io.BytesIO()
    assert join_parquet([path], into) == 0
    assert into.getvalue() == path.read_bytes()


def test_a_column_without_data_about_itself_is_moved_by_its_place_alone(tmp_path: Path) -> None:
    # one group with one column that stands at 4 and has no further data
    column = field(2, 6, b"\x08") + b"\0"
    group = field(1, 9, bytes([0x1C]) + column) + field(2, 6, b"\x02") + b"\0"
    path = written(tmp_path / "a.parquet", footer_of(bytes([0x1C]) + group, rows=1), body=bytes(10))
    into = io.BytesIO()
    assert join_parquet([path, path], into) == 2
    footer = into.getvalue()[len(MAGIC) + 20 :]
    moved = group.replace(b"\x08", bytes([14 << 1]))
    assert footer.startswith(footer_of(bytes([0x2C]) + group + moved, rows=2))


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, 2, 3]})
    frame.write_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    longer = bytes(8) + (1000).to_bytes(4, "little") + MAGIC  # a footer longer than the file
    for n, damaged in enumerate((whole[:-3], b"", MAGIC, longer, whole[:-4] + b"ORC1")):
        path = tmp_path / f"{n}.parquet"
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="no Parquet file"):
            join_parquet([path], io.BytesIO())
    mapped = written(tmp_path / "map.parquet", footer_of(NO_GROUPS, field(1, 11, b"\0")))
    with pytest.raises(ValueError, match="kind 11 in a footer"):
        join_parquet([mapped], io.BytesIO())
