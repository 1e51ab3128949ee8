"""The peers that take one household at a time, each in its best shape: a dict in, 60 outcomes out.

A peer is a class: made once (its rules compiled), then called with a household.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Iterator
from typing import Any, Final

import plain
import rulelist

#: Of a written-out rule, in characters of its syntax tree: durable_rules refuses the one above it (error 113).
LARGE: Final = 1800

Household = dict[str, Any]
Outcomes = dict[str, Any]


class Plain:
    """The plain Python function."""

    def __call__(self, household: Household) -> Outcomes:
        return plain.outcomes(household)


# -- GoRules ZEN ----------------------------------------------------------------------------------


class _Zen(rulelist.Language):
    def rule(self, name: str) -> str:
        return f"$.{name}"

    def of_member(self, name: str) -> str:
        return f"#.{name}"

    def some(self, condition: ast.expr) -> str:
        return f"some(members, {self(condition)})"

    def counted(self, condition: ast.expr) -> str:
        return f"count(members, {self(condition)})"


class Zen:
    """One expression node whose 60 expressions use one another through `$`."""

    def __init__(self) -> None:
        import zen

        said = rulelist.by_rule(_Zen())
        lines = [{"id": n, "key": n, "value": text} for n, text in said.items()]
        nodes = [
            _node("in", "inputNode", {}),
            _node("rules", "expressionNode", {"expressions": lines}),
            _node("out", "outputNode", {}),
        ]
        edges = [
            {"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"}
            for a, b in (("in", "rules"), ("rules", "out"))
        ]
        graph = json.dumps({"nodes": nodes, "edges": edges})
        self._engine = zen.ZenEngine()
        self._decision = self._engine.create_decision(zen.ZenDecisionContent(graph))

    def __call__(self, household: Household) -> Outcomes:
        found: Outcomes = self._decision.evaluate(household)["result"]
        return found


def _node(name: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "type": kind,
        "position": {"x": 0, "y": 0},
        "content": content,
    }


# -- CEL --------------------------------------------------------------------------------------------


class _Cel(rulelist.Language):
    """CEL: one number type does not compare with the other, so figures beside money are written 7000.0."""

    both, either = "&&", "||"

    def __init__(self) -> None:
        self._money = False

    def __call__(self, node: ast.expr) -> str:
        outer = self._money
        if isinstance(node, ast.Compare):
            self._money = rulelist.of_money(node)
        said = super().__call__(node)
        self._money = outer
        return said

    def number(self, number: int) -> str:
        return f"{number}.0" if self._money else str(number)

    def negated(self, said: str) -> str:
        return f"!{said}"

    def some(self, condition: ast.expr) -> str:
        return f"members.exists(m, {self(condition)})"

    def counted(self, condition: ast.expr) -> str:
        return f"size(members.filter(m, {self(condition)}))"


def _cel_map() -> str:
    """One expression for all outcomes: calling an engine 60 times costs more than saying a rule twice."""
    say = _Cel()
    whole = {n: say(rulelist.with_rules_written_out(e)) for n, e in rulelist.RULES.items()}
    return "{" + ", ".join(f'"{n}": {text}' for n, text in whole.items()) + "}"


class CelGoogle:
    """Google's CEL in C++: one expression that gives a map of 60."""

    def __init__(self) -> None:
        from cel_expr_python import cel

        kinds = cel.Type
        facts = {
            **dict.fromkeys(rulelist.MONEY, kinds.DOUBLE),
            **dict.fromkeys(rulelist.WHOLE, kinds.INT),
            **dict.fromkeys(rulelist.TRUTHS, kinds.BOOL),
            "hh_type": kinds.STRING,
            "members": kinds.List(kinds.Map(kinds.STRING, kinds.DYN)),
        }
        self._environment = cel.NewEnv(variables=facts)
        self._program = self._environment.compile(_cel_map())

    def __call__(self, household: Household) -> Outcomes:
        found: Outcomes = self._program.eval(data=household).plain_value()
        return found


class CelRust:
    """CEL in Rust: the same expression."""

    def __init__(self) -> None:
        import cel

        self._program = cel.compile(_cel_map())

    def __call__(self, household: Household) -> Outcomes:
        found: Outcomes = self._program.execute(household)
        return found


# -- durable_rules ----------------------------------------------------------------------------------


class Durable:
    """durable_rules by itself: a fact asserted and retracted, rules that note their outcome.

    It has no lists of objects and does not chain truth values, so the five answers about members and the one
    sum of two facts are put into the message, and rules that use others are written out.
    """

    def __init__(self) -> None:
        import durable.engine
        import durable.lang

        self._language, self._unheard = durable.lang, durable.engine.MessageNotHandledException
        self._hits: Outcomes = {}
        self._number = 0
        self._of_members = _of_members()
        with self._language.ruleset("workload"):
            for name, node in rulelist.RULES.items():
                before: list[ast.expr] = []
                for condition, gives in list(rulelist.tiers(node)) or [(node, True)]:
                    # of the tiers only one may hold
                    alone = [condition, *(ast.UnaryOp(ast.Not(), b) for b in before)]
                    self._add(name, ast.BoolOp(ast.And(), alone) if before else condition, gives)
                    before.append(condition)

    def _add(self, name: str, condition: ast.expr, gives: Any) -> None:
        if name in rulelist.OF_MEMBERS:
            condition = ast.Name(name)
        whole = _plain(rulelist.with_rules_written_out(condition, rulelist.OF_MEMBERS), False)
        for number, part in enumerate(_parted(whole)):
            said = (self._language.m.kind == "h") & self._said(part)
            self._language.when_all(said)(self._noting(f"{name}_{gives}_{number}", name, gives))

    def _said(self, node: ast.expr) -> Any:
        """As durable_rules' expression: a fact on the left, a fact, figure or sum on the right."""
        match node:
            case ast.BoolOp(op=op, values=values):
                first, *others = map(self._said, values)
                for other in others:
                    first = first & other if isinstance(op, ast.And) else first | other
                return first
            case ast.UnaryOp(operand=ast.Name(id=name)):
                return getattr(self._language.m, name) == False  # noqa: E712
            case ast.Name(id=name):
                return getattr(self._language.m, name) == True  # noqa: E712
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                if isinstance(left, ast.BinOp) and not _held(left):
                    left, right, sign = right, left, _TURNED[type(sign)]()
                return _COMPARED[type(sign)](self._term(left), self._term(right))
        raise TypeError(ast.dump(node))

    def _term(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return getattr(self._language.m, name)
            case ast.BinOp() if _held(node):
                return self._language.m.medical_and_education
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._term(left) + self._term(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self._term(left) * self._term(right)
        raise TypeError(ast.dump(node))

    def _noting(self, own_name: str, name: str, gives: Any) -> Any:
        hits = self._hits

        def note(context: Any) -> None:
            hits[name] = gives

        note.__name__ = own_name
        return note

    def __call__(self, household: Household) -> Outcomes:
        hits, language = self._hits, self._language
        hits.clear()
        self._number += 1
        message = dict(household)
        message |= self._of_members(message.pop("members"))
        message["medical_and_education"] = household["medical"] + household["education"]
        message |= {"kind": "h", "id": str(self._number), "sid": "1"}
        try:
            language.assert_fact("workload", message)
            language.retract_fact("workload", message)
        except self._unheard:  # no rule holds
            pass
        return dict.fromkeys(rulelist.NAMES, 0) | hits


_NEGATED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
_TURNED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
_COMPARED: Final[dict[type[ast.cmpop], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _plain(node: ast.expr, negated: bool) -> ast.expr:
    """`not` pushed down to comparisons and facts, connectives of one kind made one."""
    match node:
        case ast.UnaryOp(operand=operand):
            return _plain(operand, not negated)
        case ast.BoolOp(op=op, values=values):
            word = ast.And if isinstance(op, ast.And) != negated else ast.Or
            parts: list[ast.expr] = []
            for value in values:
                part = _plain(value, negated)
                same = isinstance(part, ast.BoolOp) and isinstance(part.op, word)
                parts += part.values if same else [part]
            return ast.BoolOp(word(), parts)
        case ast.Compare(left=left, ops=[sign], comparators=right) if negated:
            return ast.Compare(left, [_NEGATED[type(sign)]()], right)
    return ast.UnaryOp(ast.Not(), node) if negated else node


def _parted(node: ast.expr) -> Iterator[ast.expr]:
    """A rule too large for durable_rules (error 113) as several, one for each way an `or` in it may hold."""
    at = -1
    if isinstance(node, ast.BoolOp) and len(ast.dump(node)) > LARGE:
        ors = [isinstance(v, ast.BoolOp) for v in node.values]
        at = ors.index(True) if isinstance(node.op, ast.And) and any(ors) else -1
    if at < 0:
        yield node
        return
    for way in node.values[at].values:
        rest = [*node.values[:at], way, *node.values[at + 1 :]]
        yield from _parted(_plain(ast.BoolOp(ast.And(), rest), False))


def _held(node: ast.expr) -> bool:
    return rulelist.named(node) == {"medical", "education"}


def _of_members() -> Any:
    """A Python function of the rules about members."""
    said = ", ".join(f'"{n}": {ast.unparse(rulelist.RULES[n])}' for n in rulelist.OF_MEMBERS)
    return eval(f"lambda members: {{{said}}}")


PEERS = {
    "plain": Plain,
    "zen": Zen,
    "cel": CelGoogle,
    "cel_rust": CelRust,
    "durable_rules": Durable,
}
