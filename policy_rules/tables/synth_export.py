"""A synthetic population as the export of the monitoring system has it: one row a person, everything text.

Household columns stand in every row; headers have variants; codes, dates and figures are written as
people write them. A share of rows can be broken, as exports are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs
import numpy as np

from policy_rules.facts.dictionary import Vocabulary
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import ID, PARENT, YEAR, layout, pl
from policy_rules.tables.synth_draws import Array, Draws
from policy_rules.tables.synth_words import (
    day,
    figure,
    identities,
    month,
    several,
    spelled,
    truth,
    ways,
    whole,
    worded,
)
from policy_rules.tables.synth_world import YEARS

_LAST: Final = max(YEARS)
_BASE, _MONEY, _PEOPLE = "基本信息", f"{_LAST}年收入", "家庭成员"


@attrs.frozen
class ExportColumn:
    """One column: its headers (one is taken for a file), what stands above it, what fills it.

    ``of`` is ``household``, ``incomes``, ``member`` or ``made`` (numbers of households and people); ``unit`` is
    that of figures, ``blank`` the share of cells nobody filled in.
    """

    headers: tuple[str, ...]
    group: str
    of: str
    path: str
    unit: str = ""
    blank: float = 0.0


def _column(
    headers: str, group: str, of: str, path: str, unit: str = "", blank: float = 0.0
) -> ExportColumn:
    return ExportColumn(tuple(headers.split()), group, of, path, unit, blank)


#: The columns of the export, in order; those of household and money repeat in each row.
COLUMNS: Final[tuple[ExportColumn, ...]] = (
    *(_column(h, _BASE, "made", p) for h, p in (
        ("县编号 行政区划代码", "county"), ("乡镇编号 乡镇编码", "township"), ("村编号 行政村编码", "village"),
        ("户编号 家庭编号 户编码", "home"), ("户主姓名", "head"), ("户主证件号码 户主身份证号码", "head_identity"))),
    *(_column(h, _BASE, "household", p, u, b) for h, p, u, b in (
        ("户类型", "type", "", 0), ("监测对象类别 监测对象类型", "monitoring.category", "", 0),
        ("致贫返贫风险 返贫风险", "monitoring.risks", "", 0),
        ("识别监测时间 监测对象识别时间", "monitoring.identified_on", "month", 0),
        ("风险是否已消除 是否消除风险", "monitoring.risk_removed", "", 0),
        ("消除监测时间 风险消除时间", "monitoring.removed_on", "month", 0),
        ("风险消除方式", "monitoring.removal_way", "", 0),
        ("年度家庭人口数 家庭人口数", "size", "", 0.01), ("当前家庭人口数 当前家庭人口", "current_size", "", 0.02),
        ("是否易地扶贫搬迁 是否易地搬迁户", "relocated", "", 0.03),
        ("是否居住集中安置区", "relocation.resettlement_site", "", 0),
        ("整户无劳动能力兜底保障户", "no_labour_covered", "", 0.05),
        ("是否危房户 是否危房", "housing.danger", "", 0.05), ("危房等级", "housing.danger_grade", "", 0.4),
        ("是否解决安全饮用水", "water.safe", "", 0.05), ("住房是否出现安全问题", "housing.problem", "", 0.05),
        ("是否义务教育阶段适龄儿童少年失学辍学", "assurance.dropout", "", 0.05),
        ("是否有家庭成员未参加城乡居民(职工)基本医疗保险", "assurance.uninsured", "", 0.05),
        ("耕地面积(亩) 耕地面积", "land.arable", "亩", 0.05), ("林地面积(亩) 林地面积", "land.forest", "亩", 0.1),
        ("花椒种植面积(亩)", "farming.pepper_area", "亩", 0), ("是否有产业发展条件", "conditions.industry", "", 0.1),
        ("是否有产业发展意愿", "willing.industry", "", 0.1),
        ("是否加入农民专业合作组织 是否加入合作社", "in_cooperative", "", 0.05),
        ("是否有龙头企业带动", "dragonhead_driven", "", 0.05),
        ("是否有创业致富带头人带动", "leader_driven", "", 0.05), ("是否有新型经营主体带动", "new_entity_driven", "", 0.1),
        ("产业帮扶", "support.industry", "", 0.02), ("就业帮扶", "support.employment", "", 0.02),
        ("实施开发式帮扶措施情况", "support.development_state", "", 0.02), ("是否制定增收计划", "plan.made", "", 0.1),
        ("是否有帮扶责任人", "helper.assigned", "", 0.05), ("合规自付支出", "spending_12m.medical", "元", 0))),
    *(_column(h, _MONEY, "incomes", p, u, b) for h, p, u, b in (
        ("工资性收入(元) 工资性收入", "wage", "元", 0.01), ("生产经营性收入(万元)", "business", "万元", 0.01),
        ("生产经营性支出(元) 生产经营性支出", "business_cost", "元", 0.02), ("财产性收入(元) 财产性收入", "property", "元", 0.02),
        ("转移性收入(元) 转移性收入", "transfer", "元", 0.02), ("家庭纯收入(元) 家庭年纯收入", "net", "元", 0.05),
        ("人均纯收入(元) 家庭人均纯收入", "net_per_capita", "元", 0.05))),
    *(_column(h, _PEOPLE, "made", p) for h, p in (
        ("人编号 人口编号", "person"), ("证件类型", "document"), ("证件号码 身份证号码", "identity"),
        ("残疾证号 残疾人证号", "certificate"))),
    *(_column(h, _PEOPLE, "member", p, u, b) for h, p, u, b in (
        ("性别", "sex", "", 0.3), ("出生日期", "birth_date", "", 0.4), ("与户主关系", "relation", "", 0),
        ("政治面貌", "political", "", 0.03), ("文化程度", "schooling", "", 0.02), ("在校生状况", "student_level", "", 0),
        ("健康状况", "health", "", 0.01), ("劳动技能 劳动能力", "labour", "", 0.01), ("疾病名称 慢性病种", "illnesses", "", 0.2),
        ("是否签约家庭医生 家庭医生签约", "family_doctor.contracted", "", 0.1), ("是否就业 是否已务工", "employed", "", 0.02),
        ("就业形式", "employment.kind", "", 0.1), ("务工所在地", "employment.place", "", 0.05), ("务工所在省", "employment.province", "", 0.1),
        ("务工时间(月) 务工时长", "employment.months", "月", 0.02), ("务工月收入", "employment.monthly_wage", "元", 0.1),
        ("公益性岗位(类型) 公益岗位类型", "employment.public_post", "", 0), ("公益性岗位(月数)", "employment.public_post_months", "月", 0),
        ("享受低保政策情况", "dibao_kind", "", 0.01), ("享受特困供养政策情况", "tekun_kind", "", 0.01),
        ("是否参加城乡居民基本医疗保险 城乡居民基本医疗保险", "insurance.resident_medical", "", 0.02),
        ("是否参加城镇职工基本医疗保险", "insurance.employee_medical", "", 0.02),
        ("是否参加城乡居民基本养老保险", "insurance.resident_pension", "", 0.02), ("是否领取养老金", "pension.receiving", "", 0.05),
        ("是否有就业意愿", "willing.work", "", 0.1), ("是否有培训意愿", "willing.training", "", 0.2), ("是否返乡", "returned_migrant", "", 0.1),
        ("是否创业", "startup.started", "", 0.05), ("返乡创业时间", "startup.returned_on", "", 0), ("是否办理营业执照", "startup.licensed", "", 0),
        ("稳定经营时间(月)", "startup.months_operating", "月", 0), ("吸纳就业人数", "startup.employees", "", 0))),
    _column("是否会讲普通话", _PEOPLE, "made", "mandarin"),
    _column("备注", _PEOPLE, "made", "note"),
)  # fmt: skip

_BY_SEX: Final = {
    "child": ("之子", "之女"), "child_in_law": ("之女婿", "之儿媳"), "grandchild": ("之孙子", "之孙女"),
    "parent": ("之父", "之母"),
}  # fmt: skip
_CERTIFICATE_KINDS: Final = {
    "visual": "1", "hearing": "2", "speech": "3", "physical": "4", "intellectual": "5", "mental": "6", "multiple": "7",
}  # fmt: skip
#: How ``none`` is written in columns where the system leaves nothing or a word.
_NONE: Final = {
    "dibao_kind": "未享受", "tekun_kind": "不享受", "support.industry": "无", "support.employment": "无"
}  # fmt: skip


def headers(seed: int) -> tuple[str, ...]:
    """The headers of a file: one wording of each column."""
    drawn = Draws(seed, np.arange(len(COLUMNS))).bits("headers")
    return tuple(c.headers[int(d) % len(c.headers)] for c, d in zip(COLUMNS, drawn, strict=True))


@attrs.define(eq=False)
class _Part:
    """One part of the population being written: which member and household each row is."""

    population: Population
    homes: Draws
    people: Draws
    home_numbers: Array
    row_home: Array
    row_member: pl.Series
    rows: Draws


def export_rows(population: Population, seed: int, broken: float = 0.0) -> pl.DataFrame:
    """The rows of a part, a column of texts for each of :data:`COLUMNS` (named ``c0`` and on).

    ``broken`` is the share of rows with one fault. A household whose members nobody listed has one row.
    """
    part = _part(population, seed)
    made = _numbers(part)
    cells = []
    for i, column in enumerate(COLUMNS):
        if column.of == "made":
            cells.append(made[column.path].alias(f"c{i}"))
            continue
        household = column.of != "member"
        series = _cells(part, column)
        index = pl.Series(part.row_home) if household else part.row_member
        cells.append(series.gather(index).alias(f"c{i}"))
    frame = pl.DataFrame(cells)
    return _broken(frame, part, broken) if broken else frame


def _part(population: Population, seed: int) -> _Part:
    home, members = population.frames["household"], population.frames["household.members"]
    number = home.get_column(ID).cast(pl.Int64).to_numpy()
    parents = members.get_column(PARENT).to_numpy()
    empty = np.setdiff1d(np.arange(home.height), parents)
    row_home = np.concatenate((parents, empty))
    row_member = np.concatenate((np.arange(len(parents)), np.full(len(empty), -1)))
    order = np.argsort(row_home, kind="stable")
    row_home, row_member = row_home[order], row_member[order]
    index = pl.Series(row_member)
    people = Draws(seed, members.get_column(ID).cast(pl.Int64).to_numpy())
    at = pl.select(pl.when(index >= 0).then(index).cast(pl.UInt32)).to_series()
    rows = Draws(seed, number[row_home] * 100 + 1 + np.where(row_member < 0, 98, row_member % 97))
    return _Part(population, Draws(seed, number), people, number, row_home, at, rows)


def _cells(part: _Part, column: ExportColumn) -> pl.Series:
    """One fact's texts, by household or by member."""
    frames, vocabulary = part.population.frames, part.population.vocabulary
    frame, draws, record = frames["household"], part.homes, "household"
    if column.of == "member":
        frame, draws, record = frames["household.members"], part.people, "member"
    values = frame.get_column(column.path) if column.of != "incomes" else _income(part, column.path)
    if column.of == "incomes":
        record = "income_year"
    if column.path == "relation":
        texts = _relations(frame)
    else:
        texts = worded(values, ways(draws, column.path), _way(part, vocabulary, record, column))
    if column.blank:
        left = draws.chance(f"blank {column.path}", column.blank)
        texts = (
            pl.DataFrame({"t": texts, "b": left})
            .select(pl.when(~pl.col("b")).then("t"))
            .to_series()
        )
    return texts


def _way(
    part: _Part, vocabulary: Vocabulary, record: str, column: ExportColumn
) -> Callable[..., str]:
    fact = vocabulary.fact(record, column.path)
    empty = _NONE.get(column.path, "")
    match fact.kind:
        case "bool":
            return truth
        case "int":
            return whole
        case "date" | "year_month":
            return month if column.unit == "month" else day("Y-M-D")
        case "code":
            return spelled(vocabulary.codes[fact.codes or ""], empty)
        case "codes":
            top = layout(vocabulary, "household")
            inner = top if record == "household" else top.group.inner["members"]
            return several(vocabulary.codes[fact.codes or ""], inner.group.bits[column.path], empty)
    if column.unit == "万元":
        return figure("", 10_000)
    return figure({"月": "个月"}.get(column.unit, column.unit))


def _income(part: _Part, path: str) -> pl.Series:
    incomes = part.population.frames["household.incomes"].filter(pl.col(YEAR) == _LAST)
    parents = incomes.get_column(PARENT)
    at = np.full(len(part.home_numbers), -1)
    at[parents.to_numpy()] = np.arange(incomes.height)
    index = pl.select(pl.when(pl.Series(at) >= 0).then(pl.Series(at)).cast(pl.UInt32)).to_series()
    return incomes.get_column(path).gather(index)


def _relations(members: pl.DataFrame) -> pl.Series:
    """Relations as the system words them, which differ between men and women."""
    codes = {"head": "户主", "spouse": "配偶", "sibling": "之兄弟姐妹"}
    woman = pl.col("sex") == "female"
    word = pl.col("relation").replace_strict(codes, default=None)
    for code, (man, her) in _BY_SEX.items():
        said = pl.when(woman).then(pl.lit(her)).otherwise(pl.lit(man))
        word = pl.when(pl.col("relation") == code).then(said).otherwise(word)
    return members.select(word.alias("relation")).to_series()


def _numbers(part: _Part) -> dict[str, pl.Series]:
    """The columns that are no facts, by row."""
    home, members = part.population.frames["household"], part.population.frames["household.members"]
    number = part.home_numbers % 10**10
    parents = members.get_column(PARENT).to_numpy()
    own = identities(
        members.get_column("birth_date"), members.get_column("sex"), number[parents], part.people
    )
    kind = members.get_column("disability.kind").replace_strict(_CERTIFICATE_KINDS, default=None)
    holds = members.get_column("disability.certificate").fill_null(False)
    grade = members.get_column("disability.grade").cast(pl.String)
    inside = pl.Series(part.people.chance("in the identity column", 0.3))
    table = pl.DataFrame(
        {"own": own, "papers": own + kind + grade, "holds": holds, "inside": inside}
    ).with_columns(papers=pl.when("holds").then("papers"))
    swapped = pl.col("inside") & pl.col("papers").is_not_null()
    papers = table.select(
        document=pl.when(swapped)
        .then(pl.lit("残疾人证"))
        .when(pl.col("own").is_not_null())
        .then(pl.lit("居民身份证")),
        identity=pl.when(swapped).then("papers").otherwise("own"),
        certificate=pl.when(~swapped).then("papers"),
    )
    first = (
        members.with_columns(own=own)
        .filter(pl.col("relation") == "head")
        .unique(PARENT, keep="first", maintain_order=True)
    )
    heads = home.select(pl.int_range(pl.len(), dtype=pl.Int64).alias(PARENT)).join(
        first.select(PARENT, "own"), PARENT, "left", maintain_order="left"
    )
    name = "户" + pl.Series(number + 1).cast(pl.String).str.zfill(4)
    by_home = {
        "county": home.get_column("county_id"), "township": home.get_column("township_id"),
        "village": home.get_column("village_id"), "home": home.get_column(ID), "head": name,
        "head_identity": heads.get_column("own"),
    }  # fmt: skip
    mandarin = worded(
        pl.Series(part.people.chance("mandarin", 0.8)), ways(part.people, "mandarin"), truth
    )
    by_member = {
        "person": members.get_column(ID), "document": papers.get_column("document"),
        "identity": papers.get_column("identity"), "certificate": papers.get_column("certificate"),
        "mandarin": mandarin, "note": pl.Series([None], dtype=pl.String).new_from_index(0, members.height),
    }  # fmt: skip
    rows = pl.Series(part.row_home)
    return {k: s.gather(rows) for k, s in by_home.items()} | {
        k: s.gather(part.row_member) for k, s in by_member.items()
    }


#: Columns a fault may strike, and what then stands there; ``damaged`` and ``mistyped`` are of identity numbers.
_FAULTS: Final[tuple[tuple[str, Sequence[str]], ...]] = (
    ("wage", ("约三千", "1O000", "12.3.4", "#VALUE!")),
    ("size", ("四", "3-4", "?人")),
    ("identity", ("damaged",)),
    ("identity", ("mistyped",)),
    ("labour", ("壮劳力", "9")),
    ("relation", ("干亲", "之某")),
    ("home", ("",)),
    ("monitoring.identified_on", ("2022-13", "去年夏天")),
    ("health", ("健康,良", "好")),
)


def _broken(frame: pl.DataFrame, part: _Part, share: float) -> pl.DataFrame:
    """One fault in a share of the rows. (The faults of a small file may not include every kind.)"""
    struck = part.rows.chance("broken", share)
    fault = part.rows.pick("fault", (1,) * len(_FAULTS))
    which = part.rows.between("which fault", 0, 10**6)
    for i, (path, texts) in enumerate(_FAULTS):
        at = np.flatnonzero(struck & (fault == i))
        column = next(f"c{k}" for k, c in enumerate(COLUMNS) if c.path == path)
        before = frame.get_column(column)
        told: list[str | None] = [
            _struck(texts[int(which[row]) % len(texts)], old)
            for row, old in zip(at, before.gather(at), strict=True)
        ]
        if told:
            changed = before.clone().scatter(
                pl.Series(at, dtype=pl.UInt32), pl.Series(told, dtype=pl.String)
            )
            frame = frame.with_columns(changed.alias(column))
    return frame


def _struck(fault: str, old: str | None) -> str | None:
    if fault == "damaged":  # saved as a number, its last digits gone
        return None if old is None else f"{old[0]}.{old[1:3]}E+17"
    if fault == "mistyped":
        return None if old is None else f"{old[:16]}{9 - int(old[16])}{old[17:]}"
    return fault or None
