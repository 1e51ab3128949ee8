"""The answers of two packs about the same subjects, side by side by column."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.diff.impact import KINDS, Kind, Money
from policy_rules.diff.pairing import RulePair
from policy_rules.packs.model import Rule
from policy_rules.tables.answers_rows import number_of
from policy_rules.tables.frames_layout import pl

YES, NO, UNKNOWN, NONE = range(4)
AMOUNTS: Final = ("left_low", "left_high", "right_low", "right_high")


def _kind_of(old: int, new: int) -> Kind | None:
    """How an answer changes, amounts apart; NONE counts as NO."""
    before, after = (NO if s == NONE else s for s in (old, new))
    found: dict[tuple[int, int], Kind] = {
        (NO, YES): "gains",
        (YES, NO): "loses",
        (NO, UNKNOWN): "may_gain",
        (YES, UNKNOWN): "may_lose",
        (UNKNOWN, YES): "now_yes",
        (UNKNOWN, NO): "now_no",
    }
    return found.get((before, after))


#: How an answer changes by ``4 * old + new``; the number of a kind, null for none.
BY_CODE: Final = [
    None if (kind := _kind_of(code // 4, code % 4)) is None else KINDS.index(kind)
    for code in range(16)
]


@attrs.frozen
class Part:
    """The answers of one part: wide tables of records and of members, rows alike on both sides.

    ``home`` is the place of each member's record in the tables of records; ``whole`` which records list all
    their members; ``people`` how many members each record lists; ``days`` the day of each side, where it is one.
    """

    records: tuple[pl.DataFrame, pl.DataFrame]
    members: tuple[pl.DataFrame, pl.DataFrame]
    home: pl.Series
    whole: pl.Series
    people: pl.Series
    days: tuple[date | None, date | None]


def folded(pair: RulePair) -> bool:
    """Whether the two are about different subjects, so that households are compared."""
    return None not in pair.subjects and len(set(pair.subjects)) > 1


def aligned(wide: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """The answers about members in the order of the members."""
    if wide.height == keys.height and wide.select("row", "subject").equals(keys):
        return wide
    once = wide.unique(["row", "subject"], keep="first", maintain_order=True)
    return keys.join(once, on=["row", "subject"], how="left", maintain_order="left")


def paired(pair: RulePair, part: Part) -> tuple[pl.DataFrame, bool] | None:
    """The states (``code``: 4 * before + after) and amounts of a pair by place (``at``), and whether the
    places are members'; None where neither pack says anything of such records."""
    by_household = folded(pair)
    subject = "household" if by_household else pair.rule.subject
    of_members = subject == "member"
    states: list[pl.Series | None] = []
    amounts = {}
    for side, rule in enumerate((pair.left, pair.right)):
        table = (part.members if of_members else part.records)[side]
        if by_household and rule is not None and rule.subject == "member":
            states.append(_any(part, side, rule))
            continue
        if rule is None or rule.id not in table.columns:
            states.append(None)
            continue
        # the order of VERDICTS: YES, NO, UNKNOWN
        states.append(table.get_column(rule.id).to_physical().fill_null(NONE).cast(pl.UInt8))
        for end in ("low", "high"):
            name = f"{rule.id}.{end}"
            if name in table.columns and not by_household:
                amounts[f"{('left', 'right')[side]}_{end}"] = table.get_column(name)
    if all(s is None for s in states):
        return None
    height = next(s.len() for s in states if s is not None)
    before, after = (
        pl.repeat(NONE, height, dtype=pl.UInt8, eager=True) if s is None else s for s in states
    )
    frame = pl.DataFrame(
        {
            "at": pl.int_range(height, dtype=pl.Int64, eager=True),
            "code": before * 4 + after,
            **amounts,
        }
    )
    return frame, of_members


def _any(part: Part, side: int, rule: Rule) -> pl.Series:
    """Members taken together: YES if any is, UNKNOWN if any may be or members are not listed."""
    table, day = part.members[side], part.days[side]
    if day is not None and not rule.in_force.holds(day):
        return pl.repeat(NONE, part.whole.len(), dtype=pl.UInt8, eager=True)
    found = part.whole.to_frame("whole").with_columns(
        pl.when("whole").then(pl.lit(NO)).otherwise(pl.lit(UNKNOWN)).cast(pl.UInt8).alias("said")
    ).get_column("said")  # fmt: skip
    if rule.id not in table.columns:
        return found
    said = table.get_column(rule.id).to_physical().fill_null(NONE).cast(pl.UInt8)
    for state in (UNKNOWN, YES, NONE):
        at = part.home.filter(said == state).unique()
        found = found.scatter(at, state) if at.len() else found
    return found


def state_of(side: int) -> pl.Expr:
    """The state before (0) or after (1), of the column ``code``."""
    return pl.col("code") // 4 if side == 0 else pl.col("code") % 4


def with_amounts(frame: pl.DataFrame, pair: RulePair) -> pl.DataFrame:
    """Two YES with another amount are a change too."""
    both = pl.col("code") == 0
    blank = [pl.lit(None, pl.String).alias(n) for n in AMOUNTS if n not in frame.columns]
    frame = frame.with_columns(blank)
    apart = pl.any_horizontal(
        pl.col(f"left_{end}").ne_missing(pl.col(f"right_{end}")) for end in ("low", "high")
    )
    specs = [None if r is None or r.amount is None else r.amount for r in (pair.left, pair.right)]
    alike = len({None if s is None else (s.unit, s.paid) for s in specs}) == 1
    if not alike:
        other = pl.lit(KINDS.index("other_amount"), pl.UInt8)
        return frame.with_columns(pl.when(both).then(other).otherwise(pl.col("kind")).alias("kind"))
    distinct = frame.filter(both & apart).select(AMOUNTS).unique()
    told = [KINDS.index(_direction(*row)) for row in distinct.rows()]
    kinds = distinct.with_columns(pl.Series("_amount", told, dtype=pl.UInt8))
    joined = frame.join(
        kinds, on=list(AMOUNTS), how="left", nulls_equal=True, maintain_order="left"
    )
    chosen = pl.when(both).then(pl.col("_amount")).otherwise(pl.col("kind"))
    return joined.with_columns(chosen.alias("kind")).drop("_amount")


def _direction(*ends: str | None) -> Kind:
    """Whether a range of amounts moved up or down as a whole."""
    low, high, then_low, then_high = (number_of(end) for end in ends)
    if (low, high) == (None, None) or (then_low, then_high) == (None, None):
        return "other_amount"

    def ordered(a: Any, b: Any, c: Any, d: Any) -> bool:
        """a <= b below, c <= d above; an open end is the furthest."""
        below = a is None or (b is not None and a <= b)
        above = d is None or (c is not None and c <= d)
        return below and above

    if ordered(low, then_low, high, then_high):
        return "more"
    return "less" if ordered(then_low, low, then_high, high) else "other_amount"


def summed(rows: pl.DataFrame, side: int, rule: Rule | None) -> Money:
    """The sum of the amounts of one side, of those of whom it says YES or UNKNOWN; nothing for a rule without."""
    if rule is None or rule.amount is None:
        return Money()
    rows = rows.filter(state_of(side).is_in((YES, UNKNOWN)))
    low, high = (f"{('left', 'right')[side]}_{end}" for end in ("low", "high"))
    if low not in rows.columns:  # the document states no figure
        return Money(subjects=rows.height, unstated=rows.height)
    total = Money()
    for first, last, n in rows.group_by(low, high).len().rows():
        a, b = number_of(first), number_of(last)
        if a is None and b is None:
            total += Money(subjects=n, unstated=n)
        else:
            top = None if b is None else Fraction(b) * n
            total += Money(Fraction(a or 0) * n, top, n)
    return total
