"""What a person's identity number and disability certificate add to the facts of a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from policy_rules.facts.numbers import Refused
from policy_rules.facts.rows import Row
from policy_rules.tables.binding import Import
from policy_rules.tables.headers import Column
from policy_rules.tables.identity import (
    Certificate,
    Identity,
    compact,
    read_certificate,
    read_identity,
)
from policy_rules.tables.sheets import RawRow, blank, written
from policy_rules.verdict import Interval


def person_of(
    person: Row, row: RawRow, roles: Mapping[str, Column], sheet: str, run: Import
) -> str:
    """Add what follows from the numbers in a row; gives the identity number, to name the person by.

    A recorded birth date or sex that contradicts the number is told and left out: one of them is wrong.
    """
    identity, certificate = _numbers(row, roles, sheet, run)
    column = roles.get("certificate")
    if column is not None:
        own = _tried(read_certificate, row, column, sheet, run)
        certificate = own if isinstance(own, Certificate) else certificate
    if certificate is not None and column is None:
        column = roles["identity"]
    if certificate is not None and identity is not None and certificate.holder != identity:
        run.tell("identity_differs", sheet, row.number, column)
        certificate = None
    if certificate is not None:
        assert column is not None
        identity = identity or certificate.holder
        _settle(person, "disability.kind", certificate.kind, row, column, sheet, run)
        _settle(person, "disability.grade", certificate.grade, row, column, sheet, run)
        _settle(person, "disability.certificate", True, row, column, sheet, run)
    if identity is None:
        return ""
    at = roles.get("identity") or column
    assert at is not None
    _settle(person, "birth_date", identity.birth, row, at, sheet, run)
    _settle(person, "sex", identity.sex, row, at, sheet, run)
    return identity.number


def _numbers(
    row: RawRow, roles: Mapping[str, Column], sheet: str, run: Import
) -> tuple[Identity | None, Certificate | None]:
    """The column 证件号码 holds an identity number, or that of a disability certificate."""
    column = roles.get("identity")
    if column is None:
        return None, None
    kind = roles.get("document_kind")
    said = "" if kind is None else written(row.cells[kind.index])
    if len(compact(row.cells[column.index])) in (20, 22) or "残疾" in said:
        found = _tried(read_certificate, row, column, sheet, run)
        if isinstance(found, Certificate):
            return found.holder, found
        return None, None
    if said and not any(word in said for word in ("身份证", "户口", "身份")):
        return None, None  # a passport says nothing
    found = _tried(read_identity, row, column, sheet, run)
    return (found, None) if isinstance(found, Identity) else (None, None)


def _tried(reader: Any, row: RawRow, column: Column, sheet: str, run: Import) -> Any:
    cell = row.cells[column.index]
    if blank(cell) or written(cell) in ("无", "/", "-", "—"):
        return None
    try:
        return reader(cell)
    except Refused as bad:
        code, expected, got, _ = bad.problem
        run.tell(code, sheet, row.number, column, expected=expected, got=got)
        return None


def _settle(
    person: Row, path: str, value: Any, row: RawRow, column: Column, sheet: str, run: Import
) -> None:
    recorded = person.get(path)
    if isinstance(recorded, Interval) and isinstance(value, date):
        recorded = value if recorded.lo <= value <= recorded.hi else recorded
    if recorded is None or recorded == value:
        person[path] = value
        return
    label = run.vocabulary.fact("member", path).label.zh
    run.tell("identity_differs", sheet, row.number, column, expected=f"`{label}`")
    del person[path]
