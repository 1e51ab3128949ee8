"""The wording of an official text, normalised for offsets and fingerprints.

Copies of one document differ in white space, in full or half width, in quotation marks and dashes.
White space is dropped, compatibility forms are folded, quotation marks, dashes and middle dots are each
written one way; nothing else is touched. Offsets count the characters that remain.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import attrs

from policy_rules.errors import NotFoundError, Place, Problem, shown

#: Characters that copies write in different ways, and the one they are folded to.
_FOLDED: Final = {
    **dict.fromkeys("“”„‟″〝〞「」『』‘’‚‛′`´'", '"'),
    **dict.fromkeys("—–―−‐‑‒─ーㄧ﹘﹣～~∼", "-"),
    **dict.fromkeys("·•・‧∙⋅", "·"),
    **dict.fromkeys("〈＜<‹«《", "《"),
    **dict.fromkeys("〉＞>›»》", "》"),
    **dict.fromkeys("〔【［", "["),
    **dict.fromkeys("〕】］", "]"),
}
#: An official document is a few dozen pages; a file longer than this is no such text.
LARGEST_TEXT: Final = 20_000_000
_SENTENCE: Final = re.compile(r"[^。;!?]*[。;!?]|[^。;!?]+")


@lru_cache(maxsize=20_000)
def _fold(character: str) -> str:
    folded = _FOLDED.get(character) or unicodedata.normalize("NFKC", character)
    return "".join(_FOLDED.get(c, c) for c in folded if not c.isspace() and c.isprintable())


def normalise(text: str) -> str:
    """The text as offsets and fingerprints see it."""
    return "".join(map(_fold, text))


def fingerprint(wording: str) -> str:
    """16 hex digits of the SHA-256 of the normalised wording."""
    return digest(normalise(wording))


def digest(normalised: str) -> str:
    """The fingerprint of a text that is normalised already."""
    return hashlib.sha256(normalised.encode()).hexdigest()[:16]


@attrs.frozen(eq=False)
class OfficialText:
    """An official text as a user has it: the wording, and the normalised text spans count in."""

    raw: str
    name: str = ""

    @classmethod
    def read(cls, path: Path) -> OfficialText:
        """A text file in UTF-8 or GB18030; raises :class:`~policy_rules.errors.NotFoundError`."""
        place = Place(str(path))
        try:
            if path.stat().st_size > LARGEST_TEXT:
                size = str(path.stat().st_size)
                raise NotFoundError(Problem("file_too_large", place, str(LARGEST_TEXT), size))
            data = path.read_bytes()
        except OSError as error:
            detail = error.strerror or type(error).__name__
            raise NotFoundError(Problem("cannot_read", place, detail=detail)) from error
        try:
            return cls(data.decode("utf-8-sig"), path.name)
        except UnicodeDecodeError as error:
            try:
                return cls(data.decode("gb18030"), path.name)
            except UnicodeDecodeError:
                got = shown(f"0x{data[error.start]:02X}")
                raise NotFoundError(Problem("not_utf8", place, got=got)) from error

    @cached_property
    def _folds(self) -> tuple[str, tuple[int, ...]]:
        parts: list[str] = []
        places: list[int] = []
        for i, character in enumerate(self.raw):
            folded = _fold(character)
            if folded:
                parts.append(folded)
                places += [i] * len(folded)
        return "".join(parts), tuple(places)

    @property
    def text(self) -> str:
        """The normalised text."""
        return self._folds[0]

    @cached_property
    def digest(self) -> str:
        """The fingerprint of the whole."""
        return digest(self.text)

    def wording(self, span: tuple[int, int]) -> str:
        """The wording of a span of the normalised text, as written but without white space."""
        start, end = span
        if start >= end:
            return ""
        places = self._folds[1]
        return "".join(self.raw[places[start] : places[end - 1] + 1].split())

    def sentences(self, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """The sentences of a span of the normalised text."""
        start, end = span
        for match in _SENTENCE.finditer(self.text, start, end):
            yield match.span()
