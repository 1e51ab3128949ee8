"""Write the 60 rules as a pack in our language, with a vocabulary of their own: the folder ``rules/``.

    python benchmarks/workload/make_rules.py

What it writes is committed; run it again when ``plain.py`` changes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import rulelist

RULES: Final = Path(__file__).resolve().parent / "rules"
BOTH: Final = "label: {{zh: {0}, en: {0}}}"

VOCABULARY: Final = """version: 1
codes:
  hh_type:
    {}
    values:
""".format(BOTH.format("hh_type"))

CONCEPTS: Final = f"""topics:
  workload: {{zh: workload, en: workload}}
concepts:
  workload:
    {BOTH.format("workload")}
    topic: workload
    question: {{zh: what does this rule say?, en: what does this rule say?}}
    polarity: none
    must_agree: []
"""

PACK: Final = """id: workload
version: 1.0.0
document:
  title: {zh: 60 rules made up to be timed, en: 60 rules made up to be timed}
  issuer: {zh: nobody, en: nobody}
  issued: null
  in_force: {from: 2020-01-01, to: 2029-12-31, basis: {zh: made up, en: made up}}
region: {codes: ["990000"], level: province, name: {zh: nowhere, en: nowhere}}
"""


class Ours(rulelist.Language):
    """The condition language of policy_rules: its grammar is Python's."""

    def fact(self, name: str) -> str:
        return f"household.{name}"

    def rule(self, name: str) -> str:
        return f"rule.{name}"

    def code(self, code: str) -> str:
        return code

    def some(self, condition: ast.expr) -> str:
        return f"any({plainly(self(condition))} for m in members)"

    def counted(self, condition: ast.expr) -> str:
        return f"count(m for m in members if {plainly(self(condition))})"


say = Ours()


def plainly(said: str) -> str:
    """Without brackets round the whole."""
    return said[1:-1] if said.startswith("(") and said.endswith(")") else said


def skeleton(node: ast.expr, indent: str) -> Iterator[str]:
    """A condition as lines of YAML: `all:`, `any:` and `not:`, a line a comparison."""
    match node:
        case ast.BoolOp(op=op, values=values):
            yield f"{indent}{'all' if isinstance(op, ast.And) else 'any'}:"
            for value in values:
                first, *others = skeleton(value, indent + "    ")
                yield f"{indent}  - {first.strip()}"
                yield from others
        case ast.UnaryOp(operand=ast.BoolOp() as inner):
            yield f"{indent}not:"
            yield from skeleton(inner, indent + "  ")
        case ast.UnaryOp(operand=inner):
            yield f"{indent}not {plainly(say(inner))}"
        case _:
            yield f"{indent}{plainly(say(node))}"


def condition(key: str, node: ast.expr, indent: str) -> Iterator[str]:
    first, *others = skeleton(node, indent + "  ")
    if others:
        yield f"{indent}{key}:"
        yield from (first, *others)
    else:
        yield f"{indent}{key}: {first.strip()}"


def amount(node: ast.expr) -> Iterator[str]:
    """What all tiers ask for is the rule's condition; what each asks besides is the tier's."""
    found = [(_parts(test), pays) for test, pays in rulelist.tiers(node)]
    common = [p for p in found[0][0] if all(_has(parts, p) for parts, _ in found)]
    own = [([p for p in parts if not _has(common, p)], pays) for parts, pays in found]
    asked = list(common)
    if all(parts for parts, _ in own):
        asked.append(_joined([_joined(parts, ast.And()) for parts, _ in own], ast.Or()))
    yield from condition("when", _joined(asked, ast.And()), "  ")
    yield "  amount:"
    yield "    kind: stated"
    yield "    unit: yuan"
    yield "    paid: once"
    if len(own) == 1:
        yield f"    pay: {own[0][1]}"
        return
    yield "    first_of:"
    for parts, pays in own:
        if parts:
            first, *others = condition("when", _joined(parts, ast.And()), "        ")
            yield f"      - {first.strip()}"
            yield from others
            yield f"        pay: {pays}"
        else:
            yield f"      - pay: {pays}"


def _parts(node: ast.expr) -> list[ast.expr]:
    both = isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)
    return list(node.values) if both else [node]


def _has(parts: list[ast.expr], part: ast.expr) -> bool:
    return ast.dump(part) in map(ast.dump, parts)


def _joined(parts: list[ast.expr], word: ast.boolop) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(word, parts)


def rule(name: str, node: ast.expr) -> str:
    gives = name in rulelist.AMOUNTS
    head = [
        f"- id: {name}",
        "  concept: workload",
        f"  outcome: {'measure' if gives else 'flag'}",
        *(["  effect: granted"] if gives else []),
        "  subject: household",
        f"  {BOTH.format(name)}",
        f'  clauses: ["{int(name[1:])}"]',
        "  force: must",
    ]
    body = amount(node) if gives else condition("when", node, "  ")
    return "\n".join((*head, *body)) + "\n"


def fact(name: str, type_: str, indent: str, more: str = "") -> str:
    lines = [
        f"{name}:",
        f"  type: {type_}",
        *(f"  {line}" for line in more.splitlines()),
        f"  {BOTH.format(name)}",
        f"  question: {{zh: {name}?, en: {name}?}}",
        "  ask: household",
    ]
    return "".join(f"{indent}{line}\n" for line in lines)


def vocabulary() -> str:
    text = VOCABULARY
    text += "".join(f"      {code}: {{zh: {code}, en: {code}}}\n" for code in rulelist.TYPES)
    text += f"kinds:\n  household:\n    {BOTH.format('household')}\n    facts:\n"
    inner = " " * 6
    text += "".join(fact(name, "money", inner, "min: 0") for name in rulelist.MONEY)
    text += "".join(fact(name, "int", inner, "min: 0") for name in rulelist.WHOLE)
    text += "".join(fact(name, "bool", inner) for name in rulelist.TRUTHS)
    text += fact("hh_type", "code", inner, "codes: hh_type")
    text += fact("members", "list", inner, "item: member")
    text += f"  member:\n    {BOTH.format('member')}\n    facts:\n"
    text += fact("age", "int", inner, "min: 0\nmax: 150")
    text += fact("student", "bool", inner)
    text += fact("dis", "int", inner, "min: 0\nmax: 4")
    return text


def clauses() -> str:
    text = "clauses:\n"
    for name in rulelist.NAMES:
        text += f'  - id: "{int(name[1:])}"\n    summary: {{zh: {name}, en: {name}}}\n'
        text += "    dispositions: [rule]\n"
    return text


def files() -> dict[str, str]:
    """The text of every file, by its name under ``rules/``."""
    names = rulelist.NAMES
    found = {
        "vocabulary/facts.yaml": vocabulary(),
        "vocabulary/concepts.yaml": CONCEPTS,
        "workload/pack.yaml": PACK,
        "workload/clauses.yaml": clauses(),
    }
    for start in range(0, len(names), 20):
        some = names[start : start + 20]
        text = "".join(rule(name, rulelist.RULES[name]) for name in some)
        found[f"workload/rules/{some[0]}_{some[-1]}.yaml"] = text
    return found


def main() -> None:
    for name, text in files().items():
        path = RULES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
