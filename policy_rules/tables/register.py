"""The register of double bindings (双绑): household, cooperative, enterprise, contract, joined by number.

A row binds a household to a cooperative, and the cooperative to an enterprise where one stands in the
row. Cooperatives and enterprises go by their number, by their name where they have none; a name of a
company is no person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problem, RecordError, one_of
from policy_rules.facts.dictionary import FactSpec, Vocabulary, load_vocabulary
from policy_rules.facts.numbers import Refused
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Items, Row
from policy_rules.tables.binding import Import
from policy_rules.tables.cells import EMPTY, read_cell
from policy_rules.tables.files import open_sheets
from policy_rules.tables.headers import Column, normal
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.sheets import Head, RawRow, Table, blank, find_table, plain_text

#: Headers of a register, by what they hold.
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "household": ("户编号", "户号", "农户编号", "家庭编号", "household_id"),
    "head": (
        "户主证件号码",
        "户主身份证号",
        "户主身份证号码",
        "证件号码",
        "身份证号",
        "身份证号码",
    ),
    "cooperative": ("合作社编号", "合作社统一社会信用代码", "合作社信用代码", "cooperative_id"),
    "cooperative_name": ("合作社", "合作社名称", "绑定合作社", "农民专业合作社名称", "专业合作社"),
    "enterprise": ("企业编号", "企业统一社会信用代码", "龙头企业编号", "enterprise_id"),
    "enterprise_name": ("企业", "企业名称", "龙头企业", "龙头企业名称", "绑定企业", "绑定龙头企业"),
    "relation": ("联结方式", "利益联结方式", "与合作社联结方式", "绑定方式", "relation"),
    "joined": ("入社时间", "联结开始时间", "绑定时间", "绑定开始时间"),
    "left": ("退社时间", "联结结束时间", "绑定结束时间"),
    "grade": ("龙头企业级别", "企业级别", "龙头企业等级", "龙头企业认定级别", "dragonhead_level"),
    "contract": ("是否签订购销合同", "是否签订合同", "购销合同", "contract"),
    "from": (
        "合同开始时间",
        "合同起始时间",
        "合同开始日期",
        "合同起始日期",
        "合同签订时间",
        "from",
    ),
    "to": ("合同结束时间", "合同终止时间", "合同到期时间", "合同结束日期", "合同终止日期", "to"),
}
_ROLE: Final = {normal(h): role for role, headers in _HEADERS.items() for h in headers}
_FACTS: Final = {
    "relation": ("cooperative_link", "relation"),
    "joined": ("cooperative_link", "from"),
    "left": ("cooperative_link", "to"),
    "contract": ("enterprise_link", "contract"),
    "from": ("enterprise_link", "from"),
    "to": ("enterprise_link", "to"),
    "grade": ("enterprise", "dragonhead_level"),
}


@attrs.frozen(eq=False)
class Joined:
    """Households with their bindings, what was wrong, and rows in and out."""

    records: tuple[Household, ...]
    problems: tuple[Problem, ...]
    rows: int
    joined: int


def join_register(
    records: Iterable[Household],
    path: str | Path,
    *,
    complete: bool = False,
    key: bytes | None = None,
    names: Pseudonyms | None = None,
    vocabulary: Vocabulary | None = None,
) -> Joined:
    """The households with the cooperatives and enterprises the register binds them to.

    ``complete`` says that the register has every binding: a household it does not name has none, and a
    cooperative without an enterprise has none; else these stay unknown. ``key`` must be the one the
    population was read with where households go by pseudonym.

    Raises :class:`~policy_rules.errors.RecordError` where the file cannot be read or has no header.
    """
    return _Register(Path(path), complete, names or Pseudonyms(key), vocabulary).join(records)


class _Register:
    def __init__(
        self, path: Path, complete: bool, names: Pseudonyms, vocabulary: Vocabulary | None
    ) -> None:
        self.complete = complete
        self.run = Import(vocabulary or load_vocabulary(), path.name, names, {})
        self.table, self.at = self._understood(path)
        self.sheet = self.table.sheet.name
        self.rows = self.joined = 0

    def _understood(self, path: Path) -> tuple[Table, dict[str, int]]:
        sheets = open_sheets(path)
        for sheet in sheets:
            table = find_table(sheet, lambda head: _role(head) != "")
            if table is None:
                continue
            at = {_role(h): i for i, h in reversed(list(enumerate(table.heads))) if _role(h)}
            if at.keys() & {"household", "head"} and at.keys() & {
                "cooperative",
                "cooperative_name",
            }:
                return table, at
        names = one_of(s.name for s in sheets)
        raise RecordError(Problem("no_header", Place(str(path)), got=names))

    def join(self, records: Iterable[Household]) -> Joined:
        every = list(records)
        known = {r.id for r in every}
        links, broken, adrift = self._links(known)
        found = []
        for record in every:
            whole = self.complete and not adrift and record.id not in broken
            rows = links.get(record.id, {})
            if not rows and not whole:
                found.append(record)
                continue
            row = Row(record.row.id, record.row.external)
            row.update(record.row)
            row["cooperative_links"] = Items(tuple(rows.values()), whole)
            found.append(attrs.evolve(record, row=row))
        return Joined(tuple(found), tuple(self.run.problems), self.rows, self.joined)

    def _links(self, known: set[str]) -> tuple[dict[str, dict[str, Row]], set[str], bool]:
        """Links by household and cooperative; households with a bad row; whether one has no owner."""
        links: dict[str, dict[str, Row]] = {}
        broken: set[str] = set()
        adrift = False
        for raw in self.table.rows():
            self.rows += 1
            home = self._home(raw)
            if raw.broken or not home or home not in known:
                code = "row_broken" if raw.broken else "unknown_owner"
                self.run.tell(code, self.sheet, raw.number)
                adrift = adrift or raw.broken or not home
                continue
            name = self._entity(raw, "cooperative")
            if not name:
                self.run.tell("no_cooperative", self.sheet, raw.number)
                broken.add(home)
                continue
            self.joined += 1
            link = links.setdefault(home, {}).setdefault(name, Row(name))
            link["entity_id"] = name
            self._put(link, raw, {"relation": "relation", "joined": "from", "left": "to"})
            self._bind(link, raw, name)
        return links, broken, adrift

    def _home(self, raw: RawRow) -> str:
        cell = self._cell(raw, "household")
        if not blank(cell):
            return self.run.names.reference(cell)
        cell = self._cell(raw, "head")
        return "" if blank(cell) else self.run.names.holder(cell)

    def _entity(self, raw: RawRow, role: str) -> str:
        for name in (role, f"{role}_name"):
            cell = self._cell(raw, name)
            if not blank(cell) and plain_text(cell) not in ("无", "/", "-", "—"):
                return plain_text(cell).removesuffix(".0")
        return ""

    def _bind(self, link: Row, raw: RawRow, cooperative: str) -> None:
        firm = self._entity(raw, "enterprise")
        inner = link.get("cooperative")
        held: Sequence[Row] = inner["enterprise_links"].rows if inner else ()
        if firm:
            own = next((r for r in held if r.get("entity_id") == firm), None)
            if own is None:
                own = Row(firm)
                own["entity_id"] = firm
                held = (*held, own)
            self._put(own, raw, {"contract": "contract", "from": "from", "to": "to"})
            if not blank(self._cell(raw, "grade")):
                enterprise = own.get("enterprise") or Row(firm)
                self._put(enterprise, raw, {"grade": "dragonhead_level"})
                own["enterprise"] = enterprise
        if firm or self.complete:
            body = Row(cooperative)
            body["enterprise_links"] = Items(tuple(held), self.complete)
            link["cooperative"] = body

    def _put(self, row: Row, raw: RawRow, facts: Mapping[str, str]) -> None:
        for role, path in facts.items():
            value = self._value(raw, role)
            if value is EMPTY:
                continue
            if path in row and row[path] != value:
                self.run.tell("columns_differ", self.sheet, raw.number, self._column(role))
                del row[path]
            else:
                row[path] = value

    def _value(self, raw: RawRow, role: str) -> Any:
        cell = self._cell(raw, role)
        fact: FactSpec = self.run.vocabulary.fact(*_FACTS[role])
        try:
            return read_cell(fact, cell, self.run.vocabulary)
        except Refused as bad:
            code, expected, got, near = bad.problem
            self.run.tell(code, self.sheet, raw.number, self._column(role),
                          expected=expected, got=got, nearest=near)  # fmt: skip
            return EMPTY

    def _cell(self, raw: RawRow, role: str) -> Any:
        at = self.at.get(role)
        return None if at is None else raw.cells[at]

    def _column(self, role: str) -> Column:
        at = self.at[role]
        return Column(at, self.table.heads[at])


def _role(head: Head) -> str:
    return _ROLE.get(normal(head.group + head.text)) or _ROLE.get(normal(head.text)) or ""
