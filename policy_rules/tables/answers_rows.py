"""The rows of the long table, and those the reference interpreter gives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

from policy_rules.engine.finding import Finding, Status, figure
from policy_rules.packs.model import Pack
from policy_rules.tables.frames_layout import pl
from policy_rules.verdict import Number, Verdict

#: The status of a record that could not be evaluated; its row has no rule, and ``code`` says why.
ERROR: Final = "error"
#: Between the locators of a cell.
BETWEEN: Final = "; "
#: Where a subject stands: the record itself before its members.
ITSELF: Final = -1

VERDICTS: Final = pl.Enum([v.value for v in Verdict])
STATUSES: Final = pl.Enum([*(s.value for s in Status), ERROR])
EFFECTS: Final = pl.Enum(["granted", "preferred", "offered", "referred"])

#: The columns of the long table.
LONG: Final[Mapping[str, Any]] = {
    "row": pl.Int64,
    "record": pl.String,
    "as_of": pl.Date,
    "subject": pl.String,
    "rule": pl.Categorical,
    "verdict": VERDICTS,
    "status": STATUSES,
    "effect": EFFECTS,
    "met": VERDICTS,
    "amount_low": pl.String,
    "amount_high": pl.String,
    "low": pl.Int64,
    "low_over": pl.Int64,
    "high": pl.Int64,
    "high_over": pl.Int64,
    "clauses": pl.Categorical,
    "code": pl.Categorical,
}
#: Parts of a key that puts rows in order: the record, the member's place, the rule's place in the pack.
_PLACES: Final = 2**15
_RULES: Final = 2**13
#: The columns of rows that are being put together.
INNER: Final[Mapping[str, Any]] = {
    "_key": pl.Int64,
    **{n: t for n, t in LONG.items() if n != "record"},
}


def key(row: Any, place: Any, rule: Any) -> Any:
    """What rows are sorted by: the record, its own rules before each member's, in the order of the pack."""
    return (row * _PLACES + place + 1) * _RULES + rule + 1


def place_of(key: pl.Expr) -> pl.Expr:
    """The member's place in a key, :data:`ITSELF` for the record."""
    return key // _RULES % _PLACES - 1


def told_rows(
    findings: Iterable[tuple[int, date | None, Sequence[Finding] | str]], pack: Pack
) -> pl.DataFrame:
    """Rows from the reference interpreter: of records by row, their findings or the code of an error.

    Members stand in the order of their first finding.
    """
    place = {rule: i for i, rule in enumerate(pack.rules)}
    rows: list[tuple[Any, ...]] = []
    for row, day, found in findings:
        if isinstance(found, str):
            nothing = [None] * 9
            at = key(row, ITSELF, -1)
            rows.append((at, row, day, "", "", None, ERROR, *nothing, found))
            continue
        members: dict[str, int] = {"": ITSELF}
        for one in found:
            at = members.setdefault(one.subject, len(members) - 1)
            rows.append(_told(one, row, day, key(row, at, place[one.rule.id])))
    return pl.DataFrame(rows, schema=dict(INNER), orient="row")


def _told(one: Finding, row: int, day: date | None, at: int) -> tuple[Any, ...]:
    low, high = (None, None) if one.amount is None else (one.amount.low, one.amount.high)
    return (
        at,
        row,
        day,
        one.subject,
        one.rule.id,
        None if one.verdict is None else one.verdict.value,
        one.status.value,
        one.effect,
        None if one.met is None else one.met.value,
        None if low is None else figure(low),
        None if high is None else figure(high),
        *ratio(low),
        *ratio(high),
        BETWEEN.join(one.clauses),
        None,
    )


def ratio(number: Number | None) -> tuple[int | None, int | None]:
    """Numerator and denominator where 64 bits hold them."""
    if number is None or max(abs(number.numerator), number.denominator) >= 2**63:
        return None, None
    return number.numerator, number.denominator


def number_of(text: str | None) -> Number | None:
    """The number of an exact text."""
    if text is None:
        return None
    found = Fraction(text)
    return found.numerator if found.denominator == 1 else found


def chosen(
    told: pl.DataFrame,
    verdicts: Collection[str | None] | None,
    rules: Collection[str] | None,
) -> pl.DataFrame:
    """The rows that are asked for, and those of records that could not be evaluated."""
    marked = pl.col("status") == ERROR
    if verdicts is not None:
        wanted = [v for v in verdicts if v is not None]
        keep = pl.col("verdict").cast(pl.String).is_in(wanted)
        keep = keep.fill_null(None in verdicts)
        told = told.filter(keep | marked)
    if rules is not None:
        told = told.filter(pl.col("rule").cast(pl.String).is_in(list(rules)) | marked)
    return told
