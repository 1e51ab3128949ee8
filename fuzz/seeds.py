"""What fuzzing begins with: inputs made from the examples, the packs and the small files of the tests, and
the words of each format."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from harnesses import BASE, FILES, PARTS, ROWS, base, book_parts

ROOT: Final = Path(__file__).resolve().parent.parent
BAD: Final = ROOT / "tests" / "bad"

#: Values that break readers, as text of YAML and JSON alike.
VALUES: Final = (
    "null", "true", "no", "-0", "1e999", "1e-999", "NaN", "Infinity", "-Infinity", ".nan", ".inf",
    "9007199254740993", "9223372036854775808", "1" * 60, "0x1F", "010", "1_000", "12:30", "٣", "９",
    '"\\ud800"', '"\\u0000"', "\x00", "\ufeff", "\u202e", "=1+1", "../../x", "2022-02-30", "0000-00-00",
    "9999-12-31", "2022-13", "[]", "{}", "[[[[[[[[", "{a: {a: {a: ", "&a [*a]", "*a", "!!python/object",
    "<<: *a", "? ", "| ", "--- ",
)  # fmt: skip
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "expression": (
        "household.", "member.", "members", "others", "income(2022)", ".net_per_capita", "param.line",
        "param.average", "external.credit", "population.lifted_household", "rule.support", "any(", "all(",
        "count(", "sum(", " for m in members if ", "m.labour in {ordinary}", "subset", "disjoint", "min(",
        "max(", "known(", "date(2022, 1, 1)", "year(as_of)", "months_between(", "age_on(", "longest_run(",
        "award(primary)", " if ", " else ", " and ", " or ", "not ", " == ", " != ", " <= ", " in ", "1e9",
        "0.1", "1j", "lambda: ", "**", "//", "@", ":=", "f''", "\\", "#", ".from",
    ),
    "name": ("@", "../", "yunnan/dongchuan", "guangxi@1.0.0", "versions/", "vocabulary", "\x00", "530113", "~"),
    "table": (",", "\t", ";", '"', "\r\n", "户编号", "家庭人口数", "脱贫户", "sep=;\n", "{", "[", "PAR1", "PK\x03\x04"),
    "workbook": (
        "<c ", "<row r=", "<v>", "</sheetData>", "<sheetData>", 't="s"', 't="e"', 't="inlineStr"', "<f>",
        '<!DOCTYPE x [<!ENTITY a "b">]>', "&a;", 'SYSTEM "file:///etc/hostname"', "<mergeCell ref=", "A1:XFD1048576",
        "XFD1048576", "<sst", "<si><t>", 'Target="', "../", "\x00",
    ),
    "opendocument": (
        "<table:table-row>", "<table:table-cell>", "<table:covered-table-cell/>", "</table:table-row>", "<text:p>", " table:number-rows-repeated='9'",
        " table:number-columns-repeated='99999'", "office:value-type='date'", "office:date-value='2022-02-30'", "office:value='1e400'", "\x00",
        "table:number-rows-spanned='3'", "office:boolean-value='true'",
    ),
    "options": ("=", "户编号=", "household.type", "unknown", "none", "备注=", "member.birth_date", "\n"),
}  # fmt: skip


def seeds(name: str) -> list[bytes]:
    """Right and nearly right inputs of a harness."""
    return list(dict.fromkeys(_SEEDS[name]()))


def words(name: str) -> list[bytes]:
    """What an input of a harness is made of."""
    extra = WORDS.get(name, ())
    keys: list[str] = []
    if name == "record":
        keys = [*_keys(json.loads(ROOT.joinpath("tests/bad/ten.json").read_text("utf-8")))]
    if name == "pack":
        keys = [
            line.strip().split(":")[0] + ": "
            for text in base().values()
            for line in text.splitlines()
        ]
    return [w.encode("utf-8", "surrogatepass") for w in dict.fromkeys((*extra, *VALUES, *keys))]


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield f'"{key}": '
            yield from _keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from _keys(item)


def _packs() -> Iterator[bytes]:
    for i, file in enumerate(FILES):
        yield bytes([i]) + base()[file].encode()
        for bad in sorted(BAD.glob(f"*/{file}")):
            if bad.parent != BASE:
                yield bytes([i]) + bad.read_bytes()


def _overlays() -> Iterator[bytes]:
    for path in sorted(BAD.glob("*/overlay.yaml")):
        yield path.read_bytes()
    yield (ROOT / "examples" / "overlay-2022.yaml").read_bytes()
    yield b"pack: base\nparameters:\n  average: [{from: 2022-01-01, value: 12000.5}]\nexternals: {credit: true}\n"
    yield b"readings: {which_year: {choose: year_before, decided_by: x, document: y, date: 2022-01-01}}\n"


def _expressions() -> Iterator[bytes]:
    """Every condition of the packs, and of the tests of the language."""
    for path in sorted((ROOT / "rules").rglob("rules/*.yaml"))[:12]:
        for line in path.read_text("utf-8").splitlines():
            text = line.strip().removeprefix("- ").removeprefix("when: ")
            if any(mark in text for mark in (" == ", " <= ", " >= ", " for ", "known(")):
                yield text.encode()
    tree = ast.parse((ROOT / "tests" / "expr" / "test_parser.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 3:
            yield node.value.encode("utf-8", "surrogatepass")


def _names() -> Iterator[bytes]:
    yield from (
        b"guangxi",
        b"yunnan/dongchuan",
        b"guangxi@1.0.0",
        b"guangxi@1",
        b"../x",
        b"a@../../x",
        b"530113",
    )


def _records() -> Iterator[bytes]:
    for path in sorted([*(ROOT / "examples").glob("*-family.yaml"), BAD / "ten.yaml"]):
        yield b"\x00" + path.read_bytes()
    for path in [*sorted(BAD.glob("*/record.*")), BAD / "ten.json"]:
        yield (b"\x01" if path.suffix == ".json" else b"\x00") + path.read_bytes()


def _tables() -> Iterator[bytes]:
    rows = [["" if c is None else str(c) for c in row] for row in ROWS]
    for mark in (",", "\t", ";"):
        yield "\n".join(mark.join(row) for row in rows).encode()
    yield "\r\n".join(",".join(f'"{c}"' for c in row) for row in rows).encode("gb18030")
    yield "\n".join(",".join(row) for row in rows).encode("utf-16")
    for row in rows[1:]:
        yield json.dumps(dict(zip(rows[0], row, strict=True)), ensure_ascii=False).encode()
    yield b'{"id": "h1", "type": "lifted", "size": 2, "members": [{"id": "m1"}]}\n{"id": "h2", "size": 1e3}\n'
    yield b'[{"id": "h1", "incomes": {"2022": {"net": 12.5}}}]'


def _workbooks() -> Iterator[bytes]:
    for i, part in enumerate(PARTS):
        yield bytes([i]) + book_parts()[part]


def _opendocuments() -> Iterator[bytes]:
    rows = ""
    for row in ROWS:
        cells = ""
        for cell in row:
            if isinstance(cell, int):
                cells += f"<table:table-cell office:value-type='float' office:value='{cell}'/>"
            else:
                text = f"<text:p>{cell or ''}</text:p>"
                cells += f"<table:table-cell office:value-type='string'>{text}</table:table-cell>"
        rows += f"<table:table-row>{cells}</table:table-row>"
    names = "".join(
        f" xmlns:{n}='urn:oasis:names:tc:opendocument:xmlns:{n}:1.0'"
        for n in ("office", "table", "text")
    )
    whole = f"<office:spreadsheet><table:table table:name='户'>{rows}</table:table></office:spreadsheet>"
    yield f"<office:document-content{names}><office:body>{whole}</office:body></office:document-content>".encode()


def _options() -> Iterator[bytes]:
    yield "\n备注=household.type\n户类型=\n\n\n户类型=unknown\n年度=none".encode()
    yield b"p"


_SEEDS: Final = {
    "pack": _packs,
    "overlay": _overlays,
    "expression": _expressions,
    "name": _names,
    "record": _records,
    "table": _tables,
    "workbook": _workbooks,
    "opendocument": _opendocuments,
    "options": _options,
}
