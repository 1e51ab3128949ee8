"""Packs, comparisons and meanings the report tests share; some of them want to be markup."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import attrs
from made_up import pack, texts

from policy_rules import Pack, Verdict, compare_packs, diff_packs, load_pack
from policy_rules.analysis.model import Bounds, Relation, Witness
from policy_rules.diff.compare import Comparison, PackDiff
from policy_rules.diff.meaning import Meaning
from policy_rules.engine.finding import Amount
from policy_rules.packs.loader import load_texts
from policy_rules.text import EMPTY

HOSTILE = "</script><script>alert(1)</script>\"'&amp;<b onclick=x>"


def hostile() -> Pack:
    """A pack whose labels want to be markup."""
    files = texts("9000")
    quoted = HOSTILE.replace('"', '\\"')
    files["pack.yaml"] = files["pack.yaml"].replace("id: sample", "id: other")
    files["pack.yaml"] = files["pack.yaml"].replace("en: a county}", f'en: "{quoted}"}}')
    files["rules/rules.yaml"] = files["rules/rules.yaml"].replace(
        "zh: 重点帮扶户, en: focus household", f'zh: "{quoted}", en: "{quoted}"'
    )
    files["clauses.yaml"] = files["clauses.yaml"].replace(
        "{zh: 摘要, en: summary}", f'{{zh: "{quoted}", en: "{quoted}"}}'
    )
    return load_texts(files)


@cache
def real() -> tuple[Pack, Pack]:
    return load_pack("yunnan/mengyong"), load_pack("zhengzhou")


@cache
def matrix() -> Comparison:
    return compare_packs(real())


@cache
def compared() -> PackDiff:
    return diff_packs(*real())


RECORD = {
    "as_of": "2023-06-30",
    "type": "lifted",
    "size": 4,
    "incomes": {2022: {"net_per_capita": 8500}},
    "members": [{"id": "m1", "labour": "ordinary", "age": 40}, {"id": "m2", "labour": None}],
    "plan": {"made": True},
}


def meant(**changes: object) -> PackDiff:
    """A made-up diff whose first pair has a meaning."""
    report = diff_packs(pack(), pack("9000"))
    witness = Witness(
        "right_only", RECORD, "", Verdict.NO, Verdict.YES, None,
        Amount("stated", "yuan", "monthly", EMPTY, Fraction(300), Fraction(300)),
    )  # fmt: skip
    bounds, day = Bounds(4, 3, 10.0), report.left_day
    answer = Relation("narrower", (witness,), bounds, (day, day))
    meaning = Meaning("narrower", (witness,), bounds, "right", set_aside=("region",), answer=answer)
    concept = next(c for c in report.concepts if c.concept.id == "low_income_listing")
    changed = attrs.evolve(
        concept,
        pairs=(attrs.evolve(concept.pairs[0], meaning=attrs.evolve(meaning, **changes)),),
    )
    return attrs.evolve(report, concepts=(changed,))
