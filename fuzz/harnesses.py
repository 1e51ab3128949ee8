"""What is fuzzed: each harness takes any bytes and lets nothing out but a documented error.

A harness returns whether the input was accepted. Whatever it raises is a bug: an exception that is no
:class:`~policy_rules.errors.PolicyRulesError`, a message that cannot be told or encoded, two readers that
differ. ``fuzz/run.py`` feeds them by coverage, ``tests/attack/test_harnesses.py`` by Hypothesis.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from policy_rules.cli.reading import reading_of
from policy_rules.diff.compare import diff_packs
from policy_rules.engine.engine import Engine
from policy_rules.errors import Place, PolicyRulesError, Problems, RecordError
from policy_rules.expr.parser import parse
from policy_rules.expr.prose import prose
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.files import read_record_file
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack, PackHead
from policy_rules.packs.registry import choose_packs, list_packs, load_pack, versions_of
from policy_rules.packs.scope import PackScope
from policy_rules.packs.sections import declare
from policy_rules.tables.batch_records import read_leniently
from policy_rules.tables.reading import read_population
from policy_rules.yamldoc import parse_yaml

HERE: Final = Path(__file__).resolve().parent
#: A small right pack: the one the bad packs of ``tests/bad`` are made from.
BASE: Final = HERE.parent / "tests" / "bad" / "base"
DAY: Final = date(2023, 6, 30)
#: Files of a pack, by the first byte of an input.
FILES: Final = sorted(p.relative_to(BASE).as_posix() for p in BASE.rglob("*.yaml"))
#: Parts of a workbook, by the first byte of an input.
PARTS: Final = (
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
)
#: Small files are written where there is memory for them.
SCRATCH: Final = next((p for p in ("/dev/shm",) if os.access(p, os.W_OK)), None)


def refused(asked: Callable[[], object]) -> PolicyRulesError | None:
    """What an input is refused with, told in both languages and as data; None where it is accepted."""
    try:
        asked()
    except PolicyRulesError as error:
        for lang in ("zh", "en"):
            error.render(lang).encode()  # type: ignore[arg-type]
        json.dumps([p.as_dict() for p in error.problems], ensure_ascii=False).encode()
        return error
    return None


# -- packs -------------------------------------------------------------------------------------------


@cache
def base() -> dict[str, str]:
    """The texts of the small pack, by file."""
    return {name: (BASE / name).read_text("utf-8") for name in FILES}


@cache
def small() -> Pack:
    """The small pack."""
    return load_texts(base())


def pack(data: bytes) -> bool:
    """One file of a pack: byte 0 says which. What loads is answered, and compared with the pack it was."""
    name = FILES[data[0] % len(FILES)] if data else FILES[0]
    text = data[1:].decode("utf-8", "surrogateescape")
    loaded: list[Pack] = []
    if refused(lambda: loaded.append(load_texts({**base(), name: text}))) is None:
        whole = loaded[0]
        answers = Engine(whole, engine="reference").evaluate(FAMILY, as_of=DAY)
        json.dumps(answers.as_dict(), ensure_ascii=False).encode()
        refused(lambda: diff_packs(small(), whole))
        return True
    return False


def overlay(data: bytes) -> bool:
    """An overlay, as YAML."""
    loaded: list[Pack] = []

    def laid() -> None:
        loaded.append(small().with_overlay(parse_yaml(data, "overlay.yaml")))

    if refused(laid) is None:
        answers = Engine(loaded[0], engine="reference").evaluate(FAMILY, as_of=DAY)
        json.dumps(answers.as_dict(), ensure_ascii=False).encode()
        return True
    return False


def expression(data: bytes) -> bool:
    """One line of the condition language, read about a household and about a member; what is right is told."""
    text = data.decode("utf-8", "surrogateescape")
    right = False
    for subject in ("household", "member"):
        problems = Problems()
        scope = PackScope(load_vocabulary(), declare(small().raw), subject)
        node = parse(text, scope, Place("r.yaml", 1, 1, "when"), problems, None)
        assert (node is None) == bool(problems)
        for problem in problems.found:
            problem.render("zh").encode()
            problem.render("en").encode()
        if node is not None:
            right = True
            told = prose(node, PackLabels(small()))
            f"{told.zh}{told.en}".encode()
    return right


def name(data: bytes) -> bool:
    """What a pack may be asked for by: a name and a version; a region and a day; a folder."""
    text = data.decode("utf-8", "surrogateescape")
    # a pack as it stands takes long, and the harness of packs loads one
    found = text in known() or refused(lambda: load_pack(text)) is None
    refused(lambda: versions_of(text))
    for head in heads():
        head.region.holds(text)
    return found


@cache
def known() -> frozenset[str]:
    """The names of all packs."""
    return frozenset(list_packs())


@cache
def heads() -> tuple[PackHead, ...]:
    """The heads of all packs."""
    return tuple(choice.head for choice in choose_packs("", DAY))


# -- records -----------------------------------------------------------------------------------------

#: A plain family, asked about by packs that an input changed.
FAMILY: Final = {
    "id": "h1",
    "region": "990101001001",
    "type": "lifted",
    "size": 2,
    "incomes": {"2022": {"net": 15_990}},
    "members": [{"id": "m1", "labour": "ordinary"}, {"labour": None}],
}


@cache
def engines() -> tuple[Engine, Engine]:
    """The reference alone, and with durable_rules beside it."""
    return Engine(small(), engine="reference"), Engine(small(), engine="auto")


def answered(record: Household) -> None:
    """A record that was read is answered, alike by both engines, and its receipt can be written."""
    for engine in engines():
        found: list[Any] = []

        def asked(engine: Engine = engine, found: list[Any] = found) -> None:
            found.append(engine.evaluate(record, as_of=DAY))

        if refused(asked) is None:
            json.dumps(found[0].as_dict(), ensure_ascii=False).encode()


def record(data: bytes) -> bool:
    """A record file: byte 0 says whether it is JSON or YAML. Read strictly and leniently, then answered."""
    suffix = ".json" if data[:1] and data[0] % 2 else ".yaml"
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path = Path(folder) / f"record{suffix}"
        path.write_bytes(data[1:])
        documents: list[Any] = []
        if refused(lambda: documents.append(read_record_file(path))) is not None:
            return False
        document = documents[0]
        strict: list[Household] = []
        error = refused(lambda: strict.append(read_record(document.data, document=document)))
        try:
            lenient, problems = read_leniently(document.data, load_vocabulary())
        except RecordError:
            assert error is not None
            return False
        assert bool(problems) == (error is not None)
        if strict:
            assert strict[0].digest(b"key") == lenient.digest(b"key")
        answered(lenient)
        return error is None


# -- populations -------------------------------------------------------------------------------------


def table(data: bytes) -> bool:
    """A csv, JSON lines or whatever its first bytes say, read as a population."""
    return _population(data, "p.csv")


def workbook(data: bytes) -> bool:
    """A workbook of which one part is the input: byte 0 says which, or that the input is the whole file."""
    which = data[0] % (len(PARTS) + 1) if data else len(PARTS)
    if which == len(PARTS):
        return _population(b"PK\x03\x04" + data[1:], "p.xlsx")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for part, body in {**book_parts(), PARTS[which]: data[1:]}.items():
            book.writestr(part, body)
    return _population(packed.getvalue(), "p.xlsx")


def opendocument(data: bytes) -> bool:
    """The content of an OpenDocument sheet."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", data)
    return _population(packed.getvalue(), "p.ods")


@cache
def book_parts() -> dict[str, bytes]:
    """The parts of a small right workbook."""
    import xlsxwriter

    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path = Path(folder) / "seed.xlsx"
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet("户")
            for r, row in enumerate(ROWS):
                for c, cell in enumerate(row):
                    page.write(r, c, cell)
        with zipfile.ZipFile(path) as packed:
            return {n: packed.read(n) for n in packed.namelist()}


#: What a monitoring export looks like.
ROWS: Final[list[list[Any]]] = [
    ["户编号", "姓名", "与户主关系", "户类型", "家庭人口数", "年度", "出生日期", "备注"],
    ["h1", "甲", "户主", "脱贫户", 2, 2022, "1980-02-03", "=1+1"],
    ["h1", "乙", "配偶", "脱贫户", 2, 2022, "1982年5月", None],
    ["h2", "丙", "户主", "监测户", "一", 2022, 29000, "#N/A"],
]


def _population(body: bytes, name: str, **options: Any) -> bool:
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path = Path(folder) / name
        path.write_bytes(body)
        readings: list[Any] = []
        if (
            refused(lambda: readings.append(read_population(path, year=2022, **options)))
            is not None
        ):
            return False
        (reading,) = readings
        for problem in reading.problems:
            problem.render("zh").encode()
            problem.render("en").encode()
        for household in reading.records[:3]:
            answered(household)
        return bool(reading.records)


def options(data: bytes) -> bool:
    """Options of a reading (``--column``, ``--empty``, ``--sheet``), one a line, over a small right table."""
    given = data.decode("utf-8", "surrogateescape").split("\n")[:9]
    body = "\n".join(",".join("" if c is None else str(c) for c in row) for row in ROWS)
    made: list[dict[str, Any]] = []
    if refused(lambda: made.append(reading_of(given[0] or None, None, given[1:5], given[5:9]))):
        return False
    made[0].pop("year")
    return _population(body.encode(), "p.csv", **made[0])


HARNESSES: Final[dict[str, Callable[[bytes], bool]]] = {
    h.__name__: h
    for h in (pack, overlay, expression, name, record, table, workbook, opendocument, options)
}
