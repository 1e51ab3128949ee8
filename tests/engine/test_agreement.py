"""Engines agree, and what is decided stays decided however the gaps are filled."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules import Engine, EngineDisagreement, Verdict, load_pack
from policy_rules.engine import reference
from policy_rules.engine.durable import evaluator
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import Sampler
from policy_rules.testing.soundness import rules_asking_what_is_known
from policy_rules.testing.strategies import dates, packs, records_of

DONGCHUAN = load_pack("yunnan/dongchuan")
ENGINE = Engine(DONGCHUAN, readings=False)
KINDS = sorted({r.subject for r in DONGCHUAN.rules.values()} - {"member"})


@pytest.mark.parametrize("kind", KINDS)
def test_engines_agree_on_the_real_pack(kind: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(records_of(DONGCHUAN, kind), dates(DONGCHUAN))
    def agree(data: dict[str, Any], day: Any) -> None:
        ENGINE.evaluate(data, as_of=day)  # raises EngineDisagreement where they do not

    agree()


@settings(max_examples=60, deadline=None)
@given(packs(), st.randoms(use_true_random=False))
def test_engines_agree_on_random_packs(pack: Pack, rng: random.Random) -> None:
    engine, sampler = Engine(pack, readings=False), Sampler(pack)
    try:
        for _ in range(5):
            engine.evaluate(sampler.record(rng), as_of=sampler.as_of(rng))
    finally:
        engine.close()


# -- soundness ------------------------------------------------------------------------------------


def complete(data: Any, filler: Any) -> Any:
    """A record with every gap filled from another complete record of the same shape."""
    if isinstance(data, dict) and isinstance(filler, dict):
        return {k: complete(data.get(k), filler.get(k)) for k in {**filler, **data}}
    if isinstance(data, list) and isinstance(filler, list):
        return [complete(d, f) for d, f in zip(data, filler, strict=False)] + data[len(filler) :]
    return filler if data is None else data


@pytest.mark.parametrize("seed", range(25))
def test_no_completion_contradicts_a_decided_verdict(seed: int) -> None:
    rng = random.Random(seed)
    pack = DONGCHUAN if seed % 2 else load_texts(random_pack(rng))
    skipped = rules_asking_what_is_known(pack)
    engine = Engine(pack, engine="reference", readings=False)
    sparse, full = Sampler(pack, gap=0.4), Sampler(pack, gap=0.0, derived=0)
    for _ in range(20):
        data, day = sparse.record(rng), sparse.as_of(rng)
        before = engine.verdicts(data, as_of=day)
        for _ in range(4):
            more = complete(copy.deepcopy(data), full.record(rng))
            after = engine.verdicts(read_record(more, pack.vocabulary), as_of=day)
            for where, verdict in before.items():
                if verdict is not Verdict.UNKNOWN and where[0] not in skipped:
                    assert after[where] is verdict, (where, data, more)


# -- seeded faults --------------------------------------------------------------------------------


def swept(pack: Pack, count: int = 400) -> None:
    engine, sampler, rng = Engine(pack, readings=False), Sampler(pack), random.Random(7)
    try:
        for _ in range(count):
            engine.evaluate(sampler.record(rng), as_of=sampler.as_of(rng))
    finally:
        engine.close()


FAULTS = {
    "< read as <=": ("_COMPARE", "<", "<="),
    ">= read as >": ("_COMPARE", ">=", ">"),
    "== read as !=": ("_COMPARE", "==", "!="),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_reference_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, right, wrong = FAULTS[name]
    operators = getattr(reference, table)
    monkeypatch.setitem(operators, right, operators[wrong])

    def sweep() -> None:
        for seed in range(40):
            swept(load_texts(random_pack(random.Random(seed))), 30)

    with pytest.raises(EngineDisagreement):
        sweep()


def test_a_fault_in_durable_rules_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate = evaluator.DurableEvaluator.evaluate

    def turned(self: Any, record: Any, as_of: Any) -> Any:
        found = evaluate(self, record, as_of)
        key = next(iter(found))
        found[key] = evaluator.Outcome(truth=True, status="decided", met=None, amount=None)
        return found

    monkeypatch.setattr(evaluator.DurableEvaluator, "evaluate", turned)
    with pytest.raises(EngineDisagreement) as caught:
        swept(DONGCHUAN, 20)
    assert all(p.code == "engine_disagreement" for p in caught.value.problems)


def test_a_finding_left_out_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate = evaluator.DurableEvaluator.evaluate

    def short(self: Any, record: Any, as_of: Any) -> Any:
        found = evaluate(self, record, as_of)
        found.popitem()
        return found

    monkeypatch.setattr(evaluator.DurableEvaluator, "evaluate", short)
    with pytest.raises(EngineDisagreement):
        swept(DONGCHUAN, 1)
