"""Records that break a rule of the fact dictionary, for the error paths: a Hypothesis strategy.

Each is a lawful record spoilt in one place or several. What a mistake is called is known beforehand,
so that a test can ask for every error there is, and tell where another one comes out.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.rows import MAX_ITEMS
from policy_rules.packs.model import Pack
from policy_rules.testing.layout import kinds_of
from policy_rules.testing.strategies import records

#: What can be wrong with a record: every code that reading one, and asking a pack of it, comes to.
RECORD_ERRORS: Final = (
    "bad_date",
    "broken_text",
    "duplicate_member",
    "group_expected",
    "missing_key",
    "no_date",
    "not_a_number",
    "not_allowed",
    "not_finite",
    "out_of_range",
    "too_many_values",
    "unknown_external",
    "unknown_key",
    "unknown_pack",
    "wrong_type",
)

#: A value that is wrong where it stands, and what its error is called.
Fault = tuple[str, Any]
Path = tuple[str | int, ...]


def _any(*values: Any) -> tuple[Any, ...]:
    return values


@attrs.frozen
class Wrong:
    """One way to spoil a record of a kind: what is put where."""

    code: str
    kind: str
    path: Path
    value: Any


def lawless_records(pack: Pack, *codes: str) -> st.SearchStrategy[Any]:
    """Records with at least one mistake: one of some codes of :data:`RECORD_ERRORS`, by default of any.

    Most are lawful but for one to three facts of any kind; some are no record at all. Every one is
    refused by :meth:`policy_rules.Engine.evaluate` with a :class:`~policy_rules.errors.RecordError`
    that holds only codes of that list. Shrinks towards an empty record with one mistake. Raises
    :class:`~policy_rules.errors.NotFoundError` for a code that is no error of a record.
    """
    for code in codes:
        if code not in RECORD_ERRORS:
            raise NotFoundError(
                Problem(
                    "not_allowed",
                    Place(),
                    expected=one_of(RECORD_ERRORS),
                    got=shown(code),
                    nearest=nearest(code, RECORD_ERRORS),
                )
            )
    wanted = [w for w in _wrongs(pack) if not codes or w.code in codes]
    by_code: dict[str, list[Wrong]] = {}
    by_kind: dict[str, list[Wrong]] = {}
    for wrong in wanted:
        by_code.setdefault(wrong.code, []).append(wrong)
        if wrong.path:
            by_kind.setdefault(wrong.kind, []).append(wrong)
    # a code, then a way to come to it: some have a thousand ways, others one
    first = st.one_of([st.sampled_from(ways) for ways in by_code.values()])
    lawful = {kind: records(pack, kind, max_members=2) for kind in by_kind}
    more = {kind: st.lists(st.sampled_from(ways), max_size=2) for kind, ways in by_kind.items()}

    @st.composite
    def spoilt(draw: st.DrawFn) -> Any:
        wrong = draw(first)
        if not wrong.path:
            return copy.deepcopy(wrong.value)
        others = draw(more[wrong.kind])
        record = draw(lawful[wrong.kind])
        for one in (*others, wrong):  # the first last, so that no other undoes it
            record = _put(record, one.path, one.value)
        return record

    return spoilt()


_GONE: Final = object()


def _put(node: Any, path: Path, value: Any) -> Any:
    """Plain data with a value at a path, whatever stood on the way."""
    if not path:
        return value
    key, *rest = path
    if isinstance(key, int):
        items = list(node) if isinstance(node, list) else []
        items += [{} for _ in range(len(items), key + 1)]
        items[key] = _put(items[key], tuple(rest), value)
        return items
    body = dict(node) if isinstance(node, Mapping) else {}
    if not rest and value is _GONE:
        body.pop(key, None)
        return body
    body[key] = _put(body.get(key), tuple(rest), value)
    return body


@lru_cache(maxsize=8)
def _wrongs(pack: Pack) -> tuple[Wrong, ...]:
    return tuple(_of_pack(pack))


def _of_pack(pack: Pack) -> Iterator[Wrong]:
    for value in _any([], "x", 3, None, [{}], True):
        yield Wrong("wrong_type", "", (), value)
    for kind in _any("member", "househld", 3, ["household"]):
        yield Wrong("not_allowed", "", (), {"kind": kind})
    for kind in kinds_of(pack):
        for path, code, value in _of_record(pack, kind):
            yield Wrong(code, kind, path, value)
    for subject in ("household", "member"):
        at: Path = () if subject == "household" else ("members", 0)
        yield Wrong("unknown_external", "household", (*at, "external", pack.id), {"no_such": True})
        slip = f"{pack.id}s" if len(pack.id) > 4 else f"{pack.id}_"
        yield Wrong("unknown_pack", "household", (*at, "external", slip), {"no_such": True})


def _of_record(pack: Pack, kind: str) -> Iterator[tuple[Path, str, Any]]:
    """Mistakes in a record of a kind: in its head, its facts, and those of the rows within."""
    yield ("as_of",), "no_date", _GONE
    for day in _any("2022-02-30", "2022-12", "31.12.2022", "", 3.5, [2022]):
        yield ("as_of",), "bad_date", day
    for key in ("id", "region"):
        yield (key,), "broken_text", "a\ud800"
        for value in _any(1.5, True, ["a"], {}):
            yield (key,), "wrong_type", value
    for value in _any(3, [], {"x": 3}, {"x": {"y": 1}}, {"x": {"y": "yes"}}):
        yield ("external",), "wrong_type", value
    yield from _of_row(pack, kind, (), frozenset())


def _of_row(
    pack: Pack, record: str, at: Path, passed: frozenset[str]
) -> Iterator[tuple[Path, str, Any]]:
    spec = pack.vocabulary.records[record]
    for key in ("", "no_such_fact", "张三", "typ", "a.b", "\x00", "\ud800"):
        yield (*at, key), "unknown_key", 1
    for fact in spec.facts.values():
        path = (*at, *fact.path.split("."))
        if "." in fact.path:
            for value in _any(3, "x", [], True):
                yield path[: len(at) + 1], "group_expected", value
        for code, value in _FAULTS[fact.kind](fact):
            yield path, code, value
        if fact.item is None or fact.item in passed or len(at) > 3:
            continue
        inner: Path = (0,) if fact.kind == "list" else ("2022",) if fact.kind == "by_year" else ()
        below = passed | {record, fact.item}
        yield from _of_row(pack, fact.item, (*path, *inner), below)


def _number(fact: FactSpec) -> Iterator[Fault]:
    for text in _any("many", "12a", "１２", "1,000", "", "9" * 40, "\ud800"):
        yield "not_a_number", text
    for other in _any(True, [], {}, date(2022, 1, 1)):
        yield "not_a_number", other
    for huge in _any(math.nan, math.inf, -math.inf, Decimal("1e99"), Decimal("NaN"), 1e-300):
        yield "not_finite", huge
    if fact.kind == "int":
        yield "wrong_type", 1.5
    if fact.lo != -math.inf:
        yield "out_of_range", fact.lo - 1
    if fact.hi != math.inf:
        yield "out_of_range", fact.hi + 1


def _date(fact: FactSpec) -> Iterator[Fault]:
    for value in _any(
        "2022-02-30", "2022-13", "2022/01/01", "0000", "", 20220101, True, [], 2022.0
    ):
        yield "bad_date", value
    if fact.kind == "year_month":
        yield "bad_date", "2022-12-31"


def _code(fact: FactSpec) -> Iterator[Fault]:
    for value in _any("no_such_code", "", "张三", 3, True, [], "\ud800"):
        yield "not_allowed", value


def _codes(fact: FactSpec) -> Iterator[Fault]:
    for value in _any("x", 3, True, {}):
        yield "wrong_type", value
    for value in _any(["no_such_code"], [3], [[]]):
        yield "not_allowed", value


def _list(fact: FactSpec) -> Iterator[Fault]:
    for value in _any("x", 3, True, [3], ["x"], {"items": 3}, {"items": [], "complete": "yes"}):
        yield "wrong_type", value
    yield "missing_key", {"complete": True}
    yield "unknown_key", {"items": [], "whole": True}
    yield "too_many_values", [None] * (MAX_ITEMS + 1)
    yield "duplicate_member", [{"id": "a"}, {"id": "a"}]
    yield "wrong_type", [{"id": 1.5}]
    yield "wrong_type", [{"external": 3}]


def _by_year(fact: FactSpec) -> Iterator[Fault]:
    for value in _any("x", 3, [], True, {"2022": 3}):
        yield "wrong_type", value
    for year in _any("1989", "2101", "x", "", "２０２２"):
        yield "out_of_range", {year: {}}


def _mapping(fact: FactSpec) -> Iterator[Fault]:
    for value in _any("x", 3, [], True):
        yield "wrong_type", value


def _bool(fact: FactSpec) -> Iterator[Fault]:
    for value in _any("是", "yes", "", 1, 0, 0.0, [], {}):
        yield "wrong_type", value


def _text(fact: FactSpec) -> Iterator[Fault]:
    yield "broken_text", "a\ud800"
    for value in _any(1.5, True, [], {}):
        yield "wrong_type", value


_FAULTS: Final[dict[str, Callable[[FactSpec], Iterator[Fault]]]] = {
    "bool": _bool,
    "int": _number,
    "number": _number,
    "money": _number,
    "share": _number,
    "date": _date,
    "year_month": _date,
    "code": _code,
    "codes": _codes,
    "text": _text,
    "list": _list,
    "by_year": _by_year,
    "record": _mapping,
}
