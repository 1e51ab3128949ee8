from pathlib import Path

from hypothesis import given, settings

from policy_rules import Engine, Verdict, load_pack
from policy_rules.testing import households, near

PACK = load_pack("orchard", Path(__file__).parents[1] / "packs")
ENGINE = Engine(PACK, engine="reference")


@settings(database=None, deadline=None)
@given(near(PACK, "replanting_subsidy"))
def test_nobody_is_paid_for_more_than_ten_mu(record):
    for finding in ENGINE.evaluate(record):
        if finding.rule.id == "replanting_subsidy" and finding.verdict is Verdict.YES:
            assert finding.amount.exact is None or finding.amount.exact <= 3000


@settings(database=None, deadline=None)
@given(households(PACK))
def test_every_finding_cites(record):
    assert all(finding.rule.clauses for finding in ENGINE.evaluate(record))
