"""The engines put beside each other: none differs, a planted fault is told small, a run is gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import made_up
import pytest
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app
from policy_rules.engine import reference
from policy_rules.engine.compiled import rows
from policy_rules.facts.record import read_record
from policy_rules.tables.lowering import numbers
from policy_rules.tables.plan import Expr
from policy_rules.testing.agreement import engines
from policy_rules.testing.agreement.batches import Batch, batch
from policy_rules.testing.agreement.engines import Difference, available, compared, differing
from policy_rules.testing.agreement.run import Agreement, Options, agree
from policy_rules.verdict import Verdict

ENGINES = available()
PACKS = ("guangxi", "yunnan/mengyong")


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def options(records: int = 30, **more: Any) -> Options:
    return Options(
        **{"seed": 5, "records": records, "packs": PACKS, "engines": ENGINES, "size": 15} | more
    )


@pytest.fixture(scope="module")
def whole() -> Agreement:
    return agree(options())


def test_every_engine_answers_and_none_differs(whole: Agreement) -> None:
    assert set(ENGINES) == {"reference", "compiled", "durable_rules", "polars", "duckdb", "solver"}
    assert whole.complete
    assert whole.found == []
    assert whole.households == 30
    for engine in ENGINES:
        told = whole.tallies[engine]
        assert told.answers > 0, engine
        assert told.households == (30 if engine != "solver" else told.households)


def test_a_batch_is_the_same_each_time() -> None:
    one, two = (batch(3, 7, PACKS, size=4) for _ in range(2))
    assert one.pack.id == "yunnan/mengyong"
    assert (one.day, one.kind, one.data) == (two.day, two.kind, two.data)
    assert batch(3, 8, PACKS, size=4).pack.id == "random"
    assert batch(4, 7, PACKS, size=4).data != one.data


def _lowering(monkeypatch: pytest.MonkeyPatch) -> None:
    right = numbers.compare

    def wrong(name: str, a: numbers.Interval, b: numbers.Interval) -> Expr:
        return right({"le": "lt", "lt": "le"}.get(name, name), a, b)

    monkeypatch.setattr(numbers, "compare", wrong)


def _reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reference._COMPARE, "<", reference._COMPARE["<="])


def _compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    right = rows.RowPath.verdicts

    def wrong(self: rows.RowPath, record: Any, day: Any) -> Any:
        found = right(self, record, day)
        return found and dict.fromkeys(found, Verdict.NO)

    monkeypatch.setattr(rows.RowPath, "verdicts", wrong)


FAULTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], set[str]]] = {
    "the lowering": (_lowering, {"polars", "duckdb"}),
    "the reference": (_reference, {"durable_rules", "polars", "duckdb"}),
    "generated code": (_compiled, {"compiled"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_told_by_every_engine_it_concerns(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, wanted = FAULTS[name]
    plant(monkeypatch)
    engines = tuple(e for e in ENGINES if e in {"reference", *wanted})
    told: set[str] = set()
    for number in range(0, 24, 2):
        some = batch(5, number, PACKS, size=25)
        _, found = compared(some, engines)
        told |= {d.engine for d in found}
        if told >= wanted:
            break
    assert told >= wanted


def test_a_disagreement_is_told_with_a_small_record(monkeypatch: pytest.MonkeyPatch) -> None:
    _reference(monkeypatch)
    found = agree(options(300, engines=("reference", "compiled"), packs=()))
    assert found.count > 0
    example = found.found[0]
    assert example["engine"] == "compiled"
    assert example["pack"] == "random"
    assert example["rule"]
    some = batch(5, example["batch"], (), size=15)
    assert differing(some, "compiled")(example["record"])
    full = max(len(json.dumps(d, default=str)) for d in some.data)
    assert len(json.dumps(example["record"], default=str)) < full / 3
    monkeypatch.undo()
    assert not differing(some, "compiled")(example["record"])


def test_a_run_is_gone_on_with_and_gives_the_same(whole: Agreement, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    two = ("reference", "compiled")
    first = agree(options(15, engines=two), state=state)
    assert first.complete
    second = agree(options(engines=two), state=state)
    assert second.complete
    told = {e: (t.households, t.answers) for e, t in second.tallies.items()}
    assert told == {e: (t.households, t.answers) for e, t in whole.tallies.items() if e in two}


def test_no_time_runs_nothing_and_says_so(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    result = run("agree", "guangxi", "-n", 50, "--minutes", 0, "--state", state, "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "not finished: 0 of 1 batches" in result.output
    other = run("agree", "guangxi", "-n", 50, "--seed", 1, "--state", state)
    assert other.exit_code == 2
    assert "run_differs" in other.output
    state.write_text("{}", "utf-8")
    broken = run("agree", "guangxi", "-n", 50, "--state", state)
    assert broken.exit_code == 2
    assert "cannot_read" in broken.output


def test_the_command_exits_1_where_engines_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    _compiled(monkeypatch)
    args = ("agree", "yunnan/mengyong", "-n", 20, "--size", 20, "--engine", "compiled")
    result = run(*args, "--format", "json")
    assert result.exit_code == 1, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit), result.exception
    assert json.loads(result.stdout)["disagreements"] > 0
    assert "compiled 与解释器不一致" in run(*args).output
    monkeypatch.undo()
    assert run(*args).exit_code == 0


def test_an_engine_there_is_not() -> None:
    result = run("agree", "--engine", "duckbd")
    assert result.exit_code == 2
    assert "duckdb" in result.output


def test_several_processes(whole: Agreement) -> None:
    found = agree(options(engines=("reference", "compiled")), jobs=2)
    assert found.complete
    assert found.tallies["reference"].answers == whole.tallies["reference"].answers


# -- a batch made by hand --------------------------------------------------------------------------


def made(*data: dict[str, Any], number: int = 1, day: date = date(2023, 6, 30)) -> Batch:
    """A batch of records on the rules made up for tests."""
    pack = made_up.pack()
    records = tuple(read_record(d, pack.vocabulary) for d in data)
    return Batch(number, pack, "household", day, data, records)


UNKNOWN = {"type": "lifted", "external": {"sample": {"no_such": True}}}
POOR = {"type": "lifted", "incomes": {2022: {"net_per_capita": 5000}}}


def test_an_error_is_an_answer_like_any_other() -> None:
    tallies, found = compared(made(POOR, UNKNOWN), ("reference", "compiled", "polars", "duckdb"))
    assert found == []
    assert tallies["reference"].answers == tallies["polars"].answers > 0


def test_an_answer_where_the_reference_tells_an_error_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "evaluate_population", lambda *a, **k: iter(()))
    _, found = compared(made(UNKNOWN, POOR), ("reference", "polars"))
    assert found[0] == Difference("polars", 0, "", "unknown_external", "-")
    assert {(d.row, d.got) for d in found[1:]} == {(1, "-")}  # and no answer where there is one


def test_generated_code_that_falls_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(self: rows.RowPath, record: Any, day: Any) -> None:
        self.fallen += 1

    monkeypatch.setattr(rows.RowPath, "verdicts", falls)
    _, found = compared(made(POOR, POOR), ("reference", "compiled"))
    assert found == [Difference("compiled", 0, "", "-", "fallen")]
    monkeypatch.setattr(rows.RowPath, "verdicts", lambda *_: None)  # none for this pack: no fault
    tallies, found = compared(made(POOR, POOR), ("reference", "compiled"))
    assert (tallies["compiled"].answers, found) == (0, [])


def test_the_solver_is_asked_of_rules_in_force_and_of_records_it_can_hold() -> None:
    fine = {"type": "lifted", "incomes": {2022: {"net_per_capita": Decimal("7999.0000001")}}}
    tallies, found = compared(made(POOR, fine, number=0), ("reference", "solver"))
    assert found == []
    assert (tallies["solver"].households, tallies["solver"].answers) == (1, 2)  # two rules
    early = made(POOR, number=0, day=date(1990, 1, 1))
    tallies, found = compared(early, ("reference", "solver"))
    assert (tallies["solver"].households, found) == (0, [])


def test_an_engine_that_is_not_installed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available(spark=True) == engines.ENGINES
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert "solver" not in available()
    monkeypatch.setattr(engines.loading, "available", lambda: False)
    assert available() == ("reference", "compiled", "polars", "duckdb")
