"""What holds of every built-in pack, and of each beside its official text where that is at hand."""

from __future__ import annotations

import os
import random
import re
from functools import cache
from pathlib import Path

import pytest

from policy_rules import Pack, compare_packs, load_pack
from policy_rules.engine.engine import Engine
from policy_rules.facts.concepts import load_concepts
from policy_rules.facts.record import read_record
from policy_rules.packs.registry import list_packs
from policy_rules.sources.checking import check_source, text_of
from policy_rules.sources.ledger import audit, deciding
from policy_rules.testing.properties import load_properties
from policy_rules.testing.sampling import Sampler

ROOT = Path(__file__).parents[2]
TEXTS = Path(os.environ.get("OFFICIAL_TEXTS", ROOT.parent / "shared" / "sources"))
NAMES = ("guangxi", "tongren", "yunnan/dongchuan", "yunnan/mengyong", "zhengzhou")

load = cache(load_pack)
every_pack = pytest.mark.parametrize("name", NAMES)


def test_these_are_all() -> None:
    assert tuple(list_packs()) == NAMES


@every_pack
def test_every_statement_is_disposed_of_and_the_text_is_covered_whole(name: str) -> None:
    report = audit(load(name))
    assert not report.problems, "\n".join(p.render() for p in report.problems)


@every_pack
def test_every_deciding_statement_was_read_a_second_time(name: str) -> None:
    once = [
        c.id
        for c in load(name).clauses.values()
        if deciding(c)
        and {"rule", "duty", "target"} & set(c.dispositions)
        and c.review == "encoded"
    ]
    assert not once


@every_pack
def test_findings_read_in_both_languages(name: str) -> None:
    pack = load(name)
    things = [*pack.rules.values(), *pack.targets.values(), *pack.populations.values()]
    for thing in things:
        assert re.search(r"[\u4e00-\u9fff]", thing.label.zh), thing.id
        assert not re.search(r"[\u4e00-\u9fff]", thing.label.en), thing.id
    for external in pack.externals.values():
        assert external.authority.zh, external.id
        assert "？" in external.question.zh, external.id


@every_pack
def test_it_declares_properties(name: str) -> None:
    """`pytest rules` tries them, `policy-rules check` and `properties` more thoroughly."""
    assert len(load_properties(load(name))) >= 8


@every_pack
def test_the_engines_agree_on_random_records(name: str) -> None:
    """The cross-check raises where they do not."""
    pack = load(name)
    sampler, engine = Sampler(pack), Engine(pack, readings=False)
    rng = random.Random(7)
    kinds = sorted({r.subject for r in pack.rules.values()} - {"member"})
    for i in range(60):
        record = read_record(sampler.record(rng, kinds[i % len(kinds)]), pack.vocabulary)
        engine.evaluate(record, as_of=sampler.as_of(rng))
    engine.close()


@every_pack
def test_it_tells_policy_staff_what_it_is(name: str) -> None:
    log = (ROOT / "rules" / name / "CHANGELOG.md").read_text("utf-8")
    assert load(name).version in log
    assert re.search(r"[\u4e00-\u9fff]", log)


@every_pack
def test_the_official_text(name: str) -> None:
    """Every statement found, every sentence covered, every figure with ground."""
    if not TEXTS.is_dir():
        pytest.skip(
            f"the official texts are not at {TEXTS}: citations NOT compared with the wording"
        )
    pack = load(name)
    report = check_source(pack, text_of(pack, TEXTS))
    assert report.identical
    assert not report.problems, "\n".join(p.render() for p in report.problems)


# -- beside each other -----------------------------------------------------------------------------


def packs() -> list[Pack]:
    return [load(name) for name in NAMES]


def test_concepts_align_the_packs() -> None:
    """Many concepts are spoken of by several documents; every rule and target has one."""
    rows = compare_packs(packs()).rows
    shared = [concept.id for concept, cells in rows if len(cells) > 1]
    assert len(shared) >= 80
    assert {"low_income_listing", "zero_employment", "public_welfare_post", "double_binding"} <= {
        concept.id for concept, _ in rows
    }
    for pack in packs():
        assert all(t.concepts for t in (*pack.rules.values(), *pack.targets.values()))


def test_every_concept_is_used_and_has_a_question() -> None:
    used = {
        c for p in packs() for t in (*p.rules.values(), *p.targets.values()) for c in t.concepts
    }
    concepts = load_concepts()
    assert used <= set(concepts)
    for concept in concepts.values():
        assert concept.question.zh.endswith("？"), concept.id
        assert concept.question.en.endswith("?"), concept.id
        if concept.polarity != "none":
            assert concept.must_agree, concept.id
