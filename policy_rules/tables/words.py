"""Words of code lists as cells have them: every spelling, several in one cell, in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, Final

import attrs

from policy_rules.errors import nearest, one_of
from policy_rules.facts.dictionary import CodeList, FactSpec, Vocabulary
from policy_rules.facts.discretion import discreet
from policy_rules.facts.numbers import Refused
from policy_rules.tables.sheets import plain_text

_SPLIT: Final = re.compile(r"[,，、;；|/\\\s+＋&]+|(?<!以)[和及与]")


@attrs.frozen(eq=False)
class _Words:
    """A code list with its codes by every spelling, in half width and without blanks."""

    codes: CodeList
    spellings: Mapping[str, str]


@cache
def _words(vocabulary: Vocabulary, name: str) -> _Words:
    codes = vocabulary.codes[name]
    found = {_bare(s): c for s, c in codes.spellings.items()}
    for code, label in codes.values.items():
        found.setdefault(_bare(label.en), code)
    return _Words(codes, found)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def _known(words: _Words, text: str) -> str | None:
    spellings, codes = words.spellings, words.codes
    bare = _bare(text)
    found = spellings.get(bare)
    if found is None:
        # a number before the words (`01|因病`, `2.普通劳动力`): only the words count
        rest = re.sub(r"\A[(\[]?\d{1,3}[)\]]?[.、:|\-_ ]*(?=\D)", "", bare)
        found = spellings.get(rest)
    if found is None and "other" in codes.values and re.match(r"其[他它][:(\-]", bare):
        return "other"
    return found


def read_code(fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction) -> str:
    """The code a cell's words stand for; raises :class:`~policy_rules.facts.numbers.Refused`."""
    words = _words(vocabulary, fact.codes or "")
    text = _code_text(cell)
    found = _known(words, text)
    if found is None:
        raise _not_a_code(words.codes, text)
    return found


def _code_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return plain_text(cell)


def _not_a_code(codes: CodeList, text: str) -> Refused:
    near = nearest(text, [s for s in codes.spellings if not s.isascii()])
    return Refused("not_allowed", _allowed(codes), discreet(text, near), near)


def _allowed(codes: CodeList) -> str:
    return one_of(v.zh for v in codes.values.values())


def read_codes(
    fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction
) -> frozenset[str]:
    """The codes a cell's words stand for; raises :class:`~policy_rules.facts.numbers.Refused`."""
    words = _words(vocabulary, fact.codes or "")
    parts = list(cell) if isinstance(cell, list | tuple | set) else [cell]
    found: set[str] = set()
    for part in parts:
        text = _code_text(part)
        whole = _known(words, text)
        found |= {whole} if whole else set(_pieces(words, text))
    if len(found) > 1 and "none" in found:
        raise Refused("not_allowed", _allowed(words.codes), discreet(str(cell)))
    return frozenset(found)


def _pieces(words: _Words, text: str) -> Iterator[str]:
    """The codes of a cell with several; a spelling may itself hold a separator."""
    pieces = [p for p in _SPLIT.split(text) if p]
    if not pieces or (
        len(pieces) == 1 and _bare(text) in ("无", "没有") and "none" not in words.codes.values
    ):
        return
    at = 0
    while at < len(pieces):
        for end in range(min(len(pieces), at + 3), at, -1):
            one = _joined(words, pieces[at:end])
            if one is not None:
                yield one
                at = end
                break
        else:
            raise _not_a_code(words.codes, pieces[at])


def _joined(words: _Words, pieces: Sequence[str]) -> str | None:
    if len(pieces) == 1:
        return _known(words, pieces[0])
    tries = (mark.join(pieces) for mark in ("、", "/", "及", "和", "与", ""))
    return next((c for c in (_known(words, t) for t in tries) if c is not None), None)


def says(fact: FactSpec, cell: Any, vocabulary: Vocabulary) -> bool:
    """Whether a word such as `none` is one of the fact's own codes."""
    words = _words(vocabulary, fact.codes or "")
    return isinstance(cell, str) and _bare(cell) in words.spellings
