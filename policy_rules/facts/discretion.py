"""What an error about a record may repeat of it.

A mistake often is a column that slipped: a name where a code belongs, an identity number where an
amount does. Errors show what is plainly a number, a date, a yes or no, or a misspelt code; of any
other text they tell the length.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

from policy_rules.errors import shown
from policy_rules.schema import kind

_PLAIN: Final = re.compile(r"[-+]?[\d０-９][\d０-９.,，。:：/%％年月日号万亿元 -]{0,15}\Z")
_WORDS: Final = frozenset(
    [
        "yes",
        "no",
        "true",
        "false",
        "y",
        "n",
        "none",
        "null",
        "nan",
        "inf",
        "-inf",
        "是",
        "否",
        "有",
        "无",
        "不详",
        "未知",
    ]
)
_LONGEST: Final = 11  # digits: an identity, bank or telephone number is not repeated


def discreet(value: Any, known: str = "") -> str:
    """A value as an error may show it; ``known`` is the right word it is like, if any."""
    if isinstance(value, str):
        digits = sum(c.isdigit() for c in value)
        if known or value.lower() in _WORDS or (_PLAIN.match(value) and digits < _LONGEST):
            return shown(value)
        return f"a text of {len(value)} characters"
    if isinstance(value, dict | list | bool) or value is None:
        return kind(value)
    text = str(value)
    digits = sum(c.isdigit() for c in text)
    return shown(value) if digits < _LONGEST else f"a number of {digits} digits"


_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z_.0-9]{0,60}\Z")
_HEADER: Final = re.compile(
    r"姓名|证件|身份|号码|编号|电话|手机|地址|住址|银行|户主|备注|序号|时间|日期"
)


def discreet_key(key: Any, known: str = "") -> str:
    """A key as an error may show it: a word of a language, a header; members may be keyed by name."""
    text = str(key)
    shows = known or _HEADER.search(text) or _KEY.match(text)
    return shown(text) if shows and sum(c.isdigit() for c in text) < _LONGEST else discreet(text)


_YES: Final = frozenset(["是", "有", "对", "yes", "y", "true", "1"])
_NO: Final = frozenset(["否", "无", "没有", "不是", "no", "n", "false", "0"])
_FIGURE: Final = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)(万|亿)?[元人口户亩个月岁]*\Z")
_SCALE: Final = {None: 1, "万": 10_000, "亿": 100_000_000}


def truth_meant(value: Any) -> str:
    """``true`` or ``false`` where a text plainly means one, such as 是 or 否; else nothing."""
    word = unicodedata.normalize("NFKC", str(value)).strip().lower()
    return "true" if word in _YES else "false" if word in _NO else ""


def figure_meant(value: Any) -> str:
    """The number a text plainly means: full-width digits, ``19,000``, ``1.9万元``; else nothing."""
    text = unicodedata.normalize("NFKC", str(value)).strip().replace(",", "").replace(" ", "")
    match = _FIGURE.match(text)
    if match is None or sum(c.isdigit() for c in text) >= _LONGEST:
        return ""
    return format((Decimal(match[1]) * _SCALE[match[2]]).normalize(), "f")
