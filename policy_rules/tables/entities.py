"""Sheets of entities (村, 合作社, 企业, 项目 …) as records, and links of households resolved against them.

An entity goes by its number, or by its name where it has none; a village's name may stand under several
townships. What a household's own data says of an entity (a register's grade of an enterprise) and what the
entity's record says must agree; else it is unknown, and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problem
from policy_rules.facts.record import YEARS, Household
from policy_rules.facts.rows import Items, Row
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.headers import YEARLY
from policy_rules.tables.identity import holds_identity
from policy_rules.tables.items import ItemCounts, no_data
from policy_rules.tables.sheets import RawRow, blank, plain_text, written
from policy_rules.tables.uses import Further

#: Links of a record: the list, the number in an item, the record in an item, its kind.
_LINKS: Final = {
    "household": ("cooperative_links", "cooperative"),
    "cooperative": ("enterprise_links", "enterprise"),
}
_NOTHING: Final = ("无", "/", "-", "—")


@attrs.define(eq=False)
class _Made:
    row: Row
    at: int
    names: tuple[str, ...]
    place: tuple[str, str]


class EntitySheets:
    """The entity sheets of one file, read whole when they are opened."""

    def __init__(self, sheets: Sequence[Further], run: Import, counts: ItemCounts) -> None:
        self.run, self.counts = run, counts
        self.binders: dict[str, Binder] = {}
        self._found: dict[str, dict[str, _Made]] = {}
        self._alias: dict[str, dict[str, str]] = {}
        owned = [s for s in sheets if s.use.owner]
        for sheet in [s for s in sheets if not s.use.owner] + owned:
            self._read(sheet)

    def world(self) -> World:
        """The entities, for links to be resolved against."""
        found = []
        for kind, rows in self._found.items():
            for made in rows.values():
                record = Household(kind, made.row.id, made.row, None, self._region(made.row))
                names = tuple(dict.fromkeys((made.row.id, *made.names)))
                found.append(Entity(record, names, made.place))
        return World(found)

    def _region(self, row: Row) -> str:
        codes = (row.id, *(str(row.get(f"{k}_id", "")) for k in ("village", "township", "county")))
        return next((c for c in codes if c.isdigit() and len(c) in (6, 9, 12)), self.run.region)

    def _read(self, sheet: Further) -> None:
        name = sheet.table.sheet.name
        binder = self.binders[name] = Binder(name, sheet.columns, self.run)
        groups = binder.paths(sheet.columns)
        kind = sheet.use.owner or sheet.use.record
        rows = self._found.setdefault(kind, {})
        broken: set[str] = set()
        adrift = False
        for raw in sheet.table.rows():
            self.counts.rows += 1
            names = self._names(raw, sheet.number, sheet.name)
            if no_data(raw):
                self._aside("row_set_aside", name, raw)
                continue
            if raw.broken or not names:
                adrift = True
                self._aside("row_broken" if raw.broken else "no_owner", name, raw)
                continue
            place = self._place(raw, sheet)
            numbered = sheet.number is not None and not blank(raw.cells[sheet.number])
            key = self._key(kind, names, place, numbered)
            row = Row(key)
            binder.fill(row, groups, raw.cells, raw.number)
            if sheet.year is not None and not self._dated(row, raw, sheet):
                self._aside("row_broken", name, raw)
                continue
            if sheet.use.owner:
                made = rows.setdefault(key, _Made(Row(key), raw.number, names, place))
                if not self._link(made.row, row, raw, sheet):
                    self._aside("no_owner", name, raw)
                    broken.add(key)
                    continue
            elif key in rows:
                self._merge(rows[key], row, raw, name)
            else:
                rows[key] = _Made(row, raw.number, names, place)
            self.counts.items += 1
        if sheet.use.owner:
            self._whole(rows, sheet.use.fact, broken, adrift)

    def _aside(self, code: str, sheet: str, raw: RawRow) -> None:
        self.counts.set_aside += 1
        self.run.tell(code, sheet, raw.number)

    def _names(self, raw: RawRow, *columns: int | None) -> tuple[str, ...]:
        """What the entity of a row goes by: its number, its name."""
        found = []
        for at in columns:
            text = "" if at is None or blank(raw.cells[at]) else _text(raw.cells[at])
            if text and text not in _NOTHING:
                # a farm of one person may go by the owner's number
                found.append(self.run.names.holder(text) if holds_identity(text) else text)
        return tuple(dict.fromkeys(n for n in found if n))

    def _place(self, raw: RawRow, sheet: Further) -> tuple[str, str]:
        """Township and name of a village: the name alone may stand twice."""
        if sheet.township is None or sheet.name is None:
            return ("", "")
        return _text(raw.cells[sheet.township]), _text(raw.cells[sheet.name])

    def _key(self, kind: str, names: Sequence[str], place: tuple[str, str], numbered: bool) -> str:
        """The entity a row tells of: by its number, else by its name (of a village: in its township)."""
        alias = self._alias.setdefault(kind, {})
        if numbered:
            key = names[0]
        else:
            key = "/".join(place) if all(place) else alias.get(names[0], names[0])
        for name in names:
            alias.setdefault(name, key)
        return key

    def _dated(self, row: Row, raw: RawRow, sheet: Further) -> bool:
        """Move what a row tells of its year to that year."""
        year = written(raw.cells[sheet.year or 0])[:4]
        for record, (_, fact) in YEARLY.items():
            held = row.get(fact)
            if not isinstance(held, dict) or 0 not in held:
                continue
            if not any(c.record == record for c in sheet.columns):
                continue
            if not year.isdigit() or int(year) not in YEARS:
                return False
            held[int(year)] = held.pop(0)
        return True

    def _merge(self, made: _Made, row: Row, raw: RawRow, sheet: str) -> None:
        """Another row of the same entity: further years, or the same again."""
        differs = False
        for path, value in row.items():
            held = made.row.get(path)
            if isinstance(value, dict) and not isinstance(value, Row):
                years = made.row.setdefault(path, {})
                for year, facts in value.items():
                    own = years.setdefault(year, Row())
                    differs |= any(own.get(p, v) != v for p, v in facts.items())
                    own.update(facts)
            elif held is not None and held != value:
                differs = True
                del made.row[path]
            else:
                made.row[path] = value
        if differs:
            self.run.tell("person_twice", sheet, raw.number, expected=str(made.at))

    def _link(self, owner: Row, item: Row, raw: RawRow, sheet: Further) -> bool:
        names = self._names(raw, sheet.beside)
        if not names:
            return False
        item["entity_id"] = names[0]
        held = owner.get(sheet.use.fact)
        rows = held.rows if held else ()
        item.id = f"{sheet.use.record[0]}{len(rows) + 1}"
        owner[sheet.use.fact] = Items((*rows, item), True)
        return True

    def _whole(self, rows: Mapping[str, _Made], fact: str, broken: set[str], adrift: bool) -> None:
        for key, made in rows.items():
            held = made.row.get(fact)
            if isinstance(held, Items) and (adrift or key in broken):
                made.row[fact] = Items(held.rows, False)


def _text(cell: Any) -> str:
    return plain_text(cell).removesuffix(".0")


@attrs.frozen(eq=False)
class Entity:
    """A record of an entity with what links may call it; of a village, its township and name."""

    record: Household
    names: tuple[str, ...]
    place: tuple[str, str] = ("", "")


class World:
    """Entities by kind and name."""

    def __init__(self, entities: Iterable[Entity] = ()) -> None:
        self.entities = tuple(entities)
        self._by: dict[str, dict[str, Household | None]] = {}
        self._villages: dict[tuple[str, str], Household] = {}
        for entity in self.entities:
            names = self._by.setdefault(entity.record.kind, {})
            for name in entity.names:
                # a name of two entities tells neither
                names[name] = None if name in names else entity.record
            if all(entity.place):
                self._villages[entity.place] = entity.record
        self._done: dict[tuple[str, str], Row] = {}
        self._told: set[tuple[str, str]] = set()

    @classmethod
    def of_records(cls, records: Iterable[Household]) -> World:
        """The entities among checked records."""
        return cls(Entity(r, (r.id,)) for r in records if r.kind != "household" and r.id)

    def __add__(self, other: World) -> World:
        return World((*self.entities, *other.entities))

    def __bool__(self) -> bool:
        return bool(self.entities)

    @property
    def records(self) -> tuple[Household, ...]:
        """The entities, their own links resolved."""
        return tuple(self._whole(e.record) for e in self.entities)

    def _whole(self, record: Household) -> Household:
        return attrs.evolve(record, row=self._entity(record, []))

    def resolve(
        self, record: Household, place: tuple[str, str] = ("", ""), file: str = ""
    ) -> tuple[Household, list[Problem]]:
        """A record with the entities its links name, and what contradicts them.

        ``place`` is the township and village a household's row names.
        """
        problems: list[Problem] = []
        if not self.entities:
            return record, problems
        if record.kind != "household":
            return self._whole(record), problems
        row = Row(record.row.id, record.row.external)
        row.update(record.row)
        village = self._village(row, place)
        if village is not None:
            found = self._entity(village, problems)
            self._nest(row, "village", found, problems)
        self._links(row, "household", problems)
        where = [attrs.evolve(p, place=Place(file, path=f"{record.id}.{p.place.path}")) for p in problems]  # fmt: skip
        return attrs.evolve(record, row=row), where

    def _village(self, row: Row, place: tuple[str, str]) -> Household | None:
        names = self._by.get("village", {})
        number = str(row.get("village_id", ""))
        found = names.get(number) if number else None
        if found is None and not number and place[1]:
            found = self._villages.get(place) or names.get(place[1])
        return found

    def _entity(self, record: Household, problems: list[Problem]) -> Row:
        """The row of an entity with those it names in it."""
        key = (record.kind, record.id)
        if key in self._done:
            return self._done[key]
        row = Row(record.row.id or record.id, record.row.external)
        row.update(record.row)
        self._done[key] = row
        county = self._county(record)
        if county is not None:
            self._nest(row, "county", county, problems)
        self._links(row, record.kind, problems)
        return row

    def _county(self, record: Household) -> Row | None:
        """The county a village, township or enterprise lies in, by the region code."""
        if record.kind not in ("village", "township", "enterprise"):
            return None
        counties = self._by.get("county", {})
        found = counties.get(record.region[:6]) if len(record.region) >= 6 else None
        return None if found is None else found.row

    def _links(self, row: Row, kind: str, problems: list[Problem]) -> None:
        if kind not in _LINKS:
            return
        fact, of = _LINKS[kind]
        held, names = row.get(fact), self._by.get(of, {})
        if not isinstance(held, Items) or not held.rows:
            return
        items = []
        for item in held.rows:
            whole = Row(item.id, item.external)
            whole.update(item)
            own = whole.get(of)
            found = names.get(str(item.get("entity_id", "")))
            if found is not None:
                self._nest(whole, of, self._entity(found, problems), problems)
            elif isinstance(own, Row):
                whole[of] = Row(own.id, own.external)
                whole[of].update(own)
            if isinstance(own, Row):  # it may have links of its own
                self._links(whole[of], of, problems)
            items.append(whole)
        row[fact] = Items(tuple(items), held.complete)

    def _nest(self, row: Row, fact: str, entity: Row, problems: list[Problem]) -> None:
        """Put an entity where a record may hold a copy of its own; what they say apart is unknown."""
        own = row.get(fact)
        if not isinstance(own, Row):
            row[fact] = entity
            return
        whole = Row(entity.id or own.id, own.external)
        whole.update(entity)
        for path, value in own.items():
            if path not in entity or isinstance(value, Items):
                whole[path] = value
            elif entity[path] != value:
                del whole[path]
                told = (whole.id, path)
                if told not in self._told:  # once, however many households hang on it
                    self._told.add(told)
                    problems.append(Problem("entity_differs", Place(path=f"{fact}.{path}")))
        row[fact] = whole
