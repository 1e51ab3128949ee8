"""The sentences of the problems of tables: cells, rows, sheets, files of them."""

from __future__ import annotations

from typing import Final

TABLES: Final[dict[str, dict[str, str]]] = {
    "bad_characters": {
        "en": "this cell holds bytes that are no text: save the file as UTF-8 or GB18030",
        "zh": "此单元格中有无法解读的字节：请把文件另存为 UTF-8 或 GB18030 编码",
    },
    "cell_error": {"en": "this cell holds the error {got}", "zh": "此单元格是错误值 {got}"},
    "formula_without_value": {
        "en": "the formula in this cell has no stored value: open the file in a spreadsheet program and save it",
        "zh": "此单元格的公式没有保存结果：请用表格软件打开后保存",
    },
    "cell_too_large": {
        "en": "a cell or line of this file is longer than {expected} characters",
        "zh": "此文件中有单元格或行超过 {expected} 个字符",
    },
    "too_many_cells": {
        "en": "this sheet spans {got} cells, the limit is {expected}: delete what stands far below or to the right",
        "zh": "此工作表的范围有 {got} 个单元格，上限为 {expected}：请删去最下方或最右侧的多余内容",
    },
    "id_damaged": {
        "en": "this long number was stored as a number and has lost its last digits: export the column as text",
        "zh": "此长号码被存成了数值，末尾几位已丢失：请以文本格式重新导出该列",
    },
    "bad_identity": {
        "en": "this is no identity number: {got}",
        "zh": "此处不是有效的身份证号：{got}",
    },
    "bad_certificate": {
        "en": "this is no number of a disability certificate (an identity number, kind 1-7, grade 1-4): {got}",
        "zh": "此处不是有效的残疾人证号（身份证号加类别 1-7 和等级 1-4）：{got}",
    },
    "identity_differs": {
        "en": "this number contradicts what stands in the same row {expected}",
        "zh": "此号码与同一行的内容不一致 {expected}",
    },
    "columns_differ": {
        "en": "this cell contradicts another column of the same fact {expected}",
        "zh": "此单元格与同一事实项的另一列不一致 {expected}",
    },
    "rows_differ": {
        "en": "the rows of one household differ here: compare row {expected}",
        "zh": "同一户各行在此处不一致：请对照第 {expected} 行",
    },
    "row_broken": {
        "en": "this row cannot be read (cells too many or too few, a quotation mark not closed): it is set aside",
        "zh": "此行无法读取（单元格数不对或引号没有闭合），已搁置",
    },
    "row_set_aside": {
        "en": "this row is a total or a note, not data: it is set aside",
        "zh": "此行是合计或说明，不是数据，已搁置",
    },
    "row_repeated": {
        "en": "this row says the same as row {expected}: it is set aside",
        "zh": "此行与第 {expected} 行重复，已搁置",
    },
    "person_twice": {
        "en": "this number stands twice with different contents (first in row {expected}): this row is set aside",
        "zh": "同一编号出现两次而内容不同（首次在第 {expected} 行），此行已搁置",
    },
    "no_household_number": {
        "en": "this row has no household number",
        "zh": "此行没有户编号",
    },
    "no_household_number_column": {
        "en": "no sheet among {got} has a column with the number of the household (户编号, 户主证件号码)",
        "zh": "工作表 {got} 中没有户编号（或户主证件号码）一列",
    },
    "no_household_sheet": {
        "en": "this file has no sheet of households (农户)",
        "zh": "此文件没有农户工作表",
    },
    "sheet_not_read": {
        "en": "this sheet is not read: neither its name nor its columns say what a row is; name it like {expected}",
        "zh": "此工作表没有读入：从表名和列名看不出每行是什么；表名可写作 {expected}",
    },
    "people_not_read": {
        "en": "this sheet lists people too, but {expected} alone is read: put them into one sheet, or read each with `--sheet`",
        "zh": "此工作表也是人员表，但只读入了 {expected}：请合并成一个工作表，或用 `--sheet` 分别读入",
    },
    "no_owner": {
        "en": "this row does not say whose it is (no number of a household, person or entity): it is set aside",
        "zh": "此行没有写明属于谁（没有户编号、人编号或单位编号），已搁置",
    },
    "owner_unclear": {
        "en": "several households have a person of this number: add the household's number; this row is set aside",
        "zh": "有多户的人使用此人编号，无法对应：请加上户编号一列；此行已搁置",
    },
    "entity_differs": {
        "en": "what a record of a household or a register says here contradicts the entity's own sheet: it is taken as unknown",
        "zh": "农户数据或台账在此处与该主体自己的工作表不一致，按未知处理",
    },
    "weak_key": {
        "en": "the secret key needs {expected} to 4096 characters, drawn at random",
        "zh": "密钥须为 {expected} 至 4096 个随机字符",
    },
    "no_header": {
        "en": "no row of headers was found in {got}",
        "zh": "在 {got} 中没有找到列名行",
    },
    "unknown_sheet": {
        "en": "there is no sheet {got}; expected {expected}",
        "zh": "没有名为 {got} 的工作表；应为 {expected}",
    },
    "unknown_owner": {
        "en": "the household or member this row names is not in the data: the row is set aside",
        "zh": "此行所指的户或成员不在数据中，已搁置",
    },
    "no_cooperative": {
        "en": "this row names no cooperative: the row is set aside",
        "zh": "此行没有写合作社，已搁置",
    },
    "member_count": {
        "en": "the household is said to have {expected} members now, {got} are listed",
        "zh": "当前家庭人口数为 {expected}，列出的成员有 {got} 人",
    },
    "unmapped_column": {
        "en": "no fact takes the column {got}",
        "zh": "列 {got} 没有对应的事实项",
    },
}
