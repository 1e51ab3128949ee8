"""A text in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from policy_rules.errors import Lang


@attrs.frozen
class Text:
    """A label, question or explanation; both languages are always present."""

    zh: str
    en: str

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> Text:
        """From ``{zh: …, en: …}``; an absent text is empty."""
        return cls(str(data["zh"]), str(data["en"])) if data else EMPTY

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)

    def as_dict(self) -> dict[str, str]:
        """``{zh, en}``"""
        return {"zh": self.zh, "en": self.en}


EMPTY = Text("", "")


def writable(text: str) -> bool:
    """Whether a text can be written to a file; half of a surrogate pair, which JSON may hold, cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
