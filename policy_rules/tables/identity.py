"""Identity numbers and disability certificates: what follows from them, and names in their stead.

An identity number (GB 11643-1999) is 6 digits of a region, a birth date, 3 digits of which the last is
odd for men, and a check digit; those of before 1999 have 15 digits, a year of two and no check digit. A
disability certificate is an identity number, a digit for the kind, one for the grade, and perhaps two
characters for the copy. Neither ever becomes a fact, part of an error, or an id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.facts.numbers import Refused
from policy_rules.tables.sheets import Odd, blank, written

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
#: The kinds by the digit of the certificate (中国残联, 残疾人证管理办法).
_KINDS: Final = {
    "1": "visual",
    "2": "hearing",
    "3": "speech",
    "4": "physical",
    "5": "intellectual",
    "6": "mental",
    "7": "multiple",
}
_DAMAGED: Final = re.compile(r"\d(?:\.\d+)?[Ee]\+?1[4-9]|\d(?:\.\d+)?[Ee]\+?2[01]")
#: Digits a spreadsheet keeps of a number.
_KEPT: Final = 15


@attrs.frozen
class Identity:
    """What follows from an identity number; ``number`` is for joining rows and goes nowhere else."""

    number: str
    birth: date
    sex: str


@attrs.frozen
class Certificate:
    """What follows from the number of a disability certificate."""

    holder: Identity
    kind: str
    grade: int


def compact(cell: Any) -> str:
    """The characters of a number as a cell has them: half width, no spaces, no leading quote."""
    if isinstance(cell, str) and cell.isascii() and cell.isalnum():
        return cell.upper()
    text = unicodedata.normalize("NFKC", written(cell))
    return re.sub(r"[\s\-'‘’`·]", "", text).upper()


def lost_digits(cell: Any) -> bool:
    """Whether a cell holds more digits than a spreadsheet keeps of a number, or ``1.23E+17``."""
    if isinstance(cell, float):
        return abs(cell) >= 10**_KEPT
    return _DAMAGED.fullmatch(compact(cell)) is not None


def damaged(cell: Any) -> bool:
    """Whether a cell held a long number as a number, so that its last digits are lost."""
    if lost_digits(cell):
        return True
    text = compact(cell)
    # 530103198001010000: what a spreadsheet saves of a number of 18 digits
    return len(text) == 18 and text.endswith("000") and text.isdigit() and not _checked(text)


def _written(cell: Any) -> str | None:
    """The characters of a number, None of an empty cell; raises :class:`~policy_rules.facts.numbers.Refused`."""
    if blank(cell):
        return None
    if isinstance(cell, Odd):
        raise Refused(cell.code, got=f"`{cell.got}`" if cell.got else "")
    if damaged(cell):
        raise Refused("id_damaged")
    return compact(cell)


def read_identity(cell: Any) -> Identity | None:
    """What an identity number tells; None for an empty cell.

    Raises :class:`~policy_rules.facts.numbers.Refused`, which never holds the number.
    """
    text = _written(cell)
    if text is None:
        return None
    if re.fullmatch(r"\d{15}", text):
        text = f"{text[:6]}19{text[6:]}"
        text += _CHECKS[sum(int(d) * w for d, w in zip(text, _WEIGHTS, strict=True)) % 11]
    if not re.fullmatch(r"\d{17}[\dX]", text):
        raise Refused("bad_identity", got=f"a text of {len(text)} characters")
    try:
        birth = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        birth = date.min
    if not 1850 <= birth.year <= 2100:
        raise Refused("bad_identity", got="a number whose birth date is none")
    if not _checked(text):
        raise Refused("bad_identity", got="a number whose check digit is wrong")
    return Identity(text, birth, "male" if int(text[16]) % 2 else "female")


def read_certificate(cell: Any) -> Certificate | None:
    """What a disability certificate tells; None for an empty cell.

    Raises :class:`~policy_rules.facts.numbers.Refused`.
    """
    text = _written(cell)
    if text is None:
        return None
    if len(text) not in (20, 22) or text[18] not in _KINDS or text[19] not in "1234":
        raise Refused("bad_certificate", got=f"a text of {len(text)} characters")
    holder = read_identity(text[:18])
    assert holder is not None
    return Certificate(holder, _KINDS[text[18]], int(text[19]))


def holder_of(cell: Any) -> str:
    """The identity number a cell holds, or whose certificate it is; empty where it holds none."""
    try:
        found = read_identity(compact(cell)[:18])
    except Refused:
        return ""
    return found.number if found else ""


def holds_identity(cell: Any) -> bool:
    """Whether a cell is a right identity number or certificate, or one that lost its end."""
    return damaged(cell) or bool(holder_of(cell))


def identity_like(text: str) -> bool:
    """Whether a text may be an identity number or a certificate's."""
    return bool(re.fullmatch(r"\d{15}|\d{17}[\dX]|\d{17}[\dX][1-7][1-4](?:..)?", text))


def _whole(text: str) -> str:
    """A number as :class:`Identity` has it, so that one of 15 digits, one of 18 and a certificate's agree."""
    return holder_of(text) or text


def _checked(text: str) -> bool:
    total = sum(int(d) * w for d, w in zip(text, _WEIGHTS, strict=False))
    return _CHECKS[total % 11] == text[17]


def key_mark(key: bytes | None) -> str:
    """Eight characters by which two outputs show that one key made both; empty without a key."""
    if key is None:
        return ""
    return hmac.new(key, b"policy-rules: mark of the key", hashlib.sha256).hexdigest()[:8]


class Pseudonyms:
    """Names in the stead of identity numbers.

    With a key (HMAC-SHA256) a person has the same name in every file read with it, and nobody without
    it can try out numbers. Without a key they are numbered in the order in which they appear: files
    read with one object join, others do not. ``used`` says whether any name was given.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key
        self._seen: dict[str, int] = {}
        self.mark = key_mark(key)
        self.used = False

    @property
    def keyed(self) -> bool:
        """Whether a number has the same name wherever it stands."""
        return self._key is not None

    def of(self, number: str) -> str:
        """The name of a number, 17 characters long at most."""
        self.used = True
        if self._key is None:
            return f"p{self._seen.setdefault(number, len(self._seen) + 1)}"
        return "p" + hmac.new(self._key, number.encode(), hashlib.sha256).hexdigest()[:16]

    def reference(self, cell: Any) -> str:
        """A household's or member's number as an id; one that is an identity number gets a name.

        Empty for what is no number: an error, a number that lost its digits, words that may be a name.
        """
        if isinstance(cell, str) and len(cell) < 15 and cell.isascii() and cell.isdigit():
            return cell  # most are
        text = compact(cell)
        if lost_digits(cell) or "�" in text or text.startswith("#"):
            return ""
        if identity_like(text):
            return self.of(_whole(text))
        if not text.isascii() and not any(c.isdigit() for c in text):
            return ""
        return unicodedata.normalize("NFKC", written(cell)).strip(" '‘’`")

    def holder(self, cell: Any) -> str:
        """The name of whom a document's number belongs to, whatever document it is; empty for none."""
        text = self.reference(cell)
        return text if not text or identity_like(compact(cell)) else self.of(text)
