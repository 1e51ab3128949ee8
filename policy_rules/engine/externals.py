"""External conditions supplied with a record: do they exist, and stand where they belong?"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

from policy_rules.errors import Place, Problem, RecordError, nearest, shown
from policy_rules.facts.record import Household, Row
from policy_rules.packs.model import Pack

#: So much alike, a name is a slip for the pack's own; packs of one province are less so.
SLIP: Final = 0.8


def check_externals(pack: Pack, record: Household) -> None:
    """Raise :class:`~policy_rules.errors.RecordError` for conditions the pack does not have.

    Conditions of other packs are theirs to look at, unless the name is a slip of this pack's.
    """
    problems = (
        list(_check(pack, record.row, record.kind, "external")) if record.row.external else []
    )
    for row in record.members:
        if not row.external:
            continue
        problems += _check(pack, row, "member", f"members.{row.id}.external")
    if problems:
        raise RecordError(problems)


def _check(pack: Pack, row: Row, subject: str, path: str) -> Iterator[Problem]:
    for name, conditions in row.external.items():
        if name != pack.id:
            if SequenceMatcher(None, name, pack.id).ratio() >= SLIP:
                yield Problem("unknown_pack", Place(path=path), pack.id, shown(name), pack.id)
            continue
        fitting = {e.id for e in pack.externals.values() if e.subject == subject}
        for condition in conditions:
            if condition not in fitting:
                near = nearest(condition, fitting)
                place = Place(path=f"{path}.{name}.{condition}")
                yield Problem("unknown_external", place, got=shown(condition), nearest=near)
