"""Packs of one-line rules, to be put to the solver."""

from __future__ import annotations

import made_up

from policy_rules.analysis import RuleOn
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack


def flags(subject: str = "household", parameters: str = "", extra: str = "", **rules: str) -> Pack:
    """A flag for each condition, by name; ``extra`` lines go below each."""
    files = made_up.texts()
    del files["targets.yaml"]
    files["rules/rules.yaml"] = "".join(
        f"- id: {name}\n  concept: low_income_listing\n  outcome: flag\n  subject: {subject}\n"
        f"  label: {{zh: 例, en: example}}\n  clauses: ['1#1']\n  force: must\n"
        f"  when: {condition!r}\n{extra}"
        for name, condition in rules.items()
    )
    if parameters:
        files["parameters.yaml"] = parameters
    return load_texts(files)


def two(left: str, right: str, subject: str = "household") -> tuple[RuleOn, RuleOn]:
    """Two conditions as rules."""
    pack = flags(subject, left=left, right=right)
    return RuleOn.of(pack, "left"), RuleOn.of(pack, "right")
