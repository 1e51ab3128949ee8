"""Bad tables: what produces each problem code of reading populations, and how its message ends."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tables.workbook import number, sheet, text

from policy_rules import RecordError
from policy_rules.cli.keys import secret
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.tables.coverage_records import PopulationFiles
from policy_rules.tables.reading import read_population, unmapped
from policy_rules.tables.register import join_register

HEADS = [
    "户编号",
    "人编号",
    "证件号码",
    "残疾证号",
    "户类型",
    "当前家庭人口数",
    "是否享受低保",
    "享受低保",
]
ROW = ["1", "11", "", "", "脱贫户", "", "", ""]


def _read(*rows: Sequence[Any], heads: Sequence[str] = HEADS) -> Callable[[Path], object]:
    def show(tmp: Path) -> None:
        found = read_population(text(tmp / "county.csv", [heads, *rows]))
        raise RecordError(found.problems)

    return show


def _cell(header: str, value: Any, other: str = "", beside: Any = "") -> Callable[[Path], object]:
    row = [v for h, v in zip(HEADS, ROW, strict=True) if h not in (header, other)]
    heads = [h for h in HEADS if h not in (header, other)]
    heads, row = [*heads, header], [*row, value]
    return _read([*row, beside], heads=[*heads, other]) if other else _read(row, heads=heads)


def _formula(tmp: Path) -> None:
    rows = [["户编号", "户类型"], ["1", "=A1"]]
    found = read_population(sheet(tmp / "county.xlsx", {"户": rows}))
    raise RecordError([p for p in found.problems if p.code == "formula_without_value"])


def _broken(tmp: Path) -> None:
    path = text(tmp / "county.csv", [HEADS, ROW, [*ROW, "x"]])
    raise RecordError(read_population(path).problems)


def _wide(tmp: Path) -> None:
    path = sheet(tmp / "county.xlsx", {"户": [["户编号"]]})
    with zipfile.ZipFile(path) as book:
        parts = {n: book.read(n) for n in book.namelist()}
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", far)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, body in parts.items():
            book.writestr(part, body)
    read_population(path)


def _long(tmp: Path) -> None:
    body = f"{','.join(HEADS)}\n" + "1" * (17 << 20)
    (tmp / "county.csv").write_text(body, "utf-8")
    read_population(tmp / "county.csv")


def _unmapped(tmp: Path) -> None:
    raise RecordError(
        unmapped(read_population(text(tmp / "c.csv", [[*HEADS, "民族"], [*ROW, "汉"]])))
    )


def _further(**sheets: Sequence[Sequence[Any]]) -> Callable[[Path], object]:
    """An export with further sheets."""

    def show(tmp: Path) -> None:
        people = [["户编号", "人编号", "户类型"], ["1", "11", "脱贫户"], ["2", "11", "脱贫户"]]
        book = sheet(tmp / "county.xlsx", {"人员": people, **sheets})
        raise RecordError(read_population(book).problems)

    return show


def _differing(tmp: Path) -> None:
    """A register says another grade of an enterprise than the enterprise's own sheet."""
    firms = [["企业名称", "龙头企业级别", "是否正常经营"], ["某公司", "省级", "是"]]
    sheets = {"人员": [["户编号", "户类型"], ["1", "脱贫户"]], "企业": firms}
    book = sheet(tmp / "county.xlsx", sheets)
    rows = [
        ["户编号", "合作社名称", "企业名称", "龙头企业级别"],
        ["1", "甲合作社", "某公司", "市级"],
    ]
    register = text(tmp / "register.csv", rows)
    files = PopulationFiles([book], load_vocabulary(), register=register)
    list(files.records())
    raise RecordError(files.problems)


def _weak_key(tmp: Path) -> None:
    (tmp / "key").write_text("hunter2", "utf-8")
    secret(tmp / "key")


def _register(row: Sequence[str]) -> Callable[[Path], object]:
    def show(tmp: Path) -> None:
        records = read_population(text(tmp / "county.csv", [HEADS, ROW])).records
        rows = [["户编号", "合作社名称", "企业名称"], row]
        raise RecordError(join_register(records, text(tmp / "register.csv", rows)).problems)

    return show


_OTHER = [*ROW[:4], "一般农户", *ROW[5:]]
PRODUCED: dict[str, tuple[Callable[[Path], object], str]] = {
    "bad_characters": (
        _cell("户类型", "脱贫�"),
        "county.csv[county]:2:户类型: bad_characters: 此单元格中有无法解读的字节："
        "请把文件另存为 UTF-8 或 GB18030 编码",
    ),
    "cell_error": (_cell("户类型", "#N/A"), "此单元格是错误值 `#N/A`"),
    "formula_without_value": (_formula, "此单元格的公式没有保存结果：请用表格软件打开后保存"),
    "cell_too_large": (_long, "cell_too_large: 此文件中有单元格或行超过 131072 个字符"),
    "too_many_cells": (_wide, "上限为 200000000：请删去最下方或最右侧的多余内容"),
    "id_damaged": (_cell("证件号码", "5.30113E+17"), "末尾几位已丢失：请以文本格式重新导出该列"),
    "bad_identity": (
        _cell("证件号码", number()[:17] + ("1" if number()[17] != "1" else "2")),
        "county.csv[county]:2:证件号码: bad_identity: 此处不是有效的身份证号：校验码不符",
    ),
    "bad_certificate": (_cell("残疾证号", "123"), "等级 1-4）：（3个字，内容不显示）"),
    "identity_differs": (
        _cell("证件号码", number("19800203"), "出生日期", "1990-01-01"),
        "此号码与同一行的内容不一致 `出生日期`",
    ),
    "columns_differ": (
        _cell("是否享受低保", "是", "享受低保", "否"),
        "2:享受低保: columns_differ: 此单元格与同一事实项的另一列不一致 `是否享受低保`",
    ),
    "rows_differ": (
        _read(ROW, ["1", "12", *_OTHER[2:]]),
        "county.csv[county]:3:户类型: rows_differ: 同一户各行在此处不一致：请对照第 2 行",
    ),
    "row_broken": (_broken, "county.csv[county]:3: row_broken: 此行无法读取（单元格数不对或引号没有闭合），已搁置"),
    "row_set_aside": (_read(ROW, ["合计", *[""] * 7]), "此行是合计或说明，不是数据，已搁置"),
    "row_repeated": (_read(ROW, ROW), "此行与第 2 行重复，已搁置"),
    "person_twice": (
        _read(ROW, [*ROW[:6], "是", ""]),
        "同一编号出现两次而内容不同（首次在第 2 行），此行已搁置",
    ),
    "no_household_number": (_read(["", *ROW[1:]]), "2:户编号: no_household_number: 此行没有户编号"),
    "no_household_number_column": (
        _read(ROW[1:], heads=HEADS[1:]),
        "工作表 `county` 中没有户编号（或户主证件号码）一列",
    ),
    "no_household_sheet": (
        lambda tmp: read_population(text(tmp / "成员.csv", [HEADS, ROW]), "own"),
        "no_household_sheet: 此文件没有农户工作表",
    ),
    "sheet_not_read": (
        _further(杂项=[["甲", "乙"], ["1", "2"]]),
        "county.xlsx[杂项]: sheet_not_read: 此工作表没有读入：从表名和列名看不出每行是什么；表名可写作 "
        "`务工台账`、`培训台账`、`贷款台账`、`补贴`、`救助`、`合作社`、`企业`、`项目`、`村` 之一",
    ),
    "people_not_read": (
        _further(乙镇=[["户编号", "户类型"], ["3", "脱贫户"]]),
        "county.xlsx[乙镇]: people_not_read: 此工作表也是人员表，但只读入了 `人员`："
        "请合并成一个工作表，或用 `--sheet` 分别读入",
    ),
    "no_owner": (
        _further(务工=[["人编号", "开始时间"], ["", "2022-01"]]),
        "county.xlsx[务工]:2: no_owner: 此行没有写明属于谁（没有户编号、人编号或单位编号），已搁置",
    ),
    "owner_unclear": (
        _further(务工=[["人编号", "开始时间"], ["11", "2022-01"]]),
        "county.xlsx[务工]:2: owner_unclear: 有多户的人使用此人编号，无法对应：请加上户编号一列；此行已搁置",
    ),
    "entity_differs": (
        _differing,
        "1.enterprise.dragonhead_level: entity_differs: "
        "农户数据或台账在此处与该主体自己的工作表不一致，按未知处理",
    ),
    "weak_key": (_weak_key, "--key: weak_key: 密钥须为 16 至 4096 个随机字符"),
    "no_header": (_read(["1", "2"], heads=["甲", "乙"]), "在 `county` 中没有找到列名行"),
    "unknown_sheet": (
        lambda tmp: read_population(text(tmp / "county.csv", [HEADS, ROW]), sheet="country"),
        "没有名为 `country` 的工作表；应为 `county`；是否想写 `county`？",
    ),
    "unknown_owner": (_register(["9", "甲合作社", ""]), "此行所指的户或成员不在数据中，已搁置"),
    "no_cooperative": (_register(["1", "", "某公司"]), "此行没有写合作社，已搁置"),
    "member_count": (
        _cell("当前家庭人口数", "3"),
        "当前家庭人口数为 3，列出的成员有 1 人",
    ),
    "unmapped_column": (_unmapped, "列 `民族` 没有对应的事实项"),
}  # fmt: skip
