"""Forms of conditions the packs write few of: a plan says what the reference says of each."""

from __future__ import annotations

import random
from datetime import date

import pytest
from engine.test_compiled_language import DEFINITIONS, HOUSEHOLD, MEMBER, flag
from made_up import texts
from tables.lowered import Compared

from policy_rules.engine.conflicts import ConflictFinder
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.dictionary import build_vocabulary
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_texts
from policy_rules.testing.sampling import Sampler
from policy_rules.yamldoc import parse_yaml


@pytest.mark.parametrize(("subject", "lines"), [("household", HOUSEHOLD), ("member", MEMBER)])
def test_every_line_is_answered_as_the_reference_answers_it(
    subject: str, lines: tuple[str, ...]
) -> None:
    rules = "".join(flag(i, f'"{line}"', subject) for i, line in enumerate(lines))
    pack = load_texts({**texts(), "rules/x.yaml": rules, "definitions.yaml": DEFINITIONS})
    rng = random.Random(11)
    some = []
    for gap in (0.0, 0.05, 0.3):
        sampler = Sampler(pack, gap=gap, derived=0.03)
        for _ in range(15):
            data = sampler.record(rng)
            people = [sampler.row(rng, "member", 1) for _ in range(rng.randint(0, 3))]
            data["members"] = {"items": people, "complete": rng.random() > gap}
            some.append(read_record(data, pack.vocabulary))
    compared = Compared(pack, "household", date(2023, 6, 30), some, RuleSet(pack))
    # one that compares items of two lists is asked of the reference
    assert [rule for rule, _ in compared.plan.left] == (["line_0"] if subject == "member" else [])
    odd = {i for i in range(len(some)) if compared.odd(i)}
    assert len(odd) < len(some) / 4, "these are the reference's own"
    assert {k: v for k, v in compared.differences().items() if k[0] not in odd} == {}


# -- a dictionary in which derived facts of an account read the household it may not have ------------

LABEL = "{zh: 例, en: example}"


def fact(kind: str, more: str = "") -> str:
    return f"{{type: {kind}, label: {LABEL}, question: {LABEL}, ask: x{more and ', '}{more}}}"


def block(name: str, facts: dict[str, str]) -> str:
    lines = "".join(f"      {path}: {fact}\n" for path, fact in facts.items())
    return f"  {name}:\n    label: {LABEL}\n    facts:\n{lines}"


def derived(kind: str, text: str, more: str = "") -> str:
    return fact(kind, f'derive: "{text}"{more and ", "}{more}')


VOCABULARY = (
    f"version: 1\ncodes:\n  kind:\n    label: {LABEL}\n    values: {{lifted: {LABEL}, other: {LABEL}}}\n"
    f"  health:\n    label: {LABEL}\n    values: {{ill: {LABEL}, fit: {LABEL}}}\nstructures:\n"
    + block(
        "account",
        {
            "net": fact("money", "min: 0"),
            "opened": fact("date"),
            "due": derived("date", "add_months(this.opened, 6)"),
            "paid": derived("date", "household.surveyed"),
            "per_head": derived("number", "this.net / household.size", "unit: yuan_per_person"),
            "of_lifted": derived("bool", "household.type in {lifted}"),
            "of_ill": derived("bool", "ill in household.health"),
            "all_ill": derived("bool", "subset(household.health, {ill})"),
            "dated": derived("bool", "known(household.surveyed)"),
            "counted": derived("bool", "known(household.accounts)"),
            "listed": derived("bool", "known(household.members)"),
            "placed": derived("bool", "known(household.home)"),
            "young": derived("bool", "any(m.age < 18 for m in household.members)"),
        },
    )
    + "kinds:\n"
    + block(
        "household",
        {
            "type": fact("code", "codes: kind"),
            "health": fact("codes", "codes: health"),
            "size": fact("int", "unit: persons, min: 1, max: 20"),
            "surveyed": fact("date"),
            "home": fact("record", "item: village"),
            "accounts": fact("by_year", "item: account"),
            "members": fact("list", "item: member"),
        },
    )
    + block("member", {"age": fact("int", "unit: years, min: 0, max: 120")})
    + block(
        "village",
        {"area": fact("number", "unit: mu, min: 0"), "books": fact("by_year", "item: account")},
    )
)
PACK = f"""id: test/pack
version: 1.0.0
document:
  title: {LABEL}
  issuer: {LABEL}
  issued: 2022-01-01
  in_force: {{from: 2020-01-01, to: 2024-12-31, basis: {LABEL}}}
region: {{codes: ["530113"], level: county, name: {LABEL}}}
"""
CLAUSES = f"clauses:\n  - {{id: 1#1, summary: {LABEL}, dispositions: [rule], force: none, review: encoded, why_not: {LABEL}}}\n"
OF_ACCOUNT = (
    "{a}.due <= as_of",
    "{a}.due == date(2022, 12, 30)",
    "{a}.paid <= as_of",
    "{a}.per_head >= 100",
    "{a}.of_lifted",
    "not {a}.of_lifted or {a}.net > 0",
    "{a}.of_ill",
    "{a}.all_ill",
    "{a}.dated",
    "{a}.counted",
    "{a}.listed",
    "{a}.placed",
    "{a}.young",
    "known({a}.due)",
    "known({a}.paid)",
)
DATES = (None, "2022-06-30", "2022-06", "2022")


def accounts() -> list[dict[str, object]]:
    """Accounts with what they derive, recorded or not, rightly or not."""
    found: list[dict[str, object]] = [{}]
    for opened in DATES:
        for due in (None, "2022-12-30", "2022-12", "2022-11"):
            given = {"opened": opened, "due": due, "net": 300}
            found.append({k: v for k, v in given.items() if v is not None})
    return [*found, {"paid": "2022-05-01"}, {"per_head": 7, "net": 300}, {"of_lifted": True}]


@pytest.mark.parametrize(("kind", "path"), [("household", "accounts"), ("village", "books")])
def test_what_an_account_derives_with_a_household_and_without(kind: str, path: str) -> None:
    vocabulary = build_vocabulary(parse_yaml(VOCABULARY, "facts.yaml"))
    rules = "".join(
        flag(i, f'"{line.format(a=f"{kind}.{path}(2022)")}"', kind)
        for i, line in enumerate(OF_ACCOUNT)
    )
    pack = load_texts(
        {"pack.yaml": PACK, "clauses.yaml": CLAUSES, "rules/x.yaml": rules}, vocabulary
    )
    above: list[dict[str, object]] = [{}]
    if kind == "household":
        above += [
            {"type": "lifted", "health": ["ill"], "size": 3, "surveyed": "2022-05-01"},
            {"type": "other", "health": [], "surveyed": "2022", "home": {"area": 3}},
            {"members": [{"age": 17}, {"age": 40}]},
        ]
    data = [{"kind": kind, **top, path: {2022: a}} for top in above for a in accounts()]
    some = [read_record(d, vocabulary) for d in data]
    rules_ = RuleSet(pack)
    day = date(2022, 12, 31)
    compared = Compared(pack, kind, day, some, rules_)
    assert dict(compared.plan.left) == {}
    odd = {i for i in range(len(some)) if compared.odd(i)}
    finder = ConflictFinder(rules_.interpreter, vocabulary)
    assert odd == {i for i, record in enumerate(some) if finder.find(record, day)}
    assert 0 < len(odd) < len(some) / 2
    assert {k: v for k, v in compared.differences().items() if k[0] not in odd} == {}
