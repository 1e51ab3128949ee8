"""The figures of a wording: Arabic and Chinese numerals, 万, 亿, %, 百分之, 分之, 成, 倍.

A wording is normalised first (:mod:`policy_rules.sources.wording`), so full-width digits are plain ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

import attrs

from policy_rules.sources.wording import normalise

_DIGITS: Final = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"〇": 0, "两": 2}
_STEPS: Final = {"十": 10, "百": 100, "千": 1000}
_MYRIADS: Final = {"万": 10**4, "亿": 10**8}
_CHINESE: Final = "[" + "".join([*_DIGITS, *_STEPS]) + "]"
_ARABIC: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMERAL: Final = re.compile(
    rf"(?P<percent>百分之)?(?:(?P<arabic>{_ARABIC})|(?P<chinese>{_CHINESE}(?:{_CHINESE}|[万亿](?={_CHINESE}))*)|(?P<half>半))"
    r"(?P<scale>万亿|亿|万|千(?!克|米|瓦|伏)|百(?!分))?(?P<tail>%|‰|分之|成(?=以|左|、|,|。|;|\)|的|$)|个?百分点)?"
)
#: What Chinese numerals measure; elsewhere (一户一策, 三农) they are words.
_MEASURES: Final = re.compile(
    r"(?:分之|倍|成(?=以|左|、|,|。|;|\))|个(?:百分点|月|以上|以下|以内)|万|亿|元|岁|亩|公里|天|年(?!度|级|轻|行动)|周岁|人次|名以|户以|次以|所以|家以|%)"
)
_DATE_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?=\d{2}:\d{2})")
_QUOTED: Final = re.compile(r'"[^"]{0,40}"|《[^》]{0,80}》|\[\d{4}\]\d+号')


@attrs.frozen
class Numeral:
    """A number in a wording: as written, where, its value, and all it may mean.

    ``meant`` holds the value scaled (三万 is 3 and 30000), as a share (65% is 65 and 0.65).
    """

    text: str
    start: int
    value: Fraction
    meant: frozenset[Fraction]
    chinese: bool


def chinese(text: str) -> Fraction:
    """The value of a Chinese numeral such as 三千二百 or 二〇二五."""
    if not any(c in _STEPS or c in _MYRIADS for c in text):
        return Fraction("".join(str(_DIGITS[c]) for c in text))
    total, section, digit = 0, 0, 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _STEPS:
            section += (digit or 1) * _STEPS[c]
            digit = 0
        else:
            total += (section + digit or 1) * _MYRIADS[c]
            section = digit = 0
    return Fraction(total + section + digit)


def _clock(text: str) -> str:
    """A date and a time run together (without white space) stand apart again."""
    return _DATE_TIME.sub(r"\1 ", text)


def numerals(wording: str) -> Iterator[Numeral]:
    """Every numeral of a wording, in order."""
    text = _clock(normalise(wording))
    for match in _NUMERAL.finditer(text):
        if match["half"]:
            value = Fraction(1, 2)
        elif match["arabic"]:
            value = Fraction(match["arabic"].replace(",", ""))
        else:
            value = chinese(match["chinese"])
        scale = 1
        for step in match["scale"] or "":
            scale *= _MYRIADS.get(step) or _STEPS.get(step, 1)
        meant = {value, value * scale}
        tail = match["tail"] or ""
        if tail.endswith(("%", "百分点")) or match["percent"]:
            meant.add(value / 100)
        elif tail == "成":
            meant.add(value / 10)
        elif tail == "‰":
            meant.add(value / 1000)
        elif tail == "分之":
            top = _NUMERAL.match(text, match.end())
            if top and (top["arabic"] or top["chinese"]) and value:
                upper = Fraction(top["arabic"]) if top["arabic"] else chinese(top["chinese"])
                meant |= {upper / value, upper}
        if text.startswith(("年", "周年"), match.end()) and value < 100:
            meant.add(value * 12)  # 一年以上 is 12 months
        yield Numeral(match[0], match.start(), value, frozenset(meant), match["arabic"] is None)


def values(wordings: Iterable[str]) -> frozenset[Fraction]:
    """Everything the numerals of some wordings may mean."""
    return frozenset(v for wording in wordings for n in numerals(wording) for v in n.meant)


def telling(wording: str) -> Iterator[Numeral]:
    """The numerals that are figures: Arabic ones, Chinese ones that measure something; not those of
    names in quotation marks, titles and document numbers."""
    text = _clock(normalise(wording))
    names = [m.span() for m in _QUOTED.finditer(text)]
    for numeral in numerals(text):
        end = numeral.start + len(numeral.text)
        if any(a <= numeral.start and end <= b for a, b in names):
            continue
        if numeral.chinese and (
            numeral.text[0] in "百千" or not _measures(text, numeral.text, end)
        ):
            continue
        yield numeral


def _measures(text: str, numeral: str, end: int) -> bool:
    """Whether a Chinese numeral counts something, and is no part of a word."""
    return bool(_MEASURES.match(text, end) or _MEASURES.search(numeral))
