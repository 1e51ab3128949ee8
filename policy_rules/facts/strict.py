"""The strict reader of records: it says what a record means and what in it is a mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problems, nearest, one_of, shown
from policy_rules.facts.dates import read_date
from policy_rules.facts.dictionary import SUBJECTS, FactSpec, RecordSpec, Vocabulary
from policy_rules.facts.discretion import discreet, discreet_key, truth_meant
from policy_rules.facts.numbers import Refused, bound_text, exact_number
from policy_rules.facts.rows import (
    ITEM_META,
    MAX_ITEMS,
    META,
    UNKNOWN_LIST,
    YEARS,
    External,
    Items,
    Row,
)
from policy_rules.text import writable
from policy_rules.verdict import ANY_DATE, Interval
from policy_rules.yamldoc import Document, Path_, dotted

_YEARS: Final = frozenset(map(str, YEARS))
#: Mistakes of a record of which the nearest right name is looked for.
MOST_NEAR: Final = 200
_KINDS: Final = frozenset(SUBJECTS) - {"member"}


#: Kind, facts, date and region of a record.
Parts = tuple[str, Row, date | None, str]


def read_strictly(
    data: Any, vocabulary: Vocabulary, document: Document | None = None
) -> tuple[Parts | None, Problems]:
    """What a record says, and every mistake in it, each with its place (that in ``document`` where it
    was read from one).

    What is wrong is left out; None where it cannot be told what is meant at all.
    """
    reader = _Reader(vocabulary, document)
    return reader.record(data), reader.problems


class _Reader:
    def __init__(self, vocabulary: Vocabulary, document: Document | None) -> None:
        self.vocabulary = vocabulary
        self.document = document
        self.problems = Problems()
        self.looked = 0

    def near(self, name: str, known: Iterable[str]) -> str:
        """The nearest right name; after many mistakes nobody reads it, and looking takes its time."""
        self.looked += 1
        return nearest(name, known) if self.looked <= MOST_NEAR and len(name) <= 200 else ""

    def place(self, path: Path_, *, key: bool = False, known: str = "") -> Place:
        """Where something stands. A key may be a name: what an error does not repeat is `…` in its path,
        too; ``known`` is the right word the last key is like, if any."""
        told = [
            k if discreet_key(k, known if i == len(path) else "") == shown(k) else "…"
            for i, k in enumerate(path, 1)
        ]
        if self.document is None:
            return Place(path=dotted(tuple(told)))
        found = self.document.key_place(path) if key else self.document.place(path)
        return attrs.evolve(found, path=dotted(tuple(told)))

    def note(self, path: Path_, bad: Refused, *, key: bool = False) -> None:
        code, expected, got, near = bad.problem
        self.problems.add(code, self.place(path, key=key), expected=expected, got=got, nearest=near)

    def record(self, data: Any) -> Parts | None:
        if not isinstance(data, Mapping):
            self.note((), Refused("wrong_type", "a mapping", discreet(data)))
            return None
        kind = data.get("kind", "household")
        kinds = [k for k in self.vocabulary.records if k in _KINDS]
        if kind not in kinds:
            near = self.near(str(kind), kinds)
            self.note(("kind",), Refused("not_allowed", one_of(kinds), discreet(kind, near), near))
            return None
        row = self.row(self.vocabulary.records[kind], data, (), META)
        row.id = self.text(data, "id")
        row.external = self.external(data.get("external"), ("external",))
        as_of = self.day(data.get("as_of"))
        return kind, row, as_of, self.text(data, "region")

    def day(self, value: Any) -> date | None:
        if value is None:
            return None
        try:
            day = read_date(value)
        except ValueError:
            day = ANY_DATE
        if isinstance(day, Interval):
            self.note(("as_of",), Refused("bad_date", "2022-12-31", discreet(value)))
            return None
        return day

    def text(self, data: Mapping[str, Any], key: str, path: Path_ = ()) -> str:
        value = data.get(key)
        if value is None:
            return ""
        try:
            return self.reference(None, value, path)
        except Refused as bad:
            self.note((*path, key), bad)
            return ""

    def external(self, data: Any, path: Path_) -> External:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            self.note(path, Refused("wrong_type", "a mapping", discreet(data)))
            return {}
        found: dict[str, dict[str, bool]] = {}
        for pack, conditions in data.items():
            here = (*path, pack)
            if not writable(str(pack)):
                self.note(here, Refused("broken_text", got=discreet(pack)), key=True)
                continue
            if not isinstance(conditions, Mapping):
                self.note(here, Refused("wrong_type", "a mapping", discreet(conditions)))
                continue
            for name, value in conditions.items():
                if not writable(str(name)):
                    bad = Refused("broken_text", got=discreet(name))
                    self.note((*here, name), bad, key=True)
                elif value is not None and not isinstance(value, bool):
                    bad = Refused("wrong_type", "true or false", discreet(value))
                    self.note((*here, name), bad)
                elif value is not None:
                    found.setdefault(str(pack), {})[str(name)] = value
        return found

    def row(
        self, spec: RecordSpec, data: Mapping[str, Any], path: Path_, meta: tuple[str, ...]
    ) -> Row:
        row = Row()
        self.group(spec, data, path, "", row, meta)
        return row

    def group(
        self,
        spec: RecordSpec,
        data: Mapping[str, Any],
        path: Path_,
        prefix: str,
        row: Row,
        meta: tuple[str, ...] = (),
    ) -> None:
        facts = spec.facts
        for key, value in data.items():
            if value is None or key in meta:
                if key not in meta and not self.knows(spec, prefix, str(key)):
                    self.unknown(spec, (*path, key), f"{prefix}{key}", meta)
                continue
            name = f"{prefix}{key}"
            fact = facts.get(name) if "." not in str(key) else None  # one form: nested
            if fact is not None:
                try:
                    row[name] = _READERS[fact.kind](self, fact, value, (*path, key))
                except Refused as bad:
                    self.note((*path, key), bad)
            elif name in _groups(spec) and "." not in str(key):
                if isinstance(value, Mapping):
                    self.group(spec, value, (*path, key), f"{name}.", row)
                else:
                    self.note((*path, key), Refused("group_expected", "a mapping", discreet(value)))
            else:
                self.unknown(spec, (*path, key), name, meta)

    def knows(self, spec: RecordSpec, prefix: str, key: str) -> bool:
        name = prefix + key
        return "." not in key and (name in spec.facts or name in _groups(spec))

    def unknown(self, spec: RecordSpec, path: Path_, name: str, meta: tuple[str, ...]) -> None:
        near = _headers(spec).get(str(path[-1]))
        key, known = str(path[-1]), [*spec.facts, *_groups(spec), *meta]
        prefix = name.removesuffix(key)
        below = self.near(key, [n.removeprefix(prefix) for n in known if n.startswith(prefix)])
        near = near or (prefix + below if below else self.near(key, known))
        self.unknown_key(path, spec.name, near)

    def unknown_key(self, path: Path_, expected: str, near: str) -> None:
        # the value stays out of the message, it may be a name; and so may the key itself
        got, place = discreet_key(path[-1], near), self.place(path, key=True, known=near)
        self.problems.add("unknown_key", place, expected=expected, got=got, nearest=near)

    # -- values ---------------------------------------------------------------------------

    def boolean(self, fact: FactSpec, value: Any, path: Path_) -> bool:
        if isinstance(value, bool):
            return value
        meant = truth_meant(value)
        raise Refused("wrong_type", "true or false", discreet(value, meant), meant)

    def number(self, fact: FactSpec, value: Any, path: Path_) -> int | Fraction:
        number = exact_number(value)
        if fact.kind == "int" and not isinstance(number, int):
            raise Refused("wrong_type", "a whole number", discreet(value))
        if not fact.lo <= number <= fact.hi:
            raise Refused(
                "out_of_range", f"{bound_text(fact.lo)} – {bound_text(fact.hi)}", discreet(value)
            )
        return number

    def date(self, fact: FactSpec, value: Any, path: Path_) -> date | Interval:
        try:
            found = read_date(value)
        except ValueError:
            raise Refused("bad_date", "2022-12-31, 2022-12 or 2022", discreet(value)) from None
        if fact.kind == "year_month" and isinstance(found, date):
            raise Refused("bad_date", "2022-12", discreet(value))
        return found

    def code(self, fact: FactSpec, value: Any, path: Path_) -> str:
        codes = self.vocabulary.codes[fact.codes or ""]
        if isinstance(value, str) and value in codes.values:
            return value
        known = [*codes.values, *codes.spellings]
        spelling = codes.spellings.get(value) if isinstance(value, str) else None
        near = spelling or self.near(str(value), known)
        near = codes.spellings.get(near, near)  # a code, never a spelling of one
        raise Refused("not_allowed", one_of(codes.values), discreet(value, near), near)

    def codes(self, fact: FactSpec, value: Any, path: Path_) -> frozenset[str]:
        if not isinstance(value, list | tuple | set | frozenset):
            raise Refused("wrong_type", "a list", discreet(value))
        found = set()
        for i, item in enumerate(value):
            try:
                found.add(self.code(fact, item, path))
            except Refused as bad:
                self.note((*path, i), bad)
        return frozenset(found)

    def reference(self, fact: FactSpec | None, value: Any, path: Path_) -> str:
        if isinstance(value, str) and not writable(value):
            raise Refused("broken_text", got=discreet(value))
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
        raise Refused("wrong_type", "text", discreet(value))

    def items(self, fact: FactSpec, value: Any, path: Path_) -> Items:
        complete = True
        if isinstance(value, Mapping):
            for key in value:
                if key not in ("items", "complete"):
                    near = self.near(str(key), ["items", "complete"])
                    self.unknown_key((*path, key), "items, complete", near)
            complete = value.get("complete", True)
            if not isinstance(complete, bool):
                self.note(
                    (*path, "complete"), Refused("wrong_type", "true or false", discreet(complete))
                )
            if "items" not in value:
                raise Refused("missing_key", shown("items"))
            path, value = (*path, "items"), value["items"]
        if not isinstance(value, list | tuple):
            self.note(path, Refused("wrong_type", "a list", discreet(value)))
            return UNKNOWN_LIST
        if len(value) > MAX_ITEMS:
            raise Refused("too_many_values", str(MAX_ITEMS), str(len(value)))
        spec = self.vocabulary.records[fact.item or ""]
        rows: list[Row] = []
        seen: set[str] = set()
        for i, item in enumerate(value):
            here = (*path, i)
            if item is None:
                complete = False
                continue
            if not isinstance(item, Mapping):
                self.note(here, Refused("wrong_type", "a mapping", discreet(item)))
                complete = False
                continue
            row = self.row(spec, item, here, ITEM_META)
            row.id = self.text(item, "id", here) or f"{spec.name[0]}{i + 1}"
            row.external = self.external(item.get("external"), (*here, "external"))
            if row.id in seen:
                self.note(
                    (*here, "id"), Refused("duplicate_member", got=discreet(row.id, _short(row.id)))
                )
            seen.add(row.id)
            rows.append(row)
        return Items(tuple(rows), complete)

    def by_year(self, fact: FactSpec, value: Any, path: Path_) -> dict[int, Row]:
        if not isinstance(value, Mapping):
            raise Refused("wrong_type", "a mapping", discreet(value))
        spec = self.vocabulary.records[fact.item or ""]
        found = {}
        for key, item in value.items():
            here = (*path, key)
            if str(key) not in _YEARS:
                bad = Refused("out_of_range", "1990 – 2100", discreet_key(key))
                self.note(here, bad, key=True)
            elif item is not None and not isinstance(item, Mapping):
                self.note(here, Refused("wrong_type", "a mapping", discreet(item)))
            elif item is not None:
                found[int(key)] = self.row(spec, item, here, ())
        return found

    def nested(self, fact: FactSpec, value: Any, path: Path_) -> Row:
        if not isinstance(value, Mapping):
            raise Refused("wrong_type", "a mapping", discreet(value))
        row = self.row(self.vocabulary.records[fact.item or ""], value, path, ITEM_META)
        row.id = self.text(value, "id", path)
        row.external = self.external(value.get("external"), (*path, "external"))
        return row


_READERS: Final[dict[str, Callable[[_Reader, FactSpec, Any, Path_], Any]]] = {
    "bool": _Reader.boolean,
    "int": _Reader.number,
    "number": _Reader.number,
    "money": _Reader.number,
    "share": _Reader.number,
    "date": _Reader.date,
    "year_month": _Reader.date,
    "code": _Reader.code,
    "codes": _Reader.codes,
    "text": _Reader.reference,
    "list": _Reader.items,
    "by_year": _Reader.by_year,
    "record": _Reader.nested,
}


def _short(id_: str) -> str:
    """An id that is no identity number."""
    return id_ if id_.isascii() and sum(c.isdigit() for c in id_) < 11 else ""


@cache
def _headers(spec: RecordSpec) -> Mapping[str, str]:
    """Facts by their Chinese labels and column headers, for those who write these as keys."""
    return {h: f.path for f in spec.facts.values() for h in (*f.columns, f.label.zh)}


@cache
def _groups(spec: RecordSpec) -> frozenset[str]:
    """Every proper prefix of a dotted fact name."""
    return frozenset(_prefixes(spec))


def _prefixes(spec: RecordSpec) -> Iterator[str]:
    for path in spec.facts:
        parts = path.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts)))
