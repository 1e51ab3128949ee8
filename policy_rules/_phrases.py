"""What stands for ``expected``, ``got`` and ``detail`` in a message, in Chinese.

Problems hold these parts in English. What a user wrote or may write stands in backticks and is left
as it is; everything else is a phrase of this table, so that a Chinese message holds no English.
"""

from __future__ import annotations

import re
from typing import Final

_PHRASES: Final = {
    # what a value is, or should be
    "nothing": "空值",
    "text": "文本",
    "a list": "列表",
    "a mapping": "键值映射",
    "a whole number": "整数",
    "a number": "数字",
    "a number, null": "数字、null",
    "a bare number": "不带单位的数",
    "a ratio": "比率",
    "true or false": "true 或 false",
    "a date": "日期",
    "a fact": "事实项",
    "a reference": "引用文本",
    "a yes-or-no condition": "条件（是或否）",
    "a code": "代码",
    "a set of codes": "代码集合",
    "a list of spells": "有起止时间的经历列表",
    "an expression": "表达式",
    "a record": "记录",
    "null": "null",
    "2 or more": "2 个以上",
    "and": "与",
    "it alone, or with `not`": "条件本身，或在其前加 `not`",
    "norms": "norms",
    # the schemas' descriptions
    "16 digits of 0-9 and a-f, in quotes": "加引号的 16 位 0-9、a-f 字符",
    "64 digits of 0-9 and a-f, in quotes": "加引号的 64 位 0-9、a-f 字符",
    "YES, NO, UNKNOWN, not_in_force, or a mapping": "YES、NO、UNKNOWN、not_in_force 或映射",
    "a clause's locator in quotes": "加引号的条款编号",
    "a concept's id": "概念编号",
    "a list of them": "其列表",
    "a figure as the text has it": "原文中的数字写法",
    "a name of lower-case letters, digits and `_`": "由小写字母、数字和 `_` 组成的名称",
    "names of lower-case letters, digits and `_` joined by dots": (
        "由小写字母、数字和 `_` 组成、以点连接的名称"
    ),
    "a pack's name": "规则包名称",
    "a path": "路径",
    "a range": "区间",
    "a region code of 6, 9 or 12 digits in quotes": "加引号的 6、9 或 12 位行政区划代码",
    "a rule": "规则",
    "a rule and a subject": "规则和对象",
    "a text in two languages, {zh: …, en: …}": "中英文文本 {zh: …, en: …}",
    "text, or {zh: …, en: …}": "文本或 {zh: …, en: …}",
    "a version": "版本号",
    "a year": "年份",
    "an alternative's id": "备选项编号",
    "the name of a record": "记录名称",
    "two positions": "两个位置",
    "two rules or more, the one that goes before first": "两条以上规则，优先者在前",
    # units
    "yuan": "元",
    "yuan per person": "元/人",
    "yuan per household": "元/户",
    "yuan per month": "元/月",
    "months": "月",
    "years": "年",
    "days": "天",
    "persons": "人",
    "households": "户",
    "mu": "亩",
    "times": "次",
    "items": "项",
    "ratio": "比率",
    "percentage points": "百分点",
    "km": "公里",
    "tonnes": "吨",
    "square metres": "平方米",
    # the operating system
    "No such file or directory": "文件不存在",
    "Permission denied": "没有读取权限",
    "another run is writing here": "另有一次运行正在写入此处",
    "No space left on device": "磁盘已满",
    "File too large": "文件过大",
    "Is a directory": "这是文件夹，不是文件",
    "Not a directory": "路径中有一段不是文件夹",
    "File name too long": "文件名过长",
    # tables
    "it is a binary workbook (xlsb): save it as xlsx": "这是二进制工作簿（xlsb），请另存为 xlsx",
    "it is locked by a password": "文件有密码保护",
    "the file is damaged": "文件已损坏",
    "give the path of a file that holds the key": "请给出存放密钥的文件的路径",
    "a number whose birth date is none": "其中的出生日期不存在",
    "a number whose check digit is wrong": "校验码不符",
    # packs asked together
    "they are versions of one pack": "是同一规则包的不同版本",
    "their fact dictionaries differ": "所用的事实词典不同",
    # YAML
    "control characters are not allowed": "不允许出现控制字符",
    "mapping values are not allowed in this context": "此处不能出现键和值，可能是缩进不对或缺少引号",
    "mapping keys are not allowed in this context": "此处不能出现键",
    "block sequence entries are not allowed in this context": "此处不能出现列表项",
    "did not find expected key": "此处应为键，可能是缩进不对",
    "did not find expected '-' indicator": "此处应为列表项，可能是缩进不对",
    "did not find expected ',' or ']'": "列表缺少 , 或 ]",
    "did not find expected ',' or '}'": "映射缺少 , 或 }",
    "did not find expected node content": "此处缺少内容",
    "could not find expected ':'": "键之后缺少冒号",
    "found character that cannot start any token": "此处有不能作为开头的字符",
    "found a tab character that violates indentation": "不能用制表符缩进",
    "found unexpected end of stream": "文本意外结束，可能缺少引号",
    "found unexpected document indicator": "此处不应有文档分隔线",
    "found unknown escape character": "有无法识别的转义字符",
    "found undefined alias": "引用了没有定义的锚点",
    "expected a single document in the stream": "一个文件只能有一份文档",
    # JSON
    "Expecting value": "此处应有值",
    "Expecting property name enclosed in double quotes": "此处应为加双引号的键",
    "Expecting ':' delimiter": "键之后缺少冒号",
    "Expecting ',' delimiter": "此处缺少逗号",
    "Illegal trailing comma before end of object": "末尾不能有多余的逗号",
    "Illegal trailing comma before end of array": "末尾不能有多余的逗号",
    "Unterminated string starting at": "文本缺少结束的引号",
    "Invalid control character at": "文本中有控制字符",
    "Invalid \\escape": "有无法识别的转义字符",
    "Extra data": "末尾有多余的内容",
    # expressions
    "invalid syntax": "写法不符合表达式语法",
    "a bracket is not closed": "括号没有闭合",
    "a bracket is closed that was not opened": "多了一个右括号",
    "the brackets do not fit": "括号不配对",
    "a quotation mark is missing": "缺少引号",
    "a character that has no place here": "有不能出现在此处的字符",
    "a comparison is written `==`": "相等写作 `==`",
    "a number is written wrongly": "数字写法有误",
    "an operator is missing": "缺少运算符或逗号",
    "the expression is empty": "表达式是空的",
    "this is nested too deeply": "嵌套层数过多",
    "a name may not begin with a digit": "名称不能以数字开头",
}

_FORMS: Final = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (r"one of (.+)", "{} 之一"),
        (r"a text of (\d+) characters", "（{}个字，内容不显示）"),
        (r"a text of 1 characters?", "（1个字，内容不显示）"),
        (r"(.+?),? such as (?P<raw1>\[.+\]) or (?P<raw2>\[.+\])", "{}，如 {} 或 {}"),
        (r"(.+?),? such as (?P<raw1>\S+) or (?P<raw2>\S+)", "{}，如 {} 或 {}"),
        (r"(.+?),? such as (?P<raw1>[^\s,]+), or (.+)", "{}，如 {}，或 {}"),
        (r"(.+?),? such as (?P<raw1>\S+|\[.+\])", "{}，如 {}"),
        (r"a number of (\d+) digits", "{} 位的数字"),
        (r"a number of (.+)", "以{}计的数"),
        (r"a code of (`.+`)", "代码表 {} 中的代码"),
        (r"a set of codes of (`.+`)", "代码表 {} 的代码集合"),
        (r"an? (`[^`]+`) record", "{} 记录"),
        (r"a list of (`[^`]+`) records", "{} 记录的列表"),
        (r"(`[^`]+`) records by year", "按年份的 {} 记录"),
        (r"a mapping of (`.+`)", "由 {} 组成的键值映射"),
        (r"(.+), or one of (.+)", "{}，或 {} 之一"),
        (r"(.+), or (.+)", "{}，或 {}"),
        (r"(.+), (.+) or (.+)", "{}、{} 或 {}"),
        (r"(.+) or (.+)", "{} 或 {}"),
        (r"… \((\d+) in all\)", "…（共 {} 个）"),
        (r"(.+), (.+)", "{}、{}"),
    )
)
#: What stands in Latin letters in Chinese too.
_VERDICTS: Final = re.compile(
    r"`[^`]*`|YES|UNKNOWN|not_in_force|null|true|false|norms|UTF-8|YAML|JSON|\{zh: …, en: …\}"
)
_SPACE: Final = re.compile(r"(?<=[一-鿿（）“”：，]) (?=[一-鿿（）“”])")


def chinese(phrase: str) -> str:
    """The phrase in Chinese; what has no letters outside backticks stays as it is."""
    return tight(_said(phrase))


def tight(text: str) -> str:
    """Without the spaces between Chinese characters; what stands in backticks is left alone."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else _SPACE.sub("", part) for part in parts)


def _said(phrase: str) -> str:
    known = _PHRASES.get(phrase)
    if known is not None:
        return known
    if re.fullmatch(r"`[^`]*`", phrase):
        return phrase
    for pattern, form in _FORMS:
        match = pattern.fullmatch(phrase)
        if match and all(g.count("`") % 2 == 0 for g in match.groups()):
            raw = match.groupdict().values()  # examples, which nobody translates
            return form.format(*(g if g in raw else _said(g) for g in match.groups()))
    return phrase


def translated(phrase: str) -> bool:
    """Whether nothing English is left of a phrase."""
    return not re.search(r"[A-Za-z]{3,}", _VERDICTS.sub("", chinese(phrase)))


def detail(phrase: str) -> str:
    """A library's own words in Chinese; those nobody has translated are quoted."""
    return chinese(phrase) if translated(phrase) else f"`{phrase}`"
