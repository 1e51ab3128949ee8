"""Random well-typed packs, for testing engines against each other on rules nobody wrote."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

#: Facts random rules read, by what they give, for each subject.
_BOOLS: Final = {
    "household": ("household.relocated", "household.dibao", "household.monitoring.risk_removed"),
    "member": ("member.employed", "member.startup.licensed", "member.willing.work"),
}
_NUMBERS: Final = {
    "household": (
        ("household.size", (1, 3, 4)),
        ("income(2022).net", (10000, 30000, 44000)),
        ("income(2022).net_per_capita", (7000, 10000, 11000)),
        ("count(m for m in members if m.employed)", (0, 1, 2)),
        ("sum(m.startup.employees for m in members if m.startup.licensed)", (3, 5)),
        ("months_between(household.monitoring.identified_on, as_of)", (6, 12)),
    ),
    "member": (
        ("member.startup.employees", (3, 5)),
        ("member.age", (16, 60)),
        ("member.startup.months_operating", (12,)),
        ("longest_run(s for s in member.work_spells if s.outside_province)", (3,)),
        ("sum(s.months for s in member.work_spells if s.outside_province)", (6,)),
        ("household.size", (2, 4)),
    ),
}
_CODES: Final = {
    "household": (
        ("household.type", ("lifted", "ordinary")),
        ("household.monitoring.category", ("unstable", "marginal", "sudden", "none")),
    ),
    "member": (
        ("member.labour", ("ordinary", "skilled", "weak_or_semi", "lost", "none")),
        ("household.type", ("lifted", "ordinary")),
    ),
}
_EXTRA: Final = {
    "household": (
        "any(m.employed for m in members if m.labour in {ordinary, skilled})",
        "all(m.age >= 16 for m in members)",
        "any(any(e.running and e.contract for e in l.cooperative.enterprise_links) for l in household.cooperative_links)",
        "household.monitoring.identified_on >= date(2022, 6, 1)",
        "known(household.size)",
        "income(2022).net / household.size <= param.line",
        "count(m for m in members if m.employed) / household.size < 1 / 4",
        "external.office",
    ),
    "member": (
        "any(o.employed for o in others)",
        "member.startup.returned_on > date(2021, 1, 1)",
        "disabled in member.health",
        "disjoint(member.health, {chronic, major_illness})",
        "household.external.office",
        "member.birth_date < date(2006, 2, 28)",
        "max(member.startup.employees, household.size) > 4",
        "(3 if member.employed else 5) <= member.startup.employees",
    ),
}


class _Writer:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names: dict[str, list[str]] = {"household": [], "member": []}

    def leaf(self, subject: str) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.25:
            fact = rng.choice(_BOOLS[subject])
            return f"not {fact}" if rng.random() < 0.3 else fact
        if draw < 0.55:
            value, edges = rng.choice(_NUMBERS[subject])
            op = rng.choice(("<", "<=", ">", ">=", "==", "!="))
            edge = rng.choice(edges)
            if rng.random() < 0.2:
                return f"{edge} <= {value} < {edge * 2 + 1}"
            return f"{value} {op} {edge}"
        if draw < 0.7:
            fact, codes = rng.choice(_CODES[subject])
            if rng.random() < 0.5:
                return f"{fact} {rng.choice(('==', '!='))} {rng.choice(codes)}"
            some = rng.sample(codes, rng.randint(1, len(codes)))
            return f"{fact} {rng.choice(('in', 'not in'))} {{{', '.join(some)}}}"
        if draw < 0.85 or not self.names[subject]:
            return rng.choice(_EXTRA[subject])
        return rng.choice(self.names[subject])

    def tree(self, subject: str, indent: int, depth: int) -> str:
        """A YAML block below a key; starts on the key's own line where it is one leaf."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.3:
            return f" {self.quoted(subject)}\n"
        pad = " " * indent
        if rng.random() < 0.2:
            return f"\n{pad}not:{self.tree(subject, indent + 2, depth - 1)}"
        word = rng.choice(("all", "any"))
        text = f"\n{pad}{word}:\n"
        for _ in range(rng.randint(1, 3)):
            text += f"{pad}  -{self.tree(subject, indent + 4, depth - 1)}"
        return text

    def quoted(self, subject: str) -> str:
        return "'" + self.leaf(subject) + "'"


def random_pack(rng: random.Random, rules: int = 8) -> dict[str, str]:
    """The texts of a random pack, for :func:`policy_rules.packs.load_texts`.

    Rules of households and members, populations, definitions, rule references, exclusions,
    amounts, duties, an external condition and a dated parameter.
    """
    writer = _Writer(rng)
    label = "label: {zh: 随机, en: random}"
    populations = "populations:\n"
    for i in range(2):
        subject = ("household", "member")[i]
        populations += (
            f"  p{i}:\n    {label}\n    subject: {subject}\n    clauses: [c]\n"
            f"    when:{writer.tree(subject, 6, 2)}"
        )
        writer.names[subject].append(f"population.p{i}")
    body = ""
    made: dict[str, list[str]] = {"household": [], "member": []}
    for i in range(rules):
        subject = rng.choice(("household", "member"))
        body += _rule(writer, i, subject)
        made[subject].append(f"r{i}")
        writer.names[subject].append(f"rule.r{i}")
        if subject == "household":
            writer.names["member"].append(f"household.rule.r{i}")
        else:
            writer.names["household"].append(f"any(m.rule.r{i} for m in members)")
    return {
        "pack.yaml": _HEAD + populations,
        "clauses.yaml": "clauses:\n  - {id: c, summary: {zh: 随机, en: random}, dispositions: [rule]}\n",
        "parameters.yaml": _PARAMETERS,
        "definitions.yaml": _exclusions(rng, made),
        "rules/random.yaml": body,
    }


def _exclusions(rng: random.Random, made: dict[str, list[str]]) -> str:
    """A ranked list each subject; a rule may only name earlier ones, so the earlier excludes."""
    text = "exclusions:\n"
    count = 0
    for subject, names in made.items():
        if len(names) >= 2 and rng.random() < 0.7:
            some = sorted(rng.sample(names, 2), key=lambda n: int(n[1:]))
            text += f"  - {{id: x_{subject}, clauses: [c], ranked: [{', '.join(some)}]}}\n"
            count += 1
    return text if count else "{}\n"


def _rule(writer: _Writer, i: int, subject: str) -> str:
    rng = writer.rng
    kind = rng.choice(("flag", "measure", "duty"))
    text = f"- id: r{i}\n  concept: low_income_listing\n  outcome: {kind}\n  subject: {subject}\n"
    text += "  label: {zh: 随机, en: random}\n  clauses: [c]\n  force: must\n"
    if rng.random() < 0.5:
        text += f"  applies_to:{writer.tree(subject, 4, 1)}"
    text += f"  when:{writer.tree(subject, 4, 3)}"
    if rng.random() < 0.3:
        text += f"  unless:{writer.tree(subject, 4, 1)}"
    extra: dict[str, Callable[[], str]] = {
        "flag": lambda: "",
        "measure": lambda: "  effect: granted\n" + _amount(writer, subject),
        "duty": lambda: (
            f"  actor: {{zh: 某单位, en: somebody}}\n  met_when:{writer.tree(subject, 4, 1)}"
        ),
    }
    text += extra[kind]()
    if rng.random() < 0.2:
        text += "  in_force: {from: 2022-07-01, to: 2023-06-30, basis: {zh: 随机, en: random}}\n"
    return text


def _amount(writer: _Writer, subject: str) -> str:
    if writer.rng.random() < 0.4:
        return "  amount:\n    kind: unstated\n"
    count = f"{subject}.startup.employees" if subject == "member" else "household.size"
    return (
        "  amount:\n    kind: stated\n    unit: yuan\n    first_of:\n"
        f"      - when: {writer.quoted(subject)}\n        pay: 10000\n"
        f"      - when: {writer.quoted(subject)}\n        pay: {count} * 500\n"
        "      - pay: 0.5\n".replace(f"{count} * 500", "1000 + 500")
    )


_HEAD: Final = """id: random
version: 1.0.0
document:
  title: {zh: 随机, en: random}
  issuer: {zh: 随机, en: random}
  issued: null
  in_force: {from: 2022-01-01, to: 2024-12-31, basis: {zh: 随机, en: random}}
region: {codes: ["530113"], level: county, name: {zh: 随机, en: random}}
"""

_PARAMETERS: Final = """parameters:
  line:
    label: {zh: 线, en: line}
    unit: yuan_per_person
    clauses: [c]
    values:
      - {from: 2022-01-01, to: 2022-12-31, value: 10000}
      - {from: 2023-07-01, to: 2024-12-31, value: 11000.5}
externals:
  office:
    label: {zh: 部门核定, en: the office's finding}
    subject: household
    clauses: [c]
    authority: {zh: 部门, en: the office}
    question: {zh: 部门是否核定, en: does the office find so}
"""
