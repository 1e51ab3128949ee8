"""What a sheet beside the people's lists: a list of households or persons, or entities.

The name of the sheet says it (务工台账, 培训, 贷款, 合作社, 村 …), and its columns must bear it out: a key to
join by, and more facts of that list than of people. Without a telling name three facts are needed, and no
other list may have as many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Final

import attrs

from policy_rules.facts.dictionary import Vocabulary
from policy_rules.tables.headers import (
    YEARLY,
    Column,
    names_of,
    normal,
    understand,
    understand_all,
)
from policy_rules.tables.own import list_paths
from policy_rules.tables.sheets import DEEPEST_HEADER, Head, RawSheet, Table, find_table, written

#: Kinds of entities a sheet may list.
ENTITIES: Final = (
    "village", "township", "county", "cooperative", "enterprise", "project", "budget_unit",
)  # fmt: skip

#: Words in the name of a sheet, and what it may hold then.
_WORDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"务工|外出就业|就业台账|work_?spell", ("household.members.work_spells",)),
    (r"培训|training", ("household.members.trainings",)),
    (r"贷款|信贷|loan", ("household.loans",)),
    (r"补贴|subsid", ("household.subsidies",)),
    (r"救助|relief", ("household.members.reliefs", "household.reliefs")),
    (r"带动|利益联结|benefit", ("household.industry_benefits",)),
    (r"合作社|入社|cooperative",
     ("household.cooperative_links", "cooperative.enterprise_links", "cooperative")),
    (r"企业|经营主体|车间|enterprise", ("cooperative.enterprise_links", "enterprise")),
    (r"项目|project", ("project",)),
    (r"预算单位|帮扶单位|budget", ("budget_unit",)),
    (r"村|village", ("village",)),
    (r"乡镇|乡\(镇\)|街道|township", ("township",)),
    (r"县|区|county", ("county",)),
)  # fmt: skip
#: What is planned or wished for has not happened; pages of notes hold no data.
PLANNED: Final = re.compile(r"计划|拟|意向|需求")
NOTES: Final = re.compile(r"\A(?:填表|填报|使用)?(?:说明|须知)\Z|\A(?:notes?|readme)\Z")
#: Names for sheets, as an error proposes them.
PROPOSED: Final = (
    "务工台账",
    "培训台账",
    "贷款台账",
    "补贴",
    "救助",
    "合作社",
    "企业",
    "项目",
    "村",
)

#: Headers of an entity's number and of its name, by kind.
ENTITY_NUMBER: Final[Mapping[str, str]] = {
    "village": "村编号 村编码 村代码 行政村编号 行政村编码 行政村代码 village_id",
    "township": "乡镇编号 乡镇编码 乡镇代码 township_id",
    "county": "县编号 县编码 行政区划代码 county_id",
    "cooperative": "合作社编号 合作社统一社会信用代码 合作社信用代码 统一社会信用代码 信用代码 cooperative_id",
    "enterprise": "企业编号 龙头企业编号 企业统一社会信用代码 统一社会信用代码 信用代码 主体编号 enterprise_id",
    "project": "项目编号 项目代码 project_id",
    "budget_unit": "单位编号 单位代码 budget_unit_id",
}
_NAME: Final[Mapping[str, str]] = {
    "village": "村 村名 村名称 行政村 行政村名称",
    "township": "乡(镇) 乡镇 乡镇名称 乡镇(街道)",
    "county": "县 县名称 县(市、区) 县(市区)",
    "cooperative": "合作社 合作社名称 专业合作社 农民专业合作社名称 名称",
    "enterprise": "企业 企业名称 龙头企业 龙头企业名称 主体名称 经营主体名称 名称",
    "project": "项目 项目名称 名称",
    "budget_unit": "单位 单位名称 预算单位 名称",
}
_YEAR: Final = ("年度", "年份", "year")


@attrs.frozen
class Use:
    """What a row of a sheet is.

    ``path`` names the list (``household.members.work_spells``) or the kind of entity; ``record`` is the
    record of a row, ``owner`` the kind it hangs on (empty: it stands for itself), ``fact`` the list
    there.
    """

    path: str
    record: str
    owner: str = ""
    fact: str = ""


@attrs.frozen(eq=False)
class Further:
    """A sheet beside the people's, understood. ``number`` and ``name`` are the columns of the entity a
    row is, or hangs on; ``beside`` those of the enterprise a cooperative is linked to; ``year`` that of
    the year a row tells of."""

    table: Table
    use: Use
    columns: tuple[Column, ...]
    number: int | None = None
    name: int | None = None
    beside: int | None = None
    township: int | None = None
    year: int | None = None

    @property
    def score(self) -> int:
        """How many columns are facts."""
        return sum(c.fact is not None for c in self.columns)

    @property
    def roles(self) -> dict[str, Column]:
        """The columns that are no facts, by role."""
        return {c.role: c for c in reversed(self.columns) if c.role not in ("fact", "carried")}


@cache
def uses(vocabulary: Vocabulary) -> Mapping[str, Use]:
    """Everything a further sheet may hold, by path."""
    found = {}
    for kind in ("household", *ENTITIES):
        for path, at in list_paths(vocabulary, kind).items():
            owner = {"": "", "household.members": "member"}.get(at.parent, at.parent)
            if at.kind == "list" and at.record != "member" and owner.count(".") == 0:
                found[path] = Use(path, at.record, owner, at.fact)
        if kind != "household":
            found[kind] = Use(kind, kind)
    return found


@cache
def _named(vocabulary: Vocabulary) -> Mapping[str, tuple[str, ...]]:
    """Uses by the exact name of a sheet: the path, or a label of the dictionary."""
    found: dict[str, list[str]] = {}
    for path, use in uses(vocabulary).items():
        labels = [vocabulary.records[use.record].label]
        if use.owner:
            labels.append(vocabulary.fact(use.owner, use.fact).label)
        names = {path, path.removeprefix("household."), *(t for x in labels for t in (x.zh, x.en))}
        for name in names:
            found.setdefault(normal(name), []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def candidates(sheet: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What a sheet may hold, going by its name."""
    bare = normal(sheet)
    exact = _named(vocabulary).get(bare, ())
    if PLANNED.search(bare):
        return exact
    found = next((paths for words, paths in _WORDS if re.search(words, bare)), ())
    return tuple(dict.fromkeys((*exact, *found)))


def further(
    sheet: RawSheet,
    vocabulary: Vocabulary,
    *,
    year: int | None,
    columns: Mapping[str, str],
    least: int,
) -> Further | None:
    """What a sheet lists; None where it is no list of ours.

    ``least`` is how many facts it has as a list of people: a list that has fewer is none.
    """
    told = [
        found
        for path in candidates(sheet.name, vocabulary)
        for found in _tried(sheet, uses(vocabulary)[path], vocabulary, year, columns)
    ]
    if told:
        best = max(told, key=lambda f: f.score)
        return best if best.score >= max(1, least) else None
    if PLANNED.search(normal(sheet.name)) or NOTES.search(normal(sheet.name)):
        return None
    scored = [
        found
        for use in _likely(sheet, vocabulary)
        for found in _tried(sheet, use, vocabulary, year, columns)
        if found.score >= max(3, least + 1)
    ]
    scored.sort(key=lambda f: -f.score)
    alone = len(scored) == 1 or (len(scored) > 1 and scored[0].score > scored[1].score)
    return scored[0] if alone else None


def _likely(sheet: RawSheet, vocabulary: Vocabulary) -> Iterator[Use]:
    """Uses of which some row has three headers word for word; looking closer takes its time."""
    top = [{normal(written(c)) for c in r.cells} for r in islice(sheet.rows(), DEEPEST_HEADER)]
    top += [{normal(h) for h in sheet.heads}] if sheet.heads else []
    for use in uses(vocabulary).values():
        names = names_of(vocabulary, use.record).keys()
        if any(len(row & names) >= 3 for row in top):
            yield use


def _tried(
    sheet: RawSheet,
    use: Use,
    vocabulary: Vocabulary,
    year: int | None,
    columns: Mapping[str, str],
) -> Iterator[Further]:
    """The sheet read as one use, where it has the columns to join by."""
    records = (use.record, *(r for r, (of, _) in YEARLY.items() if _holds(use, r, vocabulary, of)))
    keys = key_headers(use)

    def known(head: Head) -> bool:
        if _matches(head, [*keys, *_YEAR]):
            return True
        column = understand(0, head, records, vocabulary, year=2000, columns=columns)
        return column.role not in ("carried", "private")

    table = find_table(sheet, known)
    if table is None:
        return
    dated = _index(table, _YEAR) if len(records) > 1 else None
    found = understand_all(
        table.heads, records, vocabulary, year=0 if dated is not None else year, columns=columns
    )
    entity = _entity(use)
    at = {
        "number": _index(table, ENTITY_NUMBER[entity].split()) if entity else None,
        "name": _index(table, _NAME[entity].split()) if entity else None,
    }
    beside = None
    if use.owner == "cooperative":
        beside = _index(table, f"{ENTITY_NUMBER['enterprise']} {_NAME['enterprise']}".split())
    elif use.record == "cooperative_link":
        beside = _index(table, f"{ENTITY_NUMBER['cooperative']} {_NAME['cooperative']}".split())
    taken = {i for i in (*at.values(), beside, dated) if i is not None}
    # a number of the entity is no fact of its row
    found = tuple(Column(c.index, c.head, "item_id") if c.index in taken else c for c in found)
    township = _index(table, _NAME["township"].split()) if entity == "village" else None
    made = Further(table, use, found, at["number"], at["name"], beside, township, dated)
    if _joins(made):
        yield made


def _holds(use: Use, record: str, vocabulary: Vocabulary, of: str) -> bool:
    facts = vocabulary.records[use.record].facts.values()
    return of in ("", use.record) and any(f.item == record for f in facts)


def _entity(use: Use) -> str:
    """The kind of entity whose number a row has."""
    return use.owner if use.owner in ENTITIES else use.record if not use.owner else ""


def key_headers(use: Use) -> Sequence[str]:
    """Headers that name the entity a row is, hangs on, or is linked to."""
    entity = _entity(use)
    found = f"{ENTITY_NUMBER[entity]} {_NAME[entity]}".split() if entity else []
    other = {"cooperative": "enterprise", "household": "cooperative"}.get(use.owner, "")
    if other and use.record.endswith("_link"):
        found += f"{ENTITY_NUMBER[other]} {_NAME[other]}".split()
    return found


def _joins(sheet: Further) -> bool:
    """Whether a row tells whose it is."""
    roles, use = sheet.roles.keys(), sheet.use
    keyed = sheet.number is not None or sheet.name is not None
    if use.record.endswith("_link") and sheet.beside is None:
        return False
    match use.owner:
        case "household":
            return bool(roles & {"household_id", "head_identity", "identity", "member_id"})
        case "member":
            return bool(roles & {"member_id", "identity"})
        case _:  # entities, and what hangs on them; a sheet of households lists none
            return keyed and not roles & {"household_id", "head_identity", "member_id"}


def _matches(head: Head, names: Sequence[str]) -> bool:
    own = {normal(head.text), normal(head.group + head.text)}
    return any(normal(n) in own for n in names)


def _index(table: Table, names: Sequence[str]) -> int | None:
    """The column under the first of some names."""
    for name in names:
        for i, head in enumerate(table.heads):
            if _matches(head, [name]):
                return i
    return None


def has_data(sheet: RawSheet) -> bool:
    """Whether anything stands in a sheet."""
    return any(True for row in sheet.rows() if any(c not in (None, "") for c in row.cells))
