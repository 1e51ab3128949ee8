"""Coverage of targets as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_rules.engine.tally import Span
from policy_rules.packs.model import Target
from policy_rules.render.coverage_words import CAUTION, DIRECTIONS, NO_BINDING, said, told
from policy_rules.render.goals import target_data
from policy_rules.tables.coverage import Coverage, OtherReading, TargetCoverage
from policy_rules.tables.coverage_binding import TWO_CELLS, Binding
from policy_rules.tables.coverage_gaps import Gap, Listing
from policy_rules.tables.coverage_plan import FigureCoverage
from policy_rules.text import Text


def coverage_data(report: Coverage) -> dict[str, Any]:
    """The whole report as plain data: numbers as text (exact; ``null`` where nothing bounds them), and
    every list of households with the facts missing."""
    return {
        "pack": report.pack.id,
        "pack_version": report.pack.version,
        "pack_digest": report.pack.digest,
        "as_of": str(report.as_of),
        "in_force": report.pack.in_force.holds(report.as_of),
        "records": dict(report.records),
        "left_out_elsewhere": report.elsewhere,
        "caution": CAUTION.as_dict(),
        "targets": [_target_data(t) for t in report.targets],
        "double_binding": _bindings_data(report),
    }


def _target_data(found: TargetCoverage) -> dict[str, Any]:
    body = target_data(found.target)
    body |= {
        "status": found.status,
        "figures": [_figure_data(f, found.target) for f in found.figures],
    }
    if found.status == "external":
        body["needs_figure_from"] = {
            "authority": found.target.authority.as_dict(),
            "question": found.target.question.as_dict(),
        }
        body["figures"] = target_data(found.target)["figures"]
    if found.others:
        body["other_readings"] = [
            _reading_head(o) | {"figures": [_figure_data(f, o.target) for f in o.figures]}
            for o in found.others
        ]
    return body


def _reading_head(other: OtherReading) -> dict[str, Any]:
    return {
        "reading": other.reading.id,
        "alternative": other.alternative.id,
        "label": other.alternative.label.as_dict(),
    }


def _figure_data(found: FigureCoverage, of: Target) -> dict[str, Any]:
    goal = found.figure
    return {
        "year": found.year,
        "years": list(found.years),
        "wanted": {
            "comparator": of.comparator,
            "value": None if goal is None else told(goal.value),
            "upper": None if goal is None or goal.upper is None else told(goal.upper),
            "by": None if goal is None or goal.by is None else str(goal.by),
        },
        "population": {"certain": found.population, "unsure": found.unsure},
        "households_with_unlisted_members": found.unlisted,
        "numerator": {
            "certain": told(found.numerator.low),
            "possible": told(found.numerator.high),
        },
        "denominator": None if found.denominator is None else _span_data(found.denominator),
        "value": _span_data(found.value),
        "verdict": found.verdict.value,
        "state": {"zh": said(found, "zh"), "en": said(found, "en")},
        "due": found.due,
        "short": None if found.short is None else _span_data(found.short),
        "levels": None if found.levels is None else [_span_data(s) for s in found.levels],
        "gap": _gap_data(found.gap),
    }


def _span_data(span: Span) -> dict[str, str | None]:
    return {"low": told(span.low), "high": told(span.high)}


def _gap_data(gap: Gap) -> dict[str, Any]:
    return {
        "direction": gap.direction,
        "lacking": listing_data(gap.lacking),
        "unknown": listing_data(gap.unknown),
    }


def listing_data(listing: Listing) -> dict[str, Any]:
    """A list of households as plain data."""
    rows = []
    for row in listing.rows:
        body: dict[str, Any] = {"record": row.record}
        if row.subject:
            body["subject"] = row.subject
        if row.missing:
            body["missing"] = [n.key for n in row.missing]
        rows.append(body)
    return {"count": listing.count, "not_listed": listing.rest, "listed": rows}


def _bindings_data(report: Coverage) -> dict[str, Any]:
    if not report.sets_double_binding:
        return {"set_by_document": False, "why": NO_BINDING.as_dict()}
    rates = [
        {
            "target": found.target.id,
            "label": found.target.label.as_dict(),
            "reading": None if other is None else other.reading.id,
            "alternative": None if other is None else other.alternative.id,
            "reading_label": label.as_dict(),
            "rate": [_span_data(f.value) for f in figures],
            "verdict": [f.verdict.value for f in figures],
        }
        | _binding_data(binding)
        for found in report.double_binding
        for other, label, figures, binding in rates_of(found)
    ]
    return {"set_by_document": True, "two_cells": TWO_CELLS.as_dict(), "rates": rates}


def _binding_data(binding: Binding) -> dict[str, Any]:
    return {
        "bound": binding.bound,
        "stages": {s: listing_data(v) for s, v in binding.stages.items()},
        "unknown_because": [{"fact": n.name, "households": c} for n, c in binding.reasons],
        "only_two_cells": binding.two_cells,
        "cooperatives_waiting": {w.cooperative: w.households for w in binding.waiting},
        "taken_apart": binding.taken_apart,
    }


def rates_of(
    found: TargetCoverage,
) -> Iterator[tuple[OtherReading | None, Text, tuple[FigureCoverage, ...], Binding]]:
    """A double-binding rate under the readings in effect, then under each other one."""
    if found.binding is not None:
        yield None, DIRECTIONS["chosen"], found.figures, found.binding
    for other in found.others:
        if other.binding is not None:
            yield other, other.alternative.label, other.figures, other.binding
