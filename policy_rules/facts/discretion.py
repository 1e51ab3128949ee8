"""What an error about a record may repeat of it.

A mistake often is a column that slipped: a name where a code belongs, an identity number where an
amount does. Errors show what is plainly a number, a date, a yes or no, or a misspelt code; of any
other text they tell the length.
"""

from __future__ import annotations

import re
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
