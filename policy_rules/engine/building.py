"""The frame of the reference interpreter: environments, named things, whole rules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar, Final, Self

from policy_rules.expr.nodes import Field, Node, Var
from policy_rules.expr.types import ByYearType, DateType, ListType, NumberType, RecordType
from policy_rules.facts.record import EMPTY_ROW, UNKNOWN_LIST, Household, Row
from policy_rules.packs.model import Pack, Rule
from policy_rules.verdict import ANY_DATE, Interval, Truth

#: Places in an environment. Loop variables follow, one place for each variable of each expression.
AS_OF, TOP, MEMBER, MEMO, YEAR, THIS, LOOPS = range(7)

Env = list[Any]
Fn = Callable[[Env], Any]

#: The NO of a subject outside the population of a rule.
OUTSIDE: Final = "outside"

_YES: Final[Fn] = lambda env: True  # noqa: E731


class Builder:
    """The functions of a pack's populations, definitions and rules, built when first asked for.

    ``meaning`` says what becomes of each class of node.
    """

    meaning: ClassVar[Mapping[type[Any], Callable[[Any, Any], Fn]]]

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._slots: dict[tuple[str, str], int] = {}
        self._changed: frozenset[tuple[str, str]] = frozenset()
        self._tag = ""
        self._building = threading.RLock()
        self._owner = ""
        self._this = ""
        self._built: dict[tuple[str, str], Fn] = {}
        self._derived: dict[Field, Fn] = {}

    def variant(self, pack: Pack, changed: frozenset[tuple[str, str]], tag: str) -> Self:
        """An interpreter of a patched pack that shares what the patch does not reach.

        ``changed`` names the populations, definitions and rules it reaches, as (kind, name). Both
        interpreters may be asked in one environment: what they share is evaluated once.
        """
        other = type(self)(pack)
        other._slots, other._derived = self._slots, self._derived
        other._built = {k: fn for k, fn in self._built.items() if k not in changed}
        other._changed, other._tag = changed, tag
        return other

    @property
    def size(self) -> int:
        """How many places an environment needs."""
        return LOOPS + len(self._slots)

    # -- environments -------------------------------------------------------------------------

    def environment(self, record: Household, as_of: date, year: int | None = None) -> Env:
        """A fresh environment; good for one record on one date."""
        env: Env = [None] * self.size
        env[AS_OF], env[TOP], env[MEMO], env[YEAR] = as_of, record.row, {}, year
        env[MEMBER] = EMPTY_ROW
        return env

    def slot(self, var: Var) -> int:
        """Where a variable stands. Loop variables are apart for each expression that has them."""
        if var.name in ("this", self._this):
            return THIS
        if var.name == "as_of":
            return AS_OF
        if var.name == "member":
            return MEMBER
        if var.name == "target_year":
            return YEAR
        key = (self._owner, var.name)
        if key in self._slots:
            return self._slots[key]
        return TOP

    def loop(self, var: Var, owner: str | None = None) -> int:
        """A place for a loop variable of an expression (by default of the one being built)."""
        key = (self._owner if owner is None else owner, var.name)
        return self._slots.setdefault(key, self.size)

    # -- building -------------------------------------------------------------------------------

    def build(self, node: Node) -> Fn:
        """The function of a node, in the expression being built."""
        return self.meaning[type(node)](self, node)

    def expression(self, owner: str, node: Node | None) -> Fn:
        """The function of a whole expression; an absent condition holds."""
        if node is None:
            return _YES
        with self._building:
            outer = self._owner, self._this
            self._owner, self._this = owner, ""
            try:
                return self.build(node)
            finally:
                self._owner, self._this = outer

    def derived(self, field: Field) -> Fn:
        """The function that derives a fact; it expects the record in ``THIS``."""
        if field not in self._derived:
            outer = self._owner, self._this
            self._owner, self._this = f"fact {field.record}.{field.path}", field.record
            try:
                self._derived[field] = self.build(self.pack.vocabulary.derived[field])
            finally:
                self._owner, self._this = outer
        return self._derived[field]

    def named(self, kind: str, name: str) -> Fn:
        """The function of a population, definition, rule or external condition."""
        key = (kind, name)
        if key not in self._built:
            pack = self.pack
            match kind:
                case "population":
                    fn = self.expression(f"population {name}", pack.populations[name].when)
                case "defined":
                    fn = self.expression(f"defined {name}", pack.definitions[name].value)
                case "rule":
                    fn = self.whole(pack.rules[name])
                case _:
                    fn = self.external(name)
            self._built[key] = fn
        return self._built[key]

    def rule(self, rule: Rule) -> Fn:
        """applies_to AND when AND NOT unless AND NOT (YES of a higher-ranked excluder).

        Its dates are the caller's to look at; it answers ``OUTSIDE`` for the NO of a subject outside
        the population.
        """
        owner = f"rule {rule.id}"
        applies = self.expression(owner, rule.applies_to)
        when = self.expression(owner, rule.when)
        unless = self.expression(owner, rule.unless) if rule.unless is not None else None
        excluders = [self.cached("rule", name, TOP, None) for name in rule.excluded_by]

        def judge(env: Env) -> Any:
            result: Truth = applies(env)
            if result is False:
                return OUTSIDE
            truth = when(env)
            if truth is False:
                return False
            if truth is None:
                result = None
            if unless is not None:
                truth = unless(env)
                if truth is True:
                    return False
                if truth is None:
                    result = None
            for excluder in excluders:
                truth = excluder(env)
                if truth is True:
                    return False
                if truth is None:
                    result = None
            return result

        return judge

    def whole(self, rule: Rule) -> Fn:
        """The rule as others see it: UNKNOWN where it is not in force, NO outside its population."""
        judge, period = self.rule(rule), rule.in_force

        def whole(env: Env) -> Truth:
            if not period.holds(env[AS_OF]):
                return None
            truth: Any = judge(env)
            return False if truth is OUTSIDE else truth

        return whole

    def external(self, name: str) -> Fn:
        """An external condition, as supplied with the subject's row or by an overlay."""
        pack, given = self.pack.id, self.pack.externals[name].value
        place = MEMBER if self.pack.externals[name].subject == "member" else TOP

        def supplied(env: Env) -> Truth:
            row: Row = env[place]
            return row.external.get(pack, {}).get(name, given)

        return supplied

    def cached(self, kind: str, name: str, place: int, base: Fn | None) -> Fn:
        """A named condition, evaluated once for each record it is asked of.

        ``base`` gives the record where it is not the expression's own subject.
        """
        table = {
            "population": self.pack.populations,
            "defined": self.pack.definitions,
            "rule": self.pack.rules,
            "external": self.pack.externals,
        }[kind]
        subject = table[name].subject  # type: ignore[attr-defined]
        home = MEMBER if subject == "member" else TOP
        named = (kind, name)
        key = ":".join((*named, self._tag) if named in self._changed else named)
        build, made = self.named, self._built

        def ask(env: Env) -> Any:
            row = env[home] if base is None else base(env)
            memo = env[MEMO]
            known = memo.get(id(row))
            if known is None:
                known = memo[id(row)] = {}
            found = known.get(key, known)  # the table itself stands for "not asked yet"
            if found is not known:
                return found
            fn = made.get(named) or build(kind, name)
            outer = env[home]
            env[home] = row
            try:
                found = known[key] = fn(env)
            finally:
                env[home] = outer
            return found

        return ask


def missing_value(field: Field) -> Any:
    """What a fact that is not recorded stands for: the whole of its range, or unknown."""
    match field.type:
        case NumberType():
            return field.lo if field.lo == field.hi else Interval(field.lo, field.hi)
        case DateType():
            return ANY_DATE
        case ListType():
            return UNKNOWN_LIST
        case ByYearType():
            return {}
        case RecordType():
            return EMPTY_ROW
        case _:
            return None
