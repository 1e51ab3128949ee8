"""A large workbook of texts, written column by column: xlsxwriter takes a call a cell, this one a call a part.

The file has one sheet, titles merged above it, no styles, and the same bytes for the same cells (ECMA-376
part 1, inline strings).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from policy_rules.tables.frames_layout import pl

_MAIN: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_DOC: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_DOC}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_OPEN, _CLOSE = '" t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
_NUMBER: Final = r"^(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$"


def write_texts(
    path: Path,
    sheet: str,
    head: Sequence[Sequence[str]],
    merged: Sequence[tuple[int, int, int]],
    frames: Iterable[pl.DataFrame],
    numbers: Sequence[bool],
) -> None:
    """Write ``head`` and below it the texts of ``frames``; an empty cell is not written.

    ``merged`` are (row, first column, last column) from 0; ``numbers`` says of each column whether what looks
    like a plain number is stored as one. Raises OSError.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as book:
        workbook = (
            f'<workbook {_MAIN} xmlns:r="{_DOC}"><sheets><sheet name="{escape(sheet)}" '
            'sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        for name, body in {**_PARTS, "xl/workbook.xml": workbook}.items():
            book.writestr(_entry(name), _XML + body)
        with book.open(_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as out:
            out.write(f"{_XML}<worksheet {_MAIN}><sheetData>".encode())
            line = 1
            top = pl.DataFrame(list(head), [str(i) for i in range(len(numbers))], orient="row")
            for frame, may in ((top, [False] * len(numbers)), *((f, numbers) for f in frames)):
                for row in rows_of(frame, line, may):
                    out.write(row.encode())
                line += frame.height
            out.write(b"</sheetData>")
            if merged:
                cells = "".join(
                    f'<mergeCell ref="{letters(a)}{row + 1}:{letters(b)}{row + 1}"/>'
                    for row, a, b in merged
                )
                out.write(f'<mergeCells count="{len(merged)}">{cells}</mergeCells>'.encode())
            out.write(b"</worksheet>")


def rows_of(frame: pl.DataFrame, line: int, numbers: Sequence[bool]) -> Iterable[str]:
    """The rows of a frame of texts as XML; ``line`` is the number of the first."""
    at = (pl.int_range(pl.len()) + line).cast(pl.String)
    cells = []
    for i, (name, number) in enumerate(zip(frame.columns, numbers, strict=True)):
        text = pl.col(name)
        safe = text.str.replace_all("&", "&amp;", literal=True).str.replace_all(
            "<", "&lt;", literal=True
        )
        start = pl.lit(f'<c r="{letters(i)}') + at
        cell = start + pl.lit(_OPEN) + safe + pl.lit(_CLOSE)
        if number:
            plain = start + pl.lit('"><v>') + text + pl.lit("</v></c>")
            cell = pl.when(text.str.contains(_NUMBER)).then(plain).otherwise(cell)
        cells.append(pl.when(text != "").then(cell))
    row = pl.concat_str(
        [pl.lit('<row r="') + at + pl.lit('">'), *cells, pl.lit("</row>")], ignore_nulls=True
    )
    yield from frame.with_columns(row.alias("_xml")).get_column("_xml")


def letters(column: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry
