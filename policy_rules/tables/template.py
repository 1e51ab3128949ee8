"""A workbook to fill in: the columns a pack needs, with drop-downs, notes and an example.

One sheet has a row a person, as the readers take it; each list the pack reads (work spells, loans …) and each
kind of entity has a sheet of its own, and the last says of every column what is asked, who can answer and
what may stand there. Names and identity numbers are not asked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import attrs

from policy_rules.errors import EvaluationError, Lang, Place, Problem
from policy_rules.facts.dictionary import FactSpec, Vocabulary, load_vocabulary
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.tables.headers import normal, understand
from policy_rules.tables.sheets import Head
from policy_rules.tables.uses import ENTITY_NUMBER, Use, key_headers, uses
from policy_rules.text import Text
from policy_rules.writing import as_os_error, writing

__all__ = [
    "TemplateColumn",
    "TemplateSheet",
    "template_columns",
    "template_sheets",
    "write_template",
]

#: What rows of the sheet may tell of, as :mod:`policy_rules.tables.export` has it.
_RECORDS: Final = ("member", "household", "income_year", "service_year")
_WITHOUT_CELL: Final = frozenset(("list", "by_year", "record"))
#: Asked for always: where the household is, who the person is to it.
_ALWAYS: Final = (
    ("household", "village_id"), ("household", "township_id"), ("household", "type"),
    ("household", "size"), ("member", "birth_date"), ("member", "sex"), ("member", "relation"),
)  # fmt: skip
_HOME: Final = (Text("户编号", "household_id"), Text("同一户各人填同一个户编号；不要用身份证号。", "The same for all of one household; no identity number."))  # fmt: skip
_PERSON: Final = (Text("人编号", "member_id"), Text("户内每人一个编号；不要用身份证号。", "One for each person; no identity number."))  # fmt: skip
_ENTITY: Final = Text("填本单位的编号；没有编号的填全称，各表写法一致。", "Its number; where it has none its full name, the same in all sheets.")  # fmt: skip
#: The records of the sheet of people, in the order of its columns.
_ORDER: Final = ("household", "income_year", "member", "service_year")
_DAY: Final = datetime(2022, 1, 1)
_PEOPLE: Final = Text("填报表", "people")


@attrs.frozen
class TemplateColumn:
    """A column: the fact, its year where it has one, and a header that is read as that fact."""

    fact: FactSpec
    header: str
    year: int | None = None


@attrs.frozen
class TemplateSheet:
    """A sheet: its name, the columns that tell whose a row is (with a note), and those of facts.

    ``path`` is ``export`` for the sheet of people, else what
    :class:`~policy_rules.tables.uses.Use` names so.
    """

    path: str
    name: Text
    keys: tuple[tuple[Text, Text], ...]
    columns: tuple[TemplateColumn, ...]


def template_sheets(
    pack: Pack | None, lang: Lang, vocabulary: Vocabulary, years: Sequence[int] = ()
) -> tuple[TemplateSheet, ...]:
    """The sheets of a template, that of people first; see :func:`template_columns`."""
    people = template_columns(pack, lang, vocabulary, years)
    found = [TemplateSheet("export", _PEOPLE, (_HOME, _PERSON), people)]
    specs = None if pack is None else set(required_facts(pack))
    for use in uses(vocabulary).values():
        columns = tuple(_of_use(use, specs, lang, vocabulary, _years(pack, years)))
        if columns:
            name = vocabulary.records[use.record].label
            if use.owner:
                name = vocabulary.fact(use.owner, use.fact).label
            found.append(TemplateSheet(use.path, name, _keys(use), columns))
    return tuple(found)


def _of_use(
    use: Use,
    specs: set[FactSpec] | None,
    lang: Lang,
    vocabulary: Vocabulary,
    years: Sequence[int],
) -> Iterator[TemplateColumn]:
    """The columns of a list or an entity; none where the pack reads nothing of it."""
    if use.owner and specs is not None and vocabulary.fact(use.owner, use.fact) not in specs:
        return
    if not use.owner and specs is None:
        return  # of entities a pack says what is wanted
    keys = {normal(name) for name in key_headers(use)}
    by_year = [f.item for f in vocabulary.records[use.record].facts.values() if f.kind == "by_year"]
    for record in (use.record, *(r for r in by_year if r)):
        for fact in vocabulary.records[record].facts.values():
            wanted = bool(fact.columns) if specs is None else fact in specs
            if not wanted or fact.kind in _WITHOUT_CELL or fact.path == "entity_id":
                continue
            for year in years if record != use.record else (None,):
                header = _header(fact, year, lang, vocabulary, (use.record, *by_year), keys)
                yield TemplateColumn(fact, header, year)


def _keys(use: Use) -> tuple[tuple[Text, Text], ...]:
    """The columns that tell whose a row of a list is, or which entity."""

    def number(kind: str) -> tuple[Text, Text]:
        name = ENTITY_NUMBER[kind].split()
        return Text(name[0], name[-1]), _ENTITY

    match use.owner:
        case "household":
            more = (number("cooperative"),) if use.record == "cooperative_link" else ()
            return (_HOME, *more)
        case "member":
            return _HOME, _PERSON
        case "":
            return (number(use.record),)
        case _:
            return number(use.owner), number("enterprise")


def _years(pack: Pack | None, years: Sequence[int]) -> Sequence[int]:
    if pack is not None and not years and pack.in_force.start is not None:
        return (pack.in_force.start.year - 1, pack.in_force.start.year)
    return years or (2022,)


def template_columns(
    pack: Pack | None, lang: Lang, vocabulary: Vocabulary, years: Sequence[int] = ()
) -> tuple[TemplateColumn, ...]:
    """The columns of a template, the household's first.

    Those a pack's rules read; without a pack all that exports of real systems have. ``years`` are those of
    incomes and services: by default the year a pack comes into force and the one before, else 2022.
    """
    if pack is None:
        specs = {f for n in _RECORDS for f in vocabulary.records[n].facts.values() if f.columns}
    else:
        specs = set(required_facts(pack))
    specs |= {vocabulary.fact(*name) for name in _ALWAYS}
    years = _years(pack, years)
    found = []
    for record in _ORDER:
        for fact in vocabulary.records[record].facts.values():
            if fact not in specs or fact.kind in _WITHOUT_CELL:
                continue
            if fact.path == "age":
                continue  # follows from the birth date, and changes with the day
            for year in years if record.endswith("_year") else (None,):
                found.append(
                    TemplateColumn(fact, _header(fact, year, lang, vocabulary, _RECORDS), year)
                )
    return tuple(found)


def _header(
    fact: FactSpec,
    year: int | None,
    lang: Lang,
    vocabulary: Vocabulary,
    records: Sequence[str | None],
    keys: Container[str] = (),
) -> str:
    """The first of the fact's names that is read as this fact and no other, nor as one of the keys."""
    names = [*fact.columns, fact.label.zh] if lang == "zh" else [fact.label.en]
    if fact.kind == "bool" and lang == "zh":
        names.append(f"是否{fact.label.zh}")
    for name in (*names, f"{fact.record}.{fact.path}"):
        text = name if year is None else f"{year}年{name}" if lang == "zh" else f"{name} {year}"
        column = understand(0, Head(text), [r for r in records if r], vocabulary)
        mine = column.fact is fact and column.year == year and column.part is None
        if mine and normal(text) not in keys:
            return text
    return f"{year}年{fact.record}.{fact.path}" if year else f"{fact.record}.{fact.path}"


def write_template(
    path: str | Path,
    pack: Pack | None = None,
    lang: Lang = "zh",
    *,
    years: Sequence[int] = (),
    ask: Mapping[str, Text] | None = None,
    vocabulary: Vocabulary | None = None,
) -> int:
    """Write the workbook; gives the number of fact columns.

    ``ask`` has the words for who can answer. The same arguments give the same bytes. Raises
    :class:`~policy_rules.errors.EvaluationError` (``extra_missing``, ``cannot_write``).
    """
    from policy_rules.tables.template_book import TemplateBook

    try:
        import xlsxwriter
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`xlsxwriter`")
        ) from error
    path = Path(path)
    if vocabulary is None:
        vocabulary = load_vocabulary() if pack is None else pack.vocabulary
    sheets = template_sheets(pack, lang, vocabulary, years)
    beside = path.with_name(f"{path.name}.tmp")
    with writing(path):
        try:
            book = xlsxwriter.Workbook(str(beside), {"in_memory": True})
            book.set_properties({"created": _DAY, "title": _PEOPLE[lang]})
            TemplateBook(book, sheets, lang, vocabulary, ask or {}).write()
            with as_os_error():
                book.close()
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    return sum(len(s.columns) for s in sheets)
