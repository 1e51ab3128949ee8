"""The packs of a run: which of them answer for a record, and what answers for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from policy_rules.engine.engine import Engine
from policy_rules.engine.several import taken
from policy_rules.errors import Lang
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack
from policy_rules.packs.overlay import Overlay, read_overlay
from policy_rules.packs.registry import choose_packs, list_packs, load_together
from policy_rules.tables.batch_explain import Reasons


class Packs:
    """The packs of a run, and which of them answer for a record."""

    def __init__(
        self, names: Sequence[str], rules: Path | None, overlays: Sequence[Overlay], lang: Lang
    ) -> None:
        self._rules, self._lang = rules, lang
        packs = load_together(names or list_packs(rules), rules)
        loaded = {pack.id: pack for pack in packs}
        self.named = tuple(loaded) if names else ()
        #: by which records are read: packs that are asked together share it
        self.vocabulary = packs[0].vocabulary if packs else load_vocabulary()
        for overlay in overlays:
            document = read_overlay(overlay)
            given = document.data.get("pack") if isinstance(document.data, Mapping) else None
            # one for none of them is told by the first pack it does not fit
            for id_ in [given] if given in loaded else list(loaded)[: 1 if given else None]:
                loaded[id_] = loaded[id_].with_overlay(document)
        self.loaded: dict[str, Pack] = loaded
        self._engines: dict[str, Engine] = {}
        self._reasons: dict[str, Reasons] = {}
        self._chosen: dict[tuple[str, date], tuple[str, ...]] = {}

    def chosen(self, record: Household, day: date) -> tuple[str, ...]:
        """Names of the packs that answer for a record: those named, or its region's on the day.

        Raises :class:`~policy_rules.errors.NotFoundError` (``no_region``, ``no_pack_applies``).
        """
        if self.named:
            return self.named
        key = (record.region, day)
        if key not in self._chosen:
            choices = choose_packs(record.region, day, self._rules)
            self._chosen[key] = tuple(taken(choices, record.region, day))
        return self._chosen[key]

    def engine(self, name: str) -> Engine:
        """The reference interpreter of a pack."""
        if name not in self._engines:
            self._engines[name] = Engine(self.loaded[name], engine="reference", readings=False)
        return self._engines[name]

    def reasons(self, name: str) -> Reasons:
        """What tells why, of a pack."""
        if name not in self._reasons:
            self._reasons[name] = Reasons(self.loaded[name], self._lang)
        return self._reasons[name]
