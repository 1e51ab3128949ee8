"""Chinese punctuation as it is set in print: the marks of packs and records are those of a keyboard."""

from __future__ import annotations

import re
from typing import Any, Final

_HAN: Final = "\u3400-\u9fff"
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")
_MARKS: Final = (
    (re.compile(rf"(?<=[{_HAN}”》）]),(?=\S)|,(?=[{_HAN}“《])"), "，"),
    (re.compile(rf"(?<=[{_HAN}”》）]);\s?|;(?=[{_HAN}“《])"), "；"),
    (re.compile(rf"(?<=[{_HAN}]):\s?(?=[{_HAN}“《])"), "："),
    (re.compile(rf"(?<=[{_HAN}”》）])\?"), "？"),
)
_ANY_HAN: Final = re.compile(f"[{_HAN}]")


def chinese(value: Any) -> Any:
    """A text with full-width marks and brackets where they stand among Chinese characters; else as it is.

    Markup is left alone: its texts have been through here.
    """
    if type(value) is not str or not _ANY_HAN.search(value):
        return value
    for _ in range(3):  # brackets within brackets
        value, found = _BRACKETS.subn(_wide, value)
        if not found:
            break
    for pattern, mark in _MARKS:
        value = pattern.sub(mark, value)
    return value


def _wide(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    if _ANY_HAN.search(match[1]) or _ANY_HAN.match(before):
        return f"（{match[1]}）"
    return match[0]
