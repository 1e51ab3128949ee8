"""A pack against the official text: every statement found, every sentence covered, every figure held."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.engine.finding import figure
from policy_rules.errors import NotFoundError, Place, Problem, shown
from policy_rules.expr.nodes import Call, Const, Node, YearItem, walk
from policy_rules.packs.model import Clause, Definition, Entity, Pack, Parameter, Reading, Target
from policy_rules.packs.references import citing, expressions
from policy_rules.sources.figures import telling, values
from policy_rules.sources.ledger import item_of
from policy_rules.sources.matching import Match, State, align
from policy_rules.sources.wording import OfficialText
from policy_rules.verdict import Number

#: Numbers that a condition may hold without a figure in the text: none, one, the whole.
PLAIN: Final = frozenset({Fraction(0), Fraction(1), Fraction(-1)})
#: A file is a copy of a pack's document if it holds this part of its statements.
COPY: Final = 0.3


@attrs.frozen(eq=False)
class SourceCheck:
    """What comparing a pack with a text gave.

    ``matches`` holds every statement with its state; ``uncovered`` the sentences no statement covers;
    ``unfounded`` the figures of rules, parameters and targets that their clauses' wording does not hold
    (``read`` those among them that a declared reading explains); ``unheld`` the figures of the text that
    the ledger's entry does not hold.
    """

    pack: Pack
    text: OfficialText
    matches: tuple[Match, ...]
    uncovered: tuple[tuple[int, int], ...]
    unfounded: tuple[Problem, ...]
    read: tuple[Problem, ...]
    unheld: tuple[Problem, ...]
    figures: int
    figures_held: int

    @property
    def identical(self) -> bool:
        """Whether the text is, character for character, the one the pack was made from."""
        return self.text.digest == self.pack.text_digest

    def count(self, state: State) -> int:
        """How many statements are in a state."""
        return sum(1 for m in self.matches if m.state == state)

    def wording(self, clause: str) -> str:
        """The wording of a statement, as the text has it; empty where it is absent."""
        match = next((m for m in self.matches if m.clause.id == clause), None)
        return self.text.wording(match.span) if match and match.span else ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that wants looking at, in the order of the document."""
        return (*self._states(), *self._sentences(), *self.unfounded, *self.unheld)

    def _states(self) -> Iterator[Problem]:
        codes: dict[State, str] = {
            "moved": "clause_moved",
            "differs": "wording_differs",
            "absent": "clause_absent",
        }
        for match in self.matches:
            if match.state != "same":
                clause = match.clause
                got = "" if match.span is None else shown(self.text.wording(match.span))
                yield Problem(
                    codes[match.state], clause.place, clause.fingerprint, got, detail=clause.id
                )

    def _sentences(self) -> Iterator[Problem]:
        for span in self.uncovered:
            place = Place(self.text.name, path=f"{span[0]}–{span[1]}")
            yield Problem("not_covered", place, got=shown(self.text.wording(span)))


def check_source(pack: Pack, text: OfficialText) -> SourceCheck:
    """Compare a pack with an official text."""
    matches = align(pack.clauses.values(), text.text)
    wordings = {
        m.clause.id: _unnumbered(m.clause, text.text[slice(*m.span)]) for m in matches if m.span
    }
    unfounded, read, count = _unfounded(pack, wordings)
    unheld, told = _unheld(matches, wordings)
    return SourceCheck(
        pack,
        text,
        matches,
        tuple(_uncovered(matches, text)),
        unfounded,
        read,
        unheld,
        count + told,
        count + told - len(unfounded) - len(unheld),
    )


def _unnumbered(clause: Clause, wording: str) -> str:
    """The wording without the number of its item, which a figure may follow (``3.2023年``)."""
    number = re.search(r"\d+\Z", item_of(clause.id))
    return wording.removeprefix(f"{number[0]}.") if number else wording


def _uncovered(matches: Sequence[Match], text: OfficialText) -> Iterator[tuple[int, int]]:
    end = 0
    for start, stop in sorted(m.span for m in matches if m.span):
        if start > end:
            yield from text.sentences((end, start))
        end = max(end, stop)
    if end < len(text.text):
        yield from text.sentences((end, len(text.text)))


# -- figures ---------------------------------------------------------------------------------------


def ledger_figures(
    pack: Pack, readings: Mapping[str, Reading] | None = None
) -> tuple[Problem, ...]:
    """Figures of rules, parameters and targets that the ledger's entries of their clauses do not hold.

    It needs no copy of the text: the ledger's figures were taken from it statement by statement, and
    ``sources check`` compares them. Figures a declared reading explains do not count; ``readings`` are
    the pack's own unless others are given.
    """
    texts = {c.id: "；".join([*c.figures, c.summary.zh]) for c in pack.clauses.values()}
    told = pack if readings is None else attrs.evolve(pack, readings=readings)
    return _unfounded(told, texts)[0]


def _unfounded(
    pack: Pack, wordings: Mapping[str, str]
) -> tuple[tuple[Problem, ...], tuple[Problem, ...], int]:
    """Figures of encoded things that do not occur in the wording of the clauses they cite."""
    readable = _readable(pack)
    plain: list[Problem] = []
    read: list[Problem] = []
    count = 0
    for name, thing in citing(pack):
        if name.startswith(("readings.", "externals.")):
            continue
        told = dict.fromkeys(n for n in _numbers(thing) if Fraction(n) not in PLAIN)
        texts = [wordings[c] for c in thing.clauses if c in wordings]
        if not told or not texts:
            continue
        held = values(texts) | _yearly(pack, thing)
        count += len(told)
        for number in told:
            if Fraction(number) in held or Fraction(number) * 10000 in held:
                continue
            reading = readable.get(name)
            problem = Problem(
                "figure_unfounded",
                thing.place,
                expected=", ".join(shown(c) for c in thing.clauses),
                got=shown(figure(number)),
                detail=shown(name) if reading is None else f"{shown(name)} ({shown(reading)})",
            )
            (plain if reading is None else read).append(problem)
    return tuple(plain), tuple(read), count


#: How often a cadence comes round in a year.
_A_YEAR: Final = {"half_year": 2, "quarter": 4, "month": 12, "half_month": 24, "week": 52}


def _yearly(pack: Pack, thing: Entity) -> frozenset[Fraction]:
    """What the cadences of a thing's clauses come to in a year: once a month is 12 times."""
    return frozenset(
        Fraction(norm.value or 1) * _A_YEAR[norm.per]
        for locator in thing.clauses
        for norm in pack.clauses[locator].norms
        if norm.per in _A_YEAR
    )


def _readable(pack: Pack) -> dict[str, str]:
    """Things whose figures a declared reading explains, with the reading."""
    return {
        ".".join(path.split(".")[:2]): reading.id
        for reading in pack.readings.values()
        for alternative in reading.alternatives
        for path in alternative.patch
    }


def _numbers(thing: Entity) -> Iterator[Number]:
    if isinstance(thing, Parameter):
        yield from (v.value for v in thing.values if not thing.external)
        return
    if isinstance(thing, Target):
        for f in thing.figures:
            yield from (v for v in (f.value, f.upper) if v is not None)
    for row in getattr(thing, "rows", ()):
        yield from (v for v in (row.value, row.lo, row.hi) if isinstance(v, int | Fraction))
    conventional = isinstance(thing, Definition)
    for node in expressions(thing):
        yield from _constants(node, conventional)


def _constants(node: Node, conventional: bool) -> Iterator[Number]:
    """The numbers written in an expression: not those that only pick a year or a day."""
    skipped: set[Node] = set()
    for part in walk(node):
        if isinstance(part, YearItem):
            skipped |= set(walk(part.year))
        if isinstance(part, Call) and part.function in ("date", "add_months", "year"):
            skipped |= set(walk(part)) - {part}
        if conventional and isinstance(part, Call):
            skipped |= set(walk(part)) - {part}
    for part in walk(node):
        if isinstance(part, Const) and part not in skipped and _is_number(part.value):
            yield part.value  # type: ignore[misc]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def _unheld(
    matches: Sequence[Match], wordings: Mapping[str, str]
) -> tuple[tuple[Problem, ...], int]:
    """Figures of the text that the ledger's entry for the statement does not hold."""
    found: list[Problem] = []
    count = 0
    for match in matches:
        clause = match.clause
        if clause.id not in wordings:
            continue
        held = _held(clause)
        for numeral in telling(wordings[clause.id]):
            count += 1
            if not numeral.meant & held:
                found.append(
                    Problem(
                        "figure_unheld",
                        clause.place,
                        got=shown(numeral.text),
                        detail=shown(clause.id),
                    )
                )
    return tuple(found), count


def _held(clause: Clause) -> frozenset[Fraction]:
    texts = [*clause.figures, clause.summary.zh, clause.id]
    texts += [f"{n.what.zh} {n.per or ''} {n.deadline or ''}" for n in clause.norms]
    numbers = [n for norm in clause.norms for n in (norm.value, norm.upper) if n is not None]
    return values(texts) | frozenset(Fraction(n) for n in numbers)


# -- the copies a user has --------------------------------------------------------------------------


def text_of(pack: Pack, folder: Path) -> OfficialText:
    """The copy of a pack's document among the text files of a folder.

    The file with the pack's digest, else the one with most of its statements. Raises
    :class:`~policy_rules.errors.NotFoundError` (``no_source``).
    """
    if folder.is_file():
        return OfficialText.read(folder)
    texts = [OfficialText.read(p) for p in sorted(folder.glob("*.txt"))]
    best: tuple[float, OfficialText | None] = (COPY, None)
    for text in texts:
        if text.digest == pack.text_digest:
            return text
    for text in texts:
        matches = align(pack.clauses.values(), text.text)
        same = sum(m.state in ("same", "moved") for m in matches) / max(1, len(matches))
        if same > best[0]:
            best = (same, text)
    if best[1] is None:
        place = Place(str(folder))
        raise NotFoundError(Problem("no_source", place, got=shown(pack.document.title.zh)))
    return best[1]
