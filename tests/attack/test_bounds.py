"""Small files that would grow large: refused, in bounded time and memory.

All attacks of a kind run in one process of their own, whose memory is limited and whose processor time is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import made_up
import pytest
from harnesses import book_parts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
MEGABYTES = 1200
#: A part larger than what may be unpacked at any ratio.
LARGE = 70 << 20
#: Processor time for one attack; a small file is read in a tenth of a second.
SECONDS = 10
SHEET = "xl/worksheets/sheet1.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SCRIPT = """
import json, resource, sys, time
from pathlib import Path
from policy_rules import PolicyRulesError
from policy_rules.facts.files import read_record_file
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_folder
from policy_rules.tables.reading import read_population

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
READERS = {
    "table": read_population,
    "record": lambda path: read_record(read_record_file(path).data),
    "pack": load_folder,
}
found = {}
for kind, path in json.loads(sys.argv[2]):
    began = time.process_time()
    try:
        READERS[kind](Path(path))
        codes = []
    except PolicyRulesError as error:
        codes = sorted({p.code for p in error.problems})
    found[Path(path).name] = [codes, time.process_time() - began]
print(json.dumps(found))
"""


def book(path: Path, parts: Mapping[str, bytes], more: Mapping[str, bytes] | None = None) -> Path:
    """A right workbook of which some parts are replaced."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, body in {**book_parts(), **parts, **(more or {})}.items():
            packed.writestr(name, body)
    return path


def sheet(rows: str) -> dict[str, bytes]:
    return {SHEET: f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>".encode()}


def text_of(size: int) -> bytes:
    """Text that packs to a hundredth of itself: no bomb by its ratio."""
    import random

    piece = "".join(random.Random(1).choices("abcdefghij", k=9000)).encode()
    return piece * (size // len(piece))


def workbooks(folder: Path, large: int) -> dict[str, str]:
    """Workbooks, with the code each is refused with."""
    name = "workbook.xml"
    laughs = '<!DOCTYPE x [<!ENTITY a0 "lol">'
    laughs += "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)) + "]>"
    within = '<workbook><sheets><sheet name="{}" sheetId="1"/></sheets></workbook>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{}</row>'
    cell = text_of(large if large > LARGE else 4 << 20)
    given: dict[str, tuple[dict[str, bytes], str]] = {
        "laughs": ({f"xl/{name}": (laughs + within.format("&a11;")).encode()}, "cannot_read"),
        "outside": ({f"xl/{name}": (outside + within.format("&a;")).encode()}, "cannot_read"),
        "encoding": ({f"xl/{name}": b'<?xml version="1.0" encoding="gbk"?><a/>'}, "cannot_read"),
        "unknown": ({f"xl/{name}": b'<?xml version="1.0" encoding="none"?><a/>'}, "cannot_read"),
        "nested": ({f"xl/{name}": b"<a>" * 2_000_000}, "cannot_read"),
        "rows": ({SHEET: b"<worksheet><sheetData>" + b"<row>" * 2_000_000}, "cell_too_large"),
        "far": (sheet(far.format('<c r="XFD1048576"><v>1</v></c>')), "too_many_cells"),
        "thin": (sheet(far.format('<c r="GH1048576"><v>1</v></c>')), "too_many_cells"),
        "spaced": (sheet(far.format("<c\n\tr = 'XFD1048576'><v>1</v></c>")), "too_many_cells"),
        "small": (sheet(far.format('<c r="xfd1048576"><v>1</v></c>')), "too_many_cells"),
        "string": ({"xl/sharedStrings.xml": b"<sst><si><t>" + cell}, "cell_too_large"),
        "inline": ({SHEET: b'<worksheet><sheetData><row r="1"><c r="A1"><is><t>' + cell}, "cell_too_large"),
        "bomb": ({SHEET: bytes(large)}, "file_too_large"),
    }  # fmt: skip
    for stem, (parts, _) in given.items():
        book(folder / f"{stem}.xlsx", parts)
    codes = {f"{stem}.xlsx": code for stem, (_, code) in given.items()}
    once = "<table:table-row{}><table:table-cell{} office:value-type='string'><text:p>{}</text:p>"
    once += "</table:table-cell></table:table-row>"
    rows, columns = (f" table:number-{n}-repeated='{{}}'" for n in ("rows", "columns"))
    for stem, row in {
        "wide": once.format(rows.format(12_000), columns.format(16_384), "x"),
        "tall": once.format(rows.format(1_000_000), columns.format(100), "x"),
        "late": f"<table:table-row{rows.format(1_000_000)}/>"
        + once.format("", columns.format(99), "x"),
        "heavy": once.format(rows.format(3_000), "", "x" * 500_000),
    }.items():
        with zipfile.ZipFile(folder / f"{stem}.ods", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            packed.writestr("content.xml", f"<table:table table:name='a'>{row}</table:table>")
        codes[f"{stem}.ods"] = "too_many_cells"
    broken = "<table:table table:name='a'><table:table-row><table:t/office:document-content>"
    with zipfile.ZipFile(folder / "broken.ods", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr("content.xml", broken)  # the reader looks for its end for ever
    codes["broken.ods"] = "cannot_read"
    codes |= hidden(folder, sheet(far.format('<c r="XFD1048576"><v>1</v></c>'))[SHEET])
    # a part that cannot be unpacked
    whole = book(folder / "torn.xlsx", {}).read_bytes()
    at = whole.index(b"xl/workbook.xml") + 40
    (folder / "torn.xlsx").write_bytes(whole[:at] + b"\xff" * 40 + whole[at + 40 :])
    return {**codes, "torn.xlsx": "cannot_read"}


def hidden(folder: Path, far: bytes) -> dict[str, str]:
    """Workbooks in which a sheet of far too many cells stands where only the reader would look."""
    links = "xl/_rels/workbook.xml.rels"
    elsewhere = book_parts()[links].replace(b"worksheets/sheet1.xml", b"worksheets/sheet1.dat")
    again = elsewhere.replace(b"sheet1.dat", b"sheet1.xml").replace(
        b"</Rel", b'<Relationship Id="rId1" Target="worksheets/a.xml"/></Rel'
    )
    book(folder / "suffix.xlsx", {links: elsewhere}, {SHEET.replace(".xml", ".dat"): far})
    book(folder / "case.xlsx", {}, {SHEET.replace("sheet1", "SHEET1"): far})
    book(folder / "links.xlsx", {links: again}, {SHEET.replace("sheet1", "a"): far})
    book(folder / "binary.xlsx", {}, {"xl/workbook.bin": b""})
    for stem, name in (("sheets", SHEET), ("books", "xl/workbook.xml"), ("rels", links)):
        body = book(folder / f"{stem}.xlsx", {SHEET: far}).read_bytes()
        (folder / f"{stem}.xlsx").write_bytes(
            body.replace(name.encode(), name.replace("/", "\\").encode())
        )
    body = book(folder / "after.xlsx", {SHEET: far}).read_bytes()
    (folder / "after.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + body)
    shown = book(folder / "within.xlsx", {}).read_bytes()
    (folder / "within.xlsx").write_bytes(shown[:-2] + b"\1\0" + body + shown[-22:-2] + b"\1\0.")
    refused = dict.fromkeys(["suffix", "sheets", "books", "rels"], "too_many_cells")
    refused |= dict.fromkeys(["case", "links", "binary", "after", "within"], "cannot_read")
    return {f"{stem}.xlsx": code for stem, code in refused.items()}


def texts(folder: Path, large: int) -> dict[str, str]:
    """Text files, with the code each is refused with (nothing: it is read)."""
    plain = "户编号,户类型,家庭人口数\n".encode()
    many = "\n".join(json.dumps({"户编号": f"h{i}", f"k{i}": 1}) for i in range(30_000))
    given = {
        "line.csv": (plain + b"1" * large, "cell_too_large"),
        "commas.csv": (plain[:-1] + b"," * large + b"\n", "cell_too_large"),
        "quotes.csv": (plain + b'"' * large, "cell_too_large"),
        "keys.jsonl": (many.encode(), "too_many_values"),
        "deep.jsonl": (b'{"a":' * 400_000, "no_household_number_column"),
    }
    for name, (body, _) in given.items():
        (folder / name).write_bytes(body)
    return {name: code for name, (_, code) in given.items()}


def records(folder: Path) -> dict[str, str]:
    """Record files, with the code each is refused with."""
    given = {
        "keys.yaml": ("".join(f"zq{i}x: 1\n" for i in range(10_000)), "unknown_key"),
        "codes.json": (json.dumps({"risks": [f"zq{i}" for i in range(15_000)]}), "unknown_key"),
        "key.json": (json.dumps({"x" * 1_000_000: 1}), "unknown_key"),
        "code.json": (json.dumps({"type": "x" * 1_000_000}), "not_allowed"),
        "digits.json": ('{"size": ' + "1" * 5_000_000 + "}", "bad_json"),
        "deep.json": ("[" * 1_000_000, "too_deep"),
        "aliases.yaml": (
            "a0: &a0 [x,x,x,x,x,x,x,x]\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 30)),
            "too_many_values",
        ),
    }
    for name, (text, _) in given.items():
        (folder / name).write_text(text, "utf-8")
    return {name: code for name, (_, code) in given.items()}


def packs(folder: Path) -> dict[str, str]:
    """Packs with one file too much of something, with a code each is refused with."""
    right = made_up.texts()
    rules = right["rules/rules.yaml"]
    start = rules.index("- id: public_post")
    one = rules[start:]
    given = {
        "unknown": ({"pack.yaml": right["pack.yaml"] + "".join(f"zq{i}: 1\n" for i in range(20_000))}, "unknown_key"),
        "rules": ({"rules/rules.yaml": "".join(one.replace("public_post", f"p{i}", 1).replace("2#2", f"9#{i}") for i in range(400))}, "unknown_clause"),
        "line": ({"rules/rules.yaml": rules.replace("household.type == lifted", "(" * 5_000_000)}, "expression_too_long"),
        "nested": ({"rules/rules.yaml": rules.replace("household.type == lifted", "not " * 400 + "known(household.size)")}, "expression_too_deep"),
        "number": ({"rules/rules.yaml": rules.replace("LINE", "1e999999999").replace("8000", "1e999999999")}, "bad_number"),
    }  # fmt: skip
    for name, (files, _) in given.items():
        for file, text in {**right, **files}.items():
            (folder / name / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / file).write_text(text, "utf-8")
    return {name: code for name, (_, code) in given.items()}


def hold(folder: Path, expected: Mapping[str, str], kind: str) -> None:
    """Each file is refused as it must be, and none takes long or much."""
    given = [[kind, str(folder / name)] for name in expected]
    command = [sys.executable, "-c", SCRIPT, str(MEGABYTES), json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    said = {n: codes for n, (codes, _) in found.items()}
    assert {n: code in said[n] if code else said[n] == [] for n, code in expected.items()} == (
        dict.fromkeys(expected, True)
    ), said
    assert {n: took for n, (_, took) in found.items() if took > SECONDS} == {}


def test_workbooks(tmp_path: Path) -> None:
    hold(tmp_path, workbooks(tmp_path, LARGE), "table")


def test_texts(tmp_path: Path) -> None:
    hold(tmp_path, texts(tmp_path, 20 << 20), "table")


def test_records(tmp_path: Path) -> None:
    hold(tmp_path, records(tmp_path), "record")


def test_packs(tmp_path: Path) -> None:
    hold(tmp_path, packs(tmp_path), "pack")


@pytest.mark.nightly
def test_a_cell_of_a_gigabyte(tmp_path: Path) -> None:
    given = workbooks(tmp_path, 1 << 30)
    hold(
        tmp_path,
        {n: c for n, c in given.items() if n.split(".")[0] in ("string", "inline", "bomb")},
        "table",
    )


@pytest.mark.nightly
def test_text_files_of_300_megabytes(tmp_path: Path) -> None:
    given = texts(tmp_path, 300 << 20)
    hold(tmp_path, given, "table")
