"""What is decided despite gaps stays decided however they are filled; needless UNKNOWNs are counted."""

from __future__ import annotations

import json
import random

import pytest
from typer.testing import CliRunner

from policy_rules import NotFoundError, load_pack
from policy_rules.cli.app import app
from policy_rules.engine import reference
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.testing import check_soundness, reaching
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.soundness import rules_asking_what_is_known


def made(*conditions: str) -> Pack:
    """A pack of one household rule for each condition."""
    texts = random_pack(random.Random(0), 1)
    head = (
        "concept: low_income_listing, outcome: flag, subject: household, clauses: [c], force: must"
    )
    rules = ""
    for i, condition in enumerate(conditions):
        fields = head.replace(", ", "\n  ")
        rules += f"- id: c{i}\n  {fields}\n  label: {{zh: 例, en: example}}\n  when: {condition}\n"
    return load_texts({**texts, "rules/random.yaml": rules})


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_random_packs_are_sound(seed: int) -> None:
    found = check_soundness(load_texts(random_pack(random.Random(seed))), records=6, most=200)
    assert not found.contradictions, found.render("en")
    assert found.decided + found.unknown > 0


def test_a_real_pack_is_sound_and_seldom_says_unknown_needlessly() -> None:
    pack = load_pack("yunnan/mengyong")
    found = check_soundness(pack, records=6)
    assert not found.contradictions, found.render("en")
    assert found.rules == len(pack.rules)
    assert found.decided > 50
    assert found.unknown > 50
    assert found.share < 0.02
    assert found.completions > 10 * found.gaps


def test_an_unknown_that_every_completion_decides_is_counted() -> None:
    pack = made("household.size >= 3 or household.size < 3", "household.size >= 3")
    found = check_soundness(pack, records=20)
    assert set(found.needless_in) == {"c0"}
    assert found.needless_in["c0"] == found.needless > 0
    assert 0 < found.share < 1
    assert not found.contradictions


def test_an_engine_that_decides_too_early_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = made("household.dibao or household.relocated")
    build = reference.MEANING[reference.Or]

    def early(at: object, node: object) -> object:
        judge = build(at, node)  # type: ignore[arg-type]
        return lambda env: bool(judge(env))  # unknown is taken for false

    monkeypatch.setitem(reference.MEANING, reference.Or, early)  # type: ignore[arg-type]
    reaching._interpreter.cache_clear()
    try:
        found = check_soundness(pack, records=20)
    finally:
        reaching._interpreter.cache_clear()
    assert found.contradictions
    first = found.contradictions[0]
    assert (first.rule, first.before, first.after) == ("c0", False, True)
    assert set(first.record) < set(first.completed)


def test_rules_that_ask_what_is_known_are_left_out() -> None:
    pack = made("known(household.size)", "rule.c0", "household.dibao")
    assert rules_asking_what_is_known(pack) == {"c0", "c1"}
    found = check_soundness(pack)
    assert set(found.left_out) == {"c0", "c1"}
    assert "1 条规则" in found.render("zh")
    assert found.rules == 1


def test_a_rule_there_is_not() -> None:
    with pytest.raises(NotFoundError):
        check_soundness(made("household.dibao"), ["c9"])


def test_the_command() -> None:
    arguments = ["soundness", "yunnan/mengyong", "-n", "2", "--random", "1"]
    result = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.stdout)
    assert (first["pack"], second["pack"]) == ("yunnan/mengyong", "random")
    assert first["contradictions"] == []
