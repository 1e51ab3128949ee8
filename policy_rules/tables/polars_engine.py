"""Plans run by polars, in memory.

The plan becomes a graph of distinct values (:mod:`policy_rules.tables.graph`) in stages
(:mod:`policy_rules.tables.stages`). All that a stage adds to a frame is one ``select``, so polars works at it
with all its threads; a column goes when nothing needs it any more.

Inner rows are sorted by their parent: the rows of one parent are a slice, a column with the slices' offsets
is a list column without a copy, and an aggregate is polars' own fold over lists. Sums of 128 bits are
differences of a running total.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.tables.graph import Graph, live, ranged, too_large
from policy_rules.tables.nodes import BITS64, Facts
from policy_rules.tables.plan import Needed, Plan, Runs, Up
from policy_rules.tables.stages import Program, outer_frame

if TYPE_CHECKING:
    from polars import DataFrame, Expr

    from policy_rules.tables.polars_state import Group

#: How many programs are kept of a plan, and of how many plans.
_KEPT: Final = 32


@attrs.frozen
class _Entry:
    """What is kept of a plan: the columns and inner frames that are read, and programs made for it."""

    plan: Plan
    needed: list[Needed]
    ranged: set[tuple[str, str]]
    inner: list[str]
    programs: dict[Any, tuple[Program, dict[int, Expr]]] = attrs.Factory(dict)


_plans: dict[int, _Entry] = {}


def run(plan: Plan, frames: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    """The answers of a plan over the frames of a population.

    ``frames`` are as :mod:`policy_rules.tables.frames` has them: ``_row`` dense from 0, inner frames with
    ``_parent`` and sorted by it. A frame or a needed column that is not there is not recorded in any row.

    Gives for each frame with answers ``_row``, ``_parent`` and ``_id`` (where the frame has them) and the
    columns that ``plan.outcomes`` and ``plan.odd`` name: Boolean, String, Int64, or Int128 where a number
    needs it. Rows in which a number left 128 bits are odd; their other columns mean nothing.

    Raises :class:`~policy_rules.errors.EvaluationError` where polars is missing (``extra_missing``), or where
    a number leaves 128 bits and the plan has no `odd` (``number_overflow``).
    """
    _require()
    from policy_rules.tables.polars_state import State

    whole = _completed(plan, frames)
    groups = _groups(plan, whole)
    program, terms = _program(plan, whole, {name: g.longest for name, g in groups.items()})
    state = State(program, whole, groups, terms)
    for stage in program.stages:
        for frame, nodes in stage.defined.items():
            state.define(frame, nodes)
        for (_, inner), nodes in stage.folded.items():
            state.fold(inner, nodes)
        for (frame, _), nodes in stage.fetched.items():
            state.fetch(frame, nodes)
        state.drop(stage.done)
    if program.overflow is not None and state.whole(program.overflow, plan.frames[0]).any():
        raise too_large(plan.pack)
    return state.answers()


def explain(plan: Plan, frames: Mapping[str, DataFrame] | None = None) -> str:
    """What is computed, stage by stage, one line a column, for people who debug a plan.

    Without ``frames`` any column may hold anything; with them, what they decide is left out. A line has
    the frame, the column, its type (`?`: may be null), how it is computed, and names the plan has for it.
    """
    if frames is None:
        program = Program(plan, {}, {}, frozenset())
    else:
        whole = _completed(plan, frames)
        lengths = {name: g.longest for name, g in _groups(plan, whole).items()}
        program, _ = _program(plan, whole, lengths)
    names: dict[int, list[str]] = {}
    for (_, name), node in program.graph.columns.items():
        names.setdefault(node.number, []).append(name)
    size = (len(plan.steps), len(program.graph.nodes), len(program.stages))
    lines = ["{} steps, {} nodes, {} stages".format(*size)]
    for i, stage in enumerate(program.stages, 1):
        lines.append(f"stage {i}")
        groups = (*stage.defined.values(), *stage.folded.values(), *stage.fetched.values())
        for node in (n for group in groups for n in group):
            kind = (f"int{node.bits}" if node.kind == "int" else node.kind) + "?" * node.nullable
            also = "".join(f"  # {n}" for n in names.get(node.number, [])[:2])
            text = program.text(node, top=True)
            lines.append(f"  {node.frame} n{node.number} {kind} = {text}{also}")
        if stage.done:
            lines.append("  drop " + " ".join(f"n{n}" for n in stage.done))
    for frame, columns in program.outputs.items():
        lines += [f"{frame} {name} = {program.text(n)}" for name, n in columns.items()]
    return "\n".join(lines)


def _require() -> None:
    try:
        import polars  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        got = f"`{error.name}`"
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got=got)
        ) from error


def _completed(plan: Plan, frames: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    """The frames of a plan; one that is not there has no rows."""
    import polars as pl

    schema = {"_row": pl.Int64, "_parent": pl.Int64, "_id": pl.String}
    return {
        name: frames[name] if name in frames else pl.DataFrame(schema=schema)
        for name in plan.frames
    }


def _entry(plan: Plan) -> _Entry:
    # by identity: hashing a plan of ten thousand steps takes longer than looking at a slice
    entry = _plans.get(id(plan))
    if entry is None or entry.plan is not plan:
        if len(_plans) >= _KEPT:
            _plans.pop(next(iter(_plans)))
        steps, needed = live(plan)
        # with the frames between: a row is odd where something below it is
        read = {s.frame for s in steps} | {s.inner for s in steps if isinstance(s, Up | Runs)}
        within = [f for f in plan.frames if any(f"{r}.".startswith(f"{f}.") for r in read)]
        inner = [f for f in within if outer_frame(plan, f) is not None]
        graph = Graph(plan, {}, dict.fromkeys(plan.frames, 2**31))
        entry = _plans[id(plan)] = _Entry(plan, needed, ranged(graph), inner)
    return entry


def _groups(plan: Plan, frames: Mapping[str, DataFrame]) -> dict[str, Group]:
    """Where the rows of the inner frames lie."""
    from policy_rules.tables.polars_state import Group

    found = {}
    for name in _entry(plan).inner:
        outer = outer_frame(plan, name)
        assert outer is not None
        parents = frames[name].get_column("_parent")
        found[name] = Group.of(parents, frames[outer].height)
    return found


def _program(
    plan: Plan, frames: Mapping[str, DataFrame], lengths: Mapping[str, int]
) -> tuple[Program, dict[int, Expr]]:
    """The program for these frames, with its expressions; one made for frames of the same kind does."""
    entry = _entry(plan)
    facts: dict[tuple[str, str], Facts] = {}
    for name, table in frames.items():
        facts |= _facts(table, [n for n in entry.needed if n.frame == name], entry.ranged)
    longest = {name: _above(length) for name, length in sorted(lengths.items())}
    made = entry.programs
    lower: set[str] = set()
    for name in longest:
        outer = outer_frame(plan, name)
        if outer is not None and frames[name].height < frames[outer].height:
            lower.add(name)
    key = (tuple(facts.items()), tuple(longest.items()), frozenset(lower))
    if key not in made:
        if len(made) >= _KEPT:
            made.pop(next(iter(made)))
        made[key] = Program(plan, facts, longest, frozenset(lower)), {}
    return made[key]


def _facts(
    table: DataFrame, needed: list[Needed], ranged: set[tuple[str, str]]
) -> dict[tuple[str, str], Facts]:
    import polars as pl

    held: dict[Any, int] = {pl.Int64: 64, **dict.fromkeys((pl.Int8, pl.Int16, pl.Int32), 32)}
    ranges: dict[str, tuple[Any, Any]] = {}
    wanted = [
        n.name
        for n in needed
        if n.kind == "int" and n.name in table.columns
        if (n.frame, n.name) in ranged or table.schema[n.name] not in held
    ]
    if wanted and table.height:
        least, most = (table.select(c).row(0) for c in (pl.col(wanted).min(), pl.col(wanted).max()))
        ranges = dict(zip(wanted, zip(least, most, strict=True), strict=True))
    facts = {}
    for n in needed:
        nulls = table.get_column(n.name).null_count() if n.name in table.columns else table.height
        if nulls == table.height:
            facts[n.frame, n.name] = Facts(empty=True)
            continue
        bits = held.get(table.schema[n.name], 128) if n.kind == "int" else 32
        lo, hi = ranges.get(n.name, (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
        facts[n.frame, n.name] = Facts(_below(lo), _above(hi), nulls > 0, bits=bits)
    return facts


def _above(x: int) -> int:
    """A bound that slices of one population share: every fourth power of two, and what 31 and 63 bits hold."""
    if not 0 < x <= BITS64:
        return max(0, x)
    fourth = int(2 ** (-(-x.bit_length() // 4) * 4) - 1)
    return next(min(fourth, most) for most in (2**31 - 1, BITS64) if x <= most)


def _below(x: int) -> int:
    return -_above(-x - 1) - 1 if x < 0 else 0
