"""The recorded facts of one record, as the engines read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final

from policy_rules.verdict import Interval

#: Keys of a record, and of an item or record within it, that are not facts.
META: Final = ("kind", "id", "as_of", "region", "external")
ITEM_META: Final = ("id", "external")
#: Items a list may have.
MAX_ITEMS: Final = 10_000
#: Calendar years that facts by year may be of.
YEARS: Final = range(1990, 2101)

External = Mapping[str, Mapping[str, bool]]


class Row(dict[str, Any]):
    """The recorded facts of one record, by dotted path; what is not recorded is absent.

    ``id`` names the member or item within its record; ``external`` holds external conditions
    supplied with it, by pack.
    """

    __slots__ = ("external", "id")

    def __init__(self, id: str = "", external: External | None = None) -> None:
        super().__init__()
        self.id = id
        self.external: External = external or {}


class Items:
    """A list of rows; ``complete`` is false where some may be missing."""

    __slots__ = ("complete", "rows")

    def __init__(self, rows: tuple[Row, ...], complete: bool) -> None:
        self.rows = rows
        self.complete = complete


UNKNOWN_LIST: Final = Items((), False)
EMPTY_ROW: Final = Row()


def plain(value: Any) -> Any:
    """Rows as JSON data with exact numbers as text, for digests and saved cases."""
    match value:
        case Row():
            body = {k: plain(v) for k, v in value.items()}
            if value.id:
                body["id"] = value.id
            if value.external:
                body["external"] = {k: dict(v) for k, v in value.external.items()}
            return body
        case Items():
            return {"items": [plain(r) for r in value.rows], "complete": value.complete}
        case dict():
            return {str(k): plain(v) for k, v in value.items()}
        case frozenset():
            return sorted(value)
        case Interval():
            return [plain(value.lo), plain(value.hi)]
        case Fraction() | date():
            return str(value)
        case _:
            return value
