"""Counting what changes between the answers of two packs, by column, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.diff.impact import (
    KINDS,
    OUTCOMES,
    STATES,
    Change,
    Count,
    Kind,
    Money,
    RuleImpact,
    State,
)
from policy_rules.diff.impact_columns import (
    AMOUNTS,
    BY_CODE,
    UNKNOWN,
    YES,
    Part,
    aligned,
    folded,
    paired,
    state_of,
    summed,
    with_amounts,
)
from policy_rules.diff.impact_masks import Masks, count_of
from policy_rules.diff.pairing import RulePair
from policy_rules.packs.model import Pack
from policy_rules.tables.answers import Answers
from policy_rules.tables.answers_rows import BETWEEN
from policy_rules.tables.evaluate import EngineName, evaluate_population
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import COMPLETE, ID, PARENT, STATE, pl

#: The columns of the list of changes: the record's and the member's own references, how the answer changes,
#: the rule on either side (empty: none), its state, amount (exact text) and clauses there.
LISTED: Final[Mapping[str, Any]] = {
    "record": pl.String,
    "subject": pl.String,
    "kind": pl.Enum(KINDS),
    "left_rule": pl.String,
    "right_rule": pl.String,
    "left": pl.Enum(STATES),
    "right": pl.Enum(STATES),
    "left_low": pl.String,
    "left_high": pl.String,
    "right_low": pl.String,
    "right_high": pl.String,
    "left_clauses": pl.String,
    "right_clauses": pl.String,
}
_INNER: Final = "household.members"


@attrs.define
class _Tally:
    """The counts of one pair."""

    transitions: Counter[tuple[State, State]] = attrs.Factory(Counter)
    changes: dict[Kind, Change] = attrs.Factory(dict)
    yes: list[Money] = attrs.Factory(lambda: [Money(), Money()])
    open: list[Money] = attrs.Factory(lambda: [Money(), Money()])


class Counting:
    """The counts so far."""

    def __init__(
        self,
        left: Pack,
        right: Pack,
        days: tuple[date | None, date | None],
        pairs: Sequence[RulePair],
        engine: EngineName,
        most: int,
        sink: Callable[[pl.DataFrame], None] | None,
    ) -> None:
        self._packs, self._days, self._engine = (left, right), days, engine
        self._pairs = [(pair, _Tally()) for pair in pairs]
        self._most, self._sink = most, sink
        self._kept: list[pl.DataFrame] = []
        self._totals: Counter[tuple[str, str, str]] = Counter()
        self.listed = 0
        self.incomplete = 0
        self.population = Count()
        self.marked: Counter[str] = Counter()

    def counted(self, pair: RulePair) -> bool:
        """Whether what changes is a gain or loss: a rule another document does not mention is none."""
        same_document = self._packs[0].id == self._packs[1].id
        return same_document or (pair.left is not None and pair.right is not None)

    def rules(self) -> Iterator[RuleImpact]:
        """What was counted of each pair."""
        for pair, tally in self._pairs:
            yield RuleImpact(
                pair,
                dict(tally.transitions),
                {kind: tally.changes[kind] for kind in KINDS if kind in tally.changes},
                (tally.yes[0], tally.yes[1]),
                (tally.open[0], tally.open[1]),
                folded(pair),
            )

    def totals(
        self,
    ) -> tuple[dict[str, dict[Kind, Count]], dict[str, tuple[Count, Count]], Count]:
        """By outcome: households and persons of each kind of change; those left open before and after."""

        def count(outcome: str, name: str) -> Count:
            return Count(*(self._totals[outcome, name, of] for of in ("households", "persons")))

        kinds = {
            outcome: {k: count(outcome, k) for k in KINDS if count(outcome, k).households}
            for outcome in OUTCOMES
        }
        open_ = {o: (count(o, "open_before"), count(o, "open_after")) for o in OUTCOMES}
        return kinds, open_, count("any", "touched")

    def kept(self) -> pl.DataFrame:
        """The first rows of the list."""
        return pl.concat([pl.DataFrame(schema=dict(LISTED)), *self._kept])

    # -- one part -----------------------------------------------------------------------------

    def add(self, ours: Population, theirs: Population) -> None:
        """Ask both packs about the records of one part."""
        answers = [
            evaluate_population(pack, people, day, engine=self._engine)
            for pack, people, day in zip(self._packs, (ours, theirs), self._days, strict=True)
        ]
        part = self._part(ours, answers)
        masks = Masks(part)
        rows: list[pl.DataFrame] = []
        for pair, tally in self._pairs:
            pairing = paired(pair, part)
            if pairing is None:
                continue
            frame, of_members = pairing
            rows += self._count(pair, tally, frame, part, of_members, masks)
        masks.add_to(self._totals)
        self.population += Count(part.records[0].height, int(part.people.sum() or 0))
        self.incomplete += int((~part.whole).sum())
        self._list(rows, part)

    def _part(self, people: Population, answers: Sequence[Answers]) -> Part:
        """The answers side by side, without the records that one side could not evaluate."""
        marked: dict[int, str] = {}
        for answer in answers:
            for row, code in answer.errors.select("row", "code").iter_rows():
                marked.setdefault(row, code)
        self.marked.update(marked.values())
        top = people.frames[people.kind]
        rows = pl.int_range(people.height, dtype=pl.Int64, eager=True).alias("row")
        if marked:
            rows = rows.filter(~rows.is_in(list(marked)))
        place = pl.DataFrame({"row": rows}).with_row_index("_home")
        empty = pl.DataFrame(schema={PARENT: pl.Int64, ID: pl.String})
        inner = people.frames.get(_INNER, empty).select(
            pl.col(PARENT).alias("row"), pl.col(ID).fill_null("").alias("subject")
        )
        members = inner.join(place, on="row", how="inner", maintain_order="left")
        state = f"members{STATE}"
        whole = (
            (top.get_column(state) == COMPLETE).fill_null(False)
            if state in top.columns
            else pl.repeat(people.kind != "household", top.height, eager=True, dtype=pl.Boolean)
        )
        home = members.get_column("_home").cast(pl.Int64)
        count = pl.DataFrame({"_home": home}).group_by("_home").len()
        people_of = (
            place.select(pl.col("_home").cast(pl.Int64))
            .join(count, on="_home", how="left", maintain_order="left")
            .get_column("len")
            .fill_null(0)
        )
        keys = members.select("row", "subject")
        of_members = [aligned(answer.wide("member"), keys) for answer in answers]
        of_records = [answer.wide()[rows] for answer in answers]
        return Part(
            (of_records[0], of_records[1]),
            (of_members[0], of_members[1]),
            home,
            whole.gather(rows),
            people_of,
            self._days,
        )

    def _count(
        self,
        pair: RulePair,
        tally: _Tally,
        frame: pl.DataFrame,
        part: Part,
        of_members: bool,
        masks: Masks,
    ) -> list[pl.DataFrame]:
        """Count one pair; gives the rows of its changes."""
        codes = frame.group_by("code").len().rows()
        for code, n in codes:
            tally.transitions[STATES[code // 4], STATES[code % 4]] += n
        # members taken together have no amounts
        paying = (None, None) if folded(pair) else (pair.left, pair.right)
        for side, rule in enumerate(paying):
            for state, sums in ((YES, tally.yes), (UNKNOWN, tally.open)):
                sums[side] += summed(frame.filter(state_of(side) == state), side, rule)
        counted = self.counted(pair)
        outcome = pair.rule.outcome
        if counted:
            masks.open(outcome, frame, of_members)
        frame = frame.with_columns(
            pl.col("code")
            .replace_strict(dict(enumerate(BY_CODE)), return_dtype=pl.UInt8)
            .alias("kind")
        )
        paid = any(name in frame.columns for name in AMOUNTS)
        if paid and any(code == 0 for code, _ in codes):
            frame = with_amounts(frame, pair)
        changed = frame.filter(pl.col("kind").is_not_null())
        if not changed.height:
            return []
        for (number,), rows in changed.partition_by("kind", as_dict=True).items():
            kind = KINDS[int(number)]
            at = rows.get_column("at")
            money = summed(rows, 0, paying[0]), summed(rows, 1, paying[1])
            count = count_of(at, part, of_members)
            tally.changes[kind] = tally.changes.get(kind, Change()) + Change(count, *money)
            if counted:
                masks.change(outcome, kind, at, of_members)
        if not counted:
            return []
        return [self._rows(pair, changed, part, of_members)]

    def _rows(
        self, pair: RulePair, changed: pl.DataFrame, part: Part, of_members: bool
    ) -> pl.DataFrame:
        at = changed.get_column("at")
        home = part.home.gather(at) if of_members else at
        names = part.records[0].get_column("record").gather(home)
        subject = (
            part.members[0].get_column("subject").gather(at)
            if of_members
            else pl.repeat("", at.len(), eager=True)
        )
        states = pl.Series(STATES, dtype=LISTED["left"])
        kinds = pl.Series(KINDS, dtype=LISTED["kind"])
        code = changed.get_column("code")
        frame = pl.DataFrame(
            {
                "_home": home,
                "record": names,
                "subject": subject,
                "kind": kinds.gather(changed.get_column("kind")),
                "left_rule": pl.repeat(pair.left.id if pair.left else "", at.len(), eager=True),
                "right_rule": pl.repeat(pair.right.id if pair.right else "", at.len(), eager=True),
                "left": states.gather(code // 4),
                "right": states.gather(code % 4),
            }
        )
        ends = [
            changed.get_column(name)
            if name in changed.columns
            else pl.Series(name, dtype=pl.String).extend_constant(None, at.len())
            for name in AMOUNTS
        ]
        clauses = [
            pl.repeat(BETWEEN.join(rule.clauses) if rule else "", at.len(), eager=True).alias(name)
            for name, rule in (("left_clauses", pair.left), ("right_clauses", pair.right))
        ]
        return frame.hstack([*ends, *clauses])

    def _list(self, rows: list[pl.DataFrame], part: Part) -> None:
        """Keep the first rows of the list, and hand all of them on: household by household."""
        if not rows:
            return
        frame = pl.concat(rows).sort("_home", maintain_order=True).select(*LISTED)
        self.listed += frame.height
        held = sum(kept.height for kept in self._kept)
        if held < self._most:
            self._kept.append(frame.head(self._most - held))
        if self._sink is not None:
            self._sink(frame)
