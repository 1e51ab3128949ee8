"""Is what is decided despite missing facts decided for good, and how often is UNKNOWN said needlessly?

Every gap of a few facts is filled in every way that could matter: all codes, both truths, numbers and dates
at, below and above every line of the rule, the ends of the range. A decided verdict must stay what it is under
each of them. An UNKNOWN under which every completion gives one and the same verdict was decided in truth: the
engine, which looks at one line at a time, may say UNKNOWN there, and how often it does is counted.
"""

from __future__ import annotations

import copy
import itertools
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.errors import Lang
from policy_rules.expr.nodes import Known, walk
from policy_rules.facts.dates import days_in
from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import Pack
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import expressions
from policy_rules.testing.layout import usual_range
from policy_rules.testing.lines import Lines, plain_number
from policy_rules.testing.reaching import Reach, reach_of
from policy_rules.verdict import Truth

#: Records asked of each rule, facts missing in one, ways a gap may be filled.
RECORDS, MISSING, MOST = 12, 3, 600
#: Contradictions that are kept to be shown.
SHOWN: Final = 20

Path = tuple[str | int, ...]


@attrs.frozen
class Contradiction:
    """A verdict that was decided, and a completion of the record under which it is another."""

    rule: str
    before: bool
    after: Truth
    record: Mapping[str, Any]
    completed: Mapping[str, Any]


@attrs.frozen
class Soundness:
    """What filling the gaps of many records gave.

    ``gaps`` are records with some facts missing, ``completions`` the ways they were filled, in all.
    ``decided`` and ``unknown`` count verdicts on records with a gap; ``needless`` those of ``unknown`` that
    every completion decides alike, ``needless_in`` the same by rule. ``left_out`` are rules that ask what is
    ``known``, which a completion may well change, and those of which no record was found.
    """

    pack: str
    rules: int
    gaps: int
    completions: int
    decided: int
    unknown: int
    needless: int
    needless_in: Mapping[str, int]
    contradictions: tuple[Contradiction, ...]
    left_out: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of UNKNOWN verdicts that were decided in truth; 0 where there is no UNKNOWN."""
        return self.needless / self.unknown if self.unknown else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        body = attrs.asdict(self)
        return {**body, "share": round(self.share, 4), "left_out": list(self.left_out)}

    def render(self, lang: Lang = "zh") -> str:
        """One line of figures, one a contradiction."""
        lines = [
            f"{c.rule}: {c.before} → {c.after}: {dict(c.record)} → {dict(c.completed)}"
            for c in self.contradictions
        ]
        if lang == "zh":
            lines.append(
                f"{self.pack}：{self.rules} 条规则，{self.gaps} 个缺项记录，补全 {self.completions:,} 次；"
                f"已定结论 {self.decided} 个，被补全推翻 {len(self.contradictions)} 个；"
                f"未定 {self.unknown} 个，其中补全后结论唯一 {self.needless} 个（{self.share:.1%}）"
            )
        else:
            lines.append(
                f"{self.pack}: {self.rules} rules, {self.gaps} records with a gap, {self.completions:,} "
                f"completions; {self.decided} verdicts decided, {len(self.contradictions)} contradicted; "
                f"{self.unknown} UNKNOWN, of which {self.needless} ({self.share:.1%}) are decided in truth"
            )
        return "\n".join(lines)


def check_soundness(
    pack: Pack,
    rules: Iterable[str] | None = None,
    *,
    records: int = RECORDS,
    missing: int = MISSING,
    most: int = MOST,
    seed: int = 0,
) -> Soundness:
    """Fill the gaps of records around the lines of each rule of a pack (or of some) in every way.

    ``records`` are asked of each rule, with up to ``missing`` facts missing; a gap that can be filled in more
    than ``most`` ways is made smaller. Half of them lack facts that decided a verdict before, the others lack
    facts they never had. Needs no extra. Raises :class:`~policy_rules.errors.NotFoundError` for an unknown rule.
    """
    chosen = tuple(pack.rules if rules is None else rules)
    asking = rules_asking_what_is_known(pack)
    trial = _Trial(records, missing, most)
    left_out = [name for name in chosen if name in asking]
    asked = 0
    for name in chosen:
        reach = reach_of(pack, name)
        if name in asking:
            continue
        if reach.found:
            trial.rule(reach, random.Random(f"{seed} {pack.id} {name}"))
            asked += 1
        else:
            left_out.append(name)
    count = trial.count
    return Soundness(
        pack.id, asked, count["gaps"], count["completions"], count["decided"], count["unknown"],
        sum(trial.needless.values()), dict(sorted(trial.needless.items())),
        tuple(trial.contradictions[:SHOWN]), tuple(left_out),
    )  # fmt: skip


def rules_asking_what_is_known(pack: Pack) -> frozenset[str]:
    """Rules that rest on ``known(…)``: a gap that is filled may well change them."""
    graph = graph_of(pack)
    found = {
        name
        for name in graph
        for node in expressions(getattr(pack, name.split(".")[0])[name.split(".", 1)[1]])
        if any(isinstance(part, Known) for part in walk(node))
    }
    while more := {name for name, used in graph.items() if used & found} - found:
        found |= more
    return frozenset(n.removeprefix("rules.") for n in found if n.startswith("rules."))


class _Trial:
    def __init__(self, records: int, missing: int, most: int) -> None:
        self.records, self.missing, self.most = records, missing, most
        self.count: Counter[str] = Counter()
        self.needless: Counter[str] = Counter()
        self.contradictions: list[Contradiction] = []

    def rule(self, reach: Reach, rng: random.Random) -> None:
        """Ask one rule of its records, each with a gap."""
        for number in range(self.records):
            whole = copy.deepcopy(rng.choice(reach.found).record)
            for _ in range(rng.randint(0, 3)):
                reach.move(whole, rng)
            places = list(_places(reach, whole))
            if reach.answers(whole) is None or not places:
                continue
            told = [p for p in places if _get(whole, p[0]) is not None]
            lost = number % 2 == 0
            some = told if lost else [p for p in places if p not in told]
            rng.shuffle(some)
            self.gap(reach, whole, some[: rng.randint(1, self.missing)], lost=lost)

    def gap(
        self,
        reach: Reach,
        whole: dict[str, Any],
        places: Sequence[tuple[Path, FactSpec | None]],
        *,
        lost: bool,
    ) -> None:
        """Take facts away, and fill the gap in every way."""
        day = date.fromisoformat(whole["as_of"])
        kept: list[tuple[Path, tuple[Any, ...]]] = []
        ways = 1
        for path, spec in places:
            values = domain(spec, reach.lines, reach.pack, day, _get(whole, path))
            if ways * len(values) <= self.most:
                kept.append((path, values))
                ways *= len(values)
        if not kept:
            return
        data = copy.deepcopy(whole)
        for path, _ in kept:
            _put(data, path, None)
        full = reach.answers(whole) or []
        before = reach.answers(data)
        if before is None:
            return
        self.count["gaps"] += 1
        self.count["completions"] += ways
        seen: list[set[Truth]] = [set() for _ in before]
        for values in itertools.product(*(values for _, values in kept)):
            for (path, _), value in zip(kept, values, strict=True):
                _put(data, path, value)
            after = reach.answers(data) or []
            for told, was, now in zip(seen, before, after, strict=True):
                told.add(now)
                if was is not None and now is not was and len(self.contradictions) < SHOWN:
                    self.contradictions.append(
                        Contradiction(
                            reach.rule.id, was, now, _without(data, kept), copy.deepcopy(data)
                        )
                    )
        for told, was, of_whole in zip(seen, before, full, strict=True):
            if was is not None:
                self.count["decided"] += 1
            elif lost and of_whole is not None:  # with all facts there it was decided
                self.count["unknown"] += 1
                if len(told) == 1:
                    self.needless[reach.rule.id] += 1


def domain(
    spec: FactSpec | None, lines: Lines, pack: Pack, as_of: date, told: Any
) -> tuple[Any, ...]:
    """The values that may matter of a fact (None: an external condition), ``told`` among them."""
    kind = "bool" if spec is None else spec.kind
    if spec is None or kind == "bool":
        return (True, False)
    values: list[Any] = [] if told is None else [told]
    named = lines.codes.get(spec.field, ())
    match kind:
        case "code":
            values += pack.vocabulary.codes[spec.codes or ""].values
        case "codes":
            every = tuple(pack.vocabulary.codes[spec.codes or ""].values)
            values += [[], list(every), sorted(named), *([code] for code in every)]
        case "text":
            values += [*named, "x0"]
        case "date" | "year_month":
            values += _days(spec, lines, as_of, kind)
        case _:
            lo, hi = usual_range(spec, lines.years)
            ends = {lo, hi, *(Fraction(e) for e in (spec.lo, spec.hi) if abs(e) != math.inf)}
            values += [*lines.numbers_of(spec), *(plain_number(e) for e in sorted(ends))]
            if kind == "int":
                values = [v for v in values if not isinstance(v, Decimal) or v == int(v)]
    unique = {repr(value): value for value in values}
    return tuple(unique.values())


def _days(spec: FactSpec, lines: Lines, as_of: date, kind: str) -> Iterator[str]:
    days = {as_of, as_of + timedelta(days=1), date(1950, 1, 1), date(2035, 12, 31)}
    days |= set(lines.days_of(spec, as_of))
    for day in sorted(days):
        yield f"{day:%Y-%m}" if kind == "year_month" else str(day)
    if kind == "date":  # the last of a month, too
        yield str(as_of.replace(day=days_in(as_of.year, as_of.month)))


def _places(reach: Reach, data: dict[str, Any]) -> Iterator[tuple[Path, FactSpec | None]]:
    """Every fact the rule may be moved by, at every place of the record it may stand at.

    Derived facts are left out: one that says otherwise than its sources is a conflict, no completion.
    """
    for spot in reach.spots:
        if spot.spec is not None and spot.spec.derive is not None:
            continue
        for row in reach.row_paths(data, spot.record):
            yield (*row, *spot.path), spot.spec


def _get(data: Any, path: Path) -> Any:
    for key in path:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list):
            data = data[int(key)]
        else:
            return None
    return data


def _put(data: Any, path: Path, value: Any) -> None:
    for key in path[:-1]:
        data = data[int(key)] if isinstance(data, list) else data.setdefault(key, {})
    if value is None:
        data.pop(path[-1], None)
    else:
        data[path[-1]] = value


def _without(
    data: dict[str, Any], places: Sequence[tuple[Path, tuple[Any, ...]]]
) -> dict[str, Any]:
    found = copy.deepcopy(data)
    for path, _ in places:
        _put(found, path, None)
    return found
