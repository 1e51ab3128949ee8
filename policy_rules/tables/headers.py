"""A column's header as a fact: variants of wording, units, years, numbered columns.

Tried in this order: roles that are no facts (numbers of household and person, identity, certificate);
the dictionary's columns and labels as they stand; the same without unit, note, year or number. What is
not plainly one fact stays unmapped, with the reason, and its cells are carried through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Final, Literal

import attrs

from policy_rules.facts.dictionary import FactSpec, Vocabulary, load_vocabulary
from policy_rules.tables.sheets import Head

Role = Literal[
    "fact",
    "household_id",
    "member_id",
    "item_id",
    "identity",
    "head_identity",
    "certificate",
    "document_kind",
    "year",
    "private",
    "carried",
]
Reason = Literal["", "unknown", "needs_year", "year_not_taken", "elsewhere"]

#: By-year facts: the record of a year, and where it stands; no owner where several have it.
YEARLY: Final[Mapping[str, tuple[str, str]]] = {
    "income_year": ("household", "incomes"), "service_year": ("member", "services"),
    "collective_year": ("village", "collective_income"), "township_year": ("township", "activities"),
    "county_year": ("county", "activities"), "fund_year": ("", "funds"),
    "purchase_year": ("budget_unit", "purchases"),
}  # fmt: skip

_ROLES: Final[Mapping[str, Role]] = {
    **dict.fromkeys(
        ("户编号", "家庭编号", "户号", "农户编号", "户编码", "户id", "家庭户编号", "household_id",
         "household", "household.id"), "household_id"),
    **dict.fromkeys(
        ("人编号", "人口编号", "人员编号", "个人编号", "成员编号", "家庭成员编号", "人编码", "人id",
         "member_id", "member", "member.id"), "member_id"),
    **dict.fromkeys(("编号", "item_id", "id"), "item_id"),
    **dict.fromkeys(
        ("证件号码", "证件号", "身份证", "身份证号", "身份证号码", "公民身份号码", "身份证件号码",
         "公民身份证号码", "居民身份证号", "居民身份证号码", "成员证件号码", "成员身份证号",
         "家庭成员身份证号", "家庭成员证件号码", "成员身份证号码"), "identity"),
    **dict.fromkeys(
        ("户主证件号码", "户主证件号", "户主身份证", "户主身份证号", "户主身份证号码"), "head_identity"),
    **dict.fromkeys(
        ("残疾证号", "残疾证号码", "残疾人证号", "残疾人证号码", "残疾证编号", "残疾人证编号",
         "残疾证件号码", "残疾人证件号码"), "certificate"),
    **dict.fromkeys(("证件类型", "证件类别", "证件种类"), "document_kind"),
    **dict.fromkeys(("年度", "年份", "year"), "year"),
}  # fmt: skip
#: Columns whose cells are about who somebody is: carried through only when asked for.
_PRIVATE: Final = re.compile(
    r"姓名|曾用名|证件号|身份证|残疾证|残疾人证|电话|手机|联系方式|微信|qq|邮箱|住址|地址|账号|帐号|卡号|银行|开户|照片|签名"
)
_UNITS: Final[Mapping[str, int | Fraction]] = {
    "元": 1, "元/年": 1, "元/月": 1, "元/人": 1, "元/户": 1, "百元": 100, "千元": 1_000,
    "万元": 10_000, "万": 10_000, "亿元": 100_000_000, "亩": 1, "公顷": 15, "月": 1, "个月": 1,
    "人": 1, "年": 1, "岁": 1, "个": 1, "次": 1, "户": 1, "%": Fraction(1, 100),
}  # fmt: skip
_BRACKETS: Final = re.compile(r"[(\[]([^()\[\]]*)[)\]]\Z")
#: Notes that make another column of it: 享受低保政策情况(上年).
_MEANT: Final = re.compile(
    r"[上去今当本]年|原|曾|[之以]?前|后|识别|消除|计划|拟|其他|其中|不含|\d{4}"
)
_YEAR_BEFORE: Final = re.compile(r"[(\[]?((?:19|20)\d\d)(?:年度|年)?[)\]]?[-_:]?(?=\D)")
_YEAR_AFTER: Final = re.compile(r"[-_(\[]*((?:19|20)\d\d)(?:年度|年)?[)\]]?\Z")
_WHEN: Final = re.compile(r"\A(?:上一?年度?|去年|本年度?|当年度?|今年|近一年)(?=\D)")
_PART: Final = re.compile(r"[-_(]?([1-9]\d?|[一二三四五六七八九十])[)]?\Z")


@attrs.frozen
class Column:
    """How a column was understood.

    ``fact`` is set where ``role`` is ``fact``; ``record`` is the kind its row belongs to (``household``,
    ``member`` or the record of a list), ``year`` that of a by-year fact, ``scale`` what the header's unit
    multiplies a bare figure with, ``part`` the number of a numbered column. ``reason`` tells why a
    column is carried and not read; ``holder`` is whose a by-year fact is where several kinds have it.
    """

    index: int
    head: Head
    role: Role = "carried"
    record: str = ""
    fact: FactSpec | None = None
    year: int | None = None
    scale: int | Fraction = 1
    part: int | None = None
    reason: Reason = ""
    holder: str = ""

    @property
    def header(self) -> str:
        """The header as people find it in the file."""
        text = " ".join(self.head.text.split())
        group = " ".join(self.head.group.split())
        return f"{group}/{text}" if group and group != text else text

    @property
    def path(self) -> str:
        """The fact with its list, such as ``incomes.2022.wage``; empty where there is none."""
        if self.fact is None:
            return ""
        if self.record in YEARLY:
            return f"{YEARLY[self.record][1]}.{self.year}.{self.fact.path}"
        return self.fact.path

    @property
    def owner(self) -> str:
        """Whose the fact is: ``household``, ``member``, or the record of a list."""
        return (YEARLY[self.record][0] or self.holder) if self.record in YEARLY else self.record


def normal(text: str) -> str:
    """A header in half width, without blanks, marks of what must be filled in, or a final colon."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")
    return text.strip("*:;。,·•").lower()


def _loose(text: str) -> str:
    return re.sub(r"[/、\\\-_.,·'\"“”]", "", text)


@cache
def names_of(vocabulary: Vocabulary, record: str) -> Mapping[str, FactSpec]:
    """The facts of a record by name: columns go before labels, labels before looser likenesses."""
    facts = [f for f in vocabulary.records[record].facts.values() if f.kind not in _WITHOUT_CELL]
    found: dict[str, FactSpec] = {}
    for fact in facts:
        for name in fact.columns:
            found.setdefault(normal(name), fact)
    for fact in facts:
        for name in (fact.path, f"{record}.{fact.path}", fact.label.zh, fact.label.en):
            found.setdefault(normal(name), fact)
    for name, fact in list(found.items()):
        found.setdefault(_loose(name), fact)
    for name, fact in list(found.items()):
        if fact.kind == "bool":
            bare = re.sub(r"\A(?:是否|有无)", "", name)
            found.setdefault(bare, fact)
            found.setdefault(f"是否{bare}", fact)
    return found


_WITHOUT_CELL: Final = frozenset(("list", "by_year", "record"))


@attrs.frozen
class _Variant:
    name: str
    scale: int | Fraction = 1
    year: int | None = None
    part: int | None = None


def _variants(text: str, group: str) -> Iterator[_Variant]:
    """Readings of a header, the plainest first; the group above it may be part of the name."""
    name, above = normal(text), normal(group)
    whole = [above + name, name] if above else [name]
    for base in whole:
        yield _Variant(base)
    beside = re.search(r"(?:19|20)\d\d", above)
    over = int(beside[0]) if beside else None
    factor = next((u for u in _BRACKETS.findall(above)), "").removeprefix("单位:")
    for base in whole:
        for scale, bare in _without_unit(base, _UNITS.get(factor, 1)):
            for year, dated in _without_year(bare):
                yield _Variant(dated, scale, year or over)
                part = _PART.search(dated)
                if part and part.start():
                    number = part[1]
                    at = (
                        int(number)
                        if number.isdigit()
                        else "一二三四五六七八九十".index(number) + 1
                    )
                    yield _Variant(dated[: part.start()], scale, year or over, at)


def _without_unit(name: str, above: int | Fraction) -> Iterator[tuple[int | Fraction, str]]:
    match = _BRACKETS.search(name)
    if match is None:
        yield above, name
        return
    unit = match[1].removeprefix("单位:")
    bare = name[: match.start()]
    if unit in _UNITS:
        yield _UNITS[unit], bare
    yield above, name
    if unit not in _UNITS and bare and not _MEANT.search(unit):
        # a note such as (1男2女) or (必填); what it says is not read
        yield above, bare


def _without_year(name: str) -> Iterator[tuple[int | None, str]]:
    for pattern in (_YEAR_BEFORE, _YEAR_AFTER):
        match = pattern.match(name) if pattern is _YEAR_BEFORE else pattern.search(name)
        if match and match.end() - match.start() < len(name):
            yield int(match[1]), name[: match.start()] + name[match.end() :]
    yield None, name


def understand(
    index: int,
    head: Head,
    records: Sequence[str],
    vocabulary: Vocabulary | None = None,
    *,
    year: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Column:
    """How a column is read in a table whose rows tell of ``records`` (the nearest first).

    ``year`` is that of by-year facts whose header names none; ``columns`` overrides by header: the path
    of a fact (``member.dibao``), a role, or empty to carry the column through.
    """
    vocabulary = vocabulary or load_vocabulary()
    told = _told(columns or {}, head)
    if told is not None:
        return _overridden(index, head, told, records, vocabulary, year)
    for base in (normal(head.group) + normal(head.text), normal(head.text)):
        bare = _BRACKETS.sub("", base)
        role = _ROLES.get(base) or _ROLES.get(bare)
        if role == "year" and not _yearly(records):
            role = None
        if role:
            return Column(index, head, role)
    reason: Reason = "unknown"
    for variant in _variants(head.text, head.group):
        found, why = _bound(variant, records, vocabulary, year)
        if found is not None:
            return attrs.evolve(found, index=index, head=head)
        reason = why or reason
    if _PRIVATE.search(normal(head.group + head.text)):
        return Column(index, head, "private")
    return Column(index, head, reason=reason)


def _yearly(records: Sequence[str]) -> bool:
    return any(record.endswith("_year") for record in records[:1])


def _bound(
    variant: _Variant, records: Sequence[str], vocabulary: Vocabulary, year: int | None
) -> tuple[Column | None, Reason]:
    why: Reason = ""
    for record in records:
        names = names_of(vocabulary, record)
        fact = names.get(variant.name) or names.get(_loose(variant.name))
        when = variant.year
        if fact is None and record in YEARLY:
            # 上年度 says no year; 年度 before a sum says nothing
            fact = names.get(_WHEN.sub("", variant.name)) or names.get(
                variant.name.removeprefix("年度")
            )
            if fact is not None and _WHEN.match(variant.name):
                when = None
        if fact is None:
            continue
        if variant.part is not None and fact.kind != "codes":
            continue  # 风险是否已消除0 is another column than 风险是否已消除
        if record in YEARLY and not _yearly(records):
            when = when or year
            if when is None:
                why = "needs_year"
                continue
        elif variant.year is not None and not _yearly(records):
            why = why or "year_not_taken"  # the fact holds one value, of no year or of another
            continue
        if variant.scale != 1 and fact.kind not in ("money", "number", "share"):
            continue
        return (
            Column(
                0,
                Head(""),
                "fact",
                record,
                fact,
                when,
                variant.scale,
                variant.part,
                holder=records[0],
            ),
            "",
        )
    return None, why


def _told(columns: Mapping[str, str], head: Head) -> str | None:
    by_name = {normal(k): v for k, v in columns.items()}
    for name in (f"{head.group}/{head.text}", head.group + head.text, head.text):
        if normal(name) in by_name:
            return by_name[normal(name)]
    return None


def _overridden(
    index: int,
    head: Head,
    told: str,
    records: Sequence[str],
    vocabulary: Vocabulary,
    year: int | None,
) -> Column:
    if not told:
        return Column(index, head)
    if told in _ROLES.values():
        role: Role = next(r for r in _ROLES.values() if r == told)
        return Column(index, head, role)
    dated = re.match(r"(?:household\.)?incomes\.(\d{4})\.(\w+)\Z", told)
    if dated:
        fact = vocabulary.records["income_year"].facts.get(dated[2])
        if fact is not None:
            return Column(index, head, "fact", "income_year", fact, int(dated[1]))
    record, _, path = told.partition(".")
    for name, rest in ((record, path), *((r, told) for r in records)):
        spec = vocabulary.records.get(name)
        fact = spec.facts.get(rest) if spec else None
        if fact is not None and fact.kind not in _WITHOUT_CELL and name in records:
            unit = _BRACKETS.search(normal(head.text))
            scale = _UNITS.get(unit[1], 1) if unit and fact.kind == "money" else 1
            return Column(index, head, "fact", name, fact, year, scale)
    return Column(index, head, reason="unknown")


def understand_all(
    heads: Iterable[Head],
    records: Sequence[str],
    vocabulary: Vocabulary | None = None,
    *,
    year: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> tuple[Column, ...]:
    """Every column of a table; see :func:`understand`."""
    return tuple(
        understand(i, head, records, vocabulary, year=year, columns=columns)
        for i, head in enumerate(heads)
    )
