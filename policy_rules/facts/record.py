"""Records: plain data in, checked and typed rows out, with every mistake at once.

Strict: an unknown key is an error. What is absent or null is not recorded. Numbers are exact (a
float is taken at its printed digits); a partial date (``2022-05``) is an interval of days.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import attrs

from policy_rules.errors import RecordError
from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.facts.files import read_record_file
from policy_rules.facts.quick import Odd, quick_reader
from policy_rules.facts.rows import (
    EMPTY_ROW,
    MAX_ITEMS,
    META,
    UNKNOWN_LIST,
    YEARS,
    Items,
    Row,
    plain,
)
from policy_rules.facts.strict import read_strictly
from policy_rules.yamldoc import Document

__all__ = [
    "EMPTY_ROW",
    "MAX_ITEMS",
    "META",
    "UNKNOWN_LIST",
    "YEARS",
    "Household",
    "Items",
    "Row",
    "plain",
    "read_record",
    "read_record_file",
]


@attrs.frozen(eq=False)
class Household:
    """A checked record: a household, or an entity (``kind`` says which).

    ``id`` is the caller's reference and no fact; ``as_of`` and ``region`` may be given with the
    record. Make one with :func:`read_record`.
    """

    kind: str
    id: str
    row: Row
    as_of: date | None
    region: str

    @property
    def members(self) -> tuple[Row, ...]:
        """The members recorded (none for an entity)."""
        items = self.row.get("members") if self.kind == "household" else None
        return items.rows if isinstance(items, Items) else ()

    def digest(self, key: bytes) -> str:
        """A keyed digest (HMAC-SHA256) of the facts: equal records give equal digests."""
        body = [self.kind, self.id, self.region, plain(self.row)]
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    @classmethod
    def load(cls, path: str | Path, vocabulary: Vocabulary | None = None) -> Household:
        """Read a YAML or JSON file; raises :class:`~policy_rules.errors.RecordError`."""
        document = read_record_file(Path(path))
        return read_record(document.data, vocabulary, document)


def read_record(
    data: Mapping[str, Any] | Household,
    vocabulary: Vocabulary | None = None,
    document: Document | None = None,
) -> Household:
    """Check a record against the dictionary.

    ``data`` is plain data as JSON or YAML gives it. Raises
    :class:`~policy_rules.errors.RecordError` with every problem, each with its path (and its line
    and column where ``document`` is the file it was read from).
    """
    if isinstance(data, Household):
        return data
    vocabulary = vocabulary or load_vocabulary()
    if type(data) is dict:
        try:
            kind, row, as_of, region = quick_reader(vocabulary).record(data)
        except Odd:
            pass
        else:
            return Household(kind, row.id, row, as_of, region)
    found, problems = read_strictly(data, vocabulary, document)
    problems.raise_if_any(RecordError)
    assert found is not None
    kind, row, as_of, region = found
    return Household(kind, row.id, row, as_of, region)
