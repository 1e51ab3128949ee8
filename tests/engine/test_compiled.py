"""Generated code gives what the reference interpreter gives, on every record it answers."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules import Engine, Verdict, load_pack, load_packs
from policy_rules.engine.compiled import truths
from policy_rules.engine.compiled.rows import RowPath
from policy_rules.engine.rules import RuleSet
from policy_rules.expr.nodes import Compare, Not
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import Sampler
from policy_rules.testing.strategies import packs

DONGCHUAN = load_pack("yunnan/dongchuan")
DAY = date(2022, 6, 30)
PACKS = {pack.id: pack for pack in load_packs()}
#: Chances that a fact is missing, and that a derived fact is recorded.
GAPS = ((0.0, 0.0), (0.1, 0.2), (0.3, 0.0), (0.7, 0.2))


class Both:
    """A pack asked both ways."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.rules = RuleSet(pack)
        self.path = RowPath(self.rules.interpreter, after=0)
        self.samplers = [Sampler(pack, gap=gap, derived=d) for gap, d in GAPS]

    def ask(self, record: Household, day: date) -> None:
        """Verdicts, their order, and whole findings are the same."""
        expected = self.rules.verdicts(record, day)
        got = self.path.verdicts(record, day)
        assert got is not None
        assert list(got.items()) == [(k, Verdict.of(truth)) for k, truth in expected.items()]
        env = self.rules.environment(record, day)
        known = self.path.truths(record, day, env)
        assert known is not None
        found = self.rules.findings(record, day, env, known)
        plain = self.rules.findings(record, day, self.rules.environment(record, day))
        assert [(f.id, *f.outcome()) for f in found] == [(f.id, *f.outcome()) for f in plain]
        assert self.path.fallen == 0

    def sweep(self, rng: random.Random, count: int, kind: str = "household") -> None:
        for _ in range(count):
            sampler = rng.choice(self.samplers)
            data = sampler.record(rng, kind)
            if kind == "household" and "members" not in data and rng.random() < 0.9:
                people: Any = [sampler.row(rng, "member", 1) for _ in range(rng.randint(0, 4))]
                data["members"] = (
                    {"items": people, "complete": False} if rng.random() < 0.2 else people
                )
            self.ask(read_record(data, self.pack.vocabulary), sampler.as_of(rng))


@pytest.mark.parametrize("name", PACKS)
def test_generated_code_agrees_on_the_real_packs(name: str) -> None:
    both, rng = Both(PACKS[name]), random.Random(name)
    both.sweep(rng, 50)
    for kind in sorted({r.subject for r in both.pack.rules.values()} - {"member", "household"}):
        both.sweep(rng, 12, kind)


@settings(max_examples=40, deadline=None)
@given(packs(), st.randoms(use_true_random=False))
def test_generated_code_agrees_on_random_packs(pack: Pack, rng: random.Random) -> None:
    Both(pack).sweep(rng, 6)


@pytest.mark.parametrize("node", [Not, Compare])
def test_a_fault_in_the_generated_code_is_noticed(
    node: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = truths.TRUTHS[node]

    def turned(at: Any, part: Any) -> Any:
        found = write(at, part)
        return type(found)(f"(True if {found.text} is None else {found.text})", False)

    monkeypatch.setitem(truths.TRUTHS, node, turned)  # type: ignore[arg-type]

    def sweep() -> None:
        for seed in range(30):
            both = Both(load_texts(random_pack(random.Random(seed))))
            both.sweep(random.Random(seed), 10)

    with pytest.raises(AssertionError):
        sweep()


def told(engine: Engine, data: Any, day: date) -> Any:
    """Everything an answer tells."""
    result = engine.evaluate(data, as_of=day)
    lines = [
        (f.id, b.path, b.verdict, b.decided, dict(b.values), b.margin, b.depth)
        for f in result
        for b in f.because
    ]
    return result.as_dict(), lines


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.no_cover
def test_whole_determinations_agree_with_conflicts_needs_and_explanations(seed: int) -> None:
    rng = random.Random(seed)
    pack = load_texts(random_pack(rng)) if seed % 2 else DONGCHUAN
    fast, plain = (Engine(pack, engine="reference") for _ in range(2))
    fast._row_path.after, plain._row_path.after = 0, 10**9
    sampler = Sampler(pack, gap=0.2, derived=0.5)
    for _ in range(6):
        data, day = sampler.record(rng), sampler.as_of(rng)
        assert told(fast, data, day) == told(plain, data, day)
    assert fast._row_path.fallen == 0
    assert plain._row_path._of_day == {}


# -- when and how ---------------------------------------------------------------------------------


def test_the_first_records_are_answered_without() -> None:
    rules = RuleSet(DONGCHUAN)
    path = RowPath(rules.interpreter, after=3)
    answers = [path.verdicts(read_record({}), DAY) for _ in range(5)]
    assert [a is None for a in answers] == [True, True, True, False, False]


def test_where_generated_code_fails_the_reference_answers() -> None:
    both = Both(DONGCHUAN)
    record = read_record({"size": 3})
    both.ask(record, DAY)
    record.row["incomes"] = object()  # no reader lets this through
    assert both.path.verdicts(record, DAY) is None
    assert both.path.fallen == 1


def test_generated_code_can_be_read_and_holds_texts_of_the_pack_quoted_only() -> None:
    path = RowPath(RuleSet(DONGCHUAN).interpreter)
    source = path.source("household", DAY)
    assert source.startswith("def answer(top, rows, env, as_of, days):\n")
    assert "# rule 'one_to_one_support'" in source
    outside = [line for line in source.splitlines() if "one_to_one_support" in line]
    assert outside
    assert all("'one_to_one_support'" in line for line in outside)


def test_threads_share_an_engine() -> None:
    engine = Engine(DONGCHUAN, engine="reference", readings=False)
    sampler, rng = Sampler(DONGCHUAN), random.Random(5)
    asked = [(sampler.record(rng), sampler.as_of(rng)) for _ in range(60)]
    expected = [engine.verdicts(data, as_of=day) for data, day in asked]  # before any code is made
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            got = list(pool.map(lambda ask: engine.verdicts(ask[0], as_of=ask[1]), asked))
            assert got == expected
            results = list(pool.map(lambda ask: engine.evaluate(ask[0], as_of=ask[1]), asked))
            for result, verdicts in zip(results, expected, strict=True):
                said = {(f.rule.id, f.subject): f.verdict for f in result if f.verdict is not None}
                assert result.conflicts or said == verdicts
