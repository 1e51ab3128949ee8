"""The record that a strategy drew last: Hypothesis ends with the smallest that fails a test."""

from __future__ import annotations

from typing import Any

import attrs

from policy_rules.packs.model import Pack
from policy_rules.testing.counterexamples import anonymous, unargued


@attrs.frozen
class Drawn:
    """A record and the pack it was drawn for."""

    pack: Pack
    record: dict[str, Any]

    def as_case(self, name: str) -> dict[str, Any]:
        """An entry of ``cases.yaml`` to be argued, named after the test the record fails."""
        day = self.record["as_of"]
        return unargued(name, anonymous(self.record, self.pack), day)


#: None where no strategy has drawn a record.
last: Drawn | None = None
