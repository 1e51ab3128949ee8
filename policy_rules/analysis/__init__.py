"""Rules put to a solver: how two stand to each other, what one can do at all. Needs the extra ``analysis``.

Every claim holds within its :class:`Bounds`; every witness has been replayed through the reference interpreter.
"""

from __future__ import annotations

from policy_rules.analysis.model import (
    Assumptions,
    Bounds,
    Nature,
    Relation,
    RuleOn,
    Witness,
)

__all__ = [
    "Assumptions",
    "Bounds",
    "Nature",
    "Relation",
    "RuleOn",
    "Witness",
    "examine",
    "relate",
]


def relate(
    left: RuleOn,
    right: RuleOn,
    *,
    bounds: Bounds | None = None,
    assume: Assumptions | None = None,
) -> Relation:
    """How the records (or members) of which ``left`` says YES stand to those of ``right``.

    Each rule is asked on its own day, both about one record, and rules about members about one member. Records
    may lack any fact. With ``assume`` only records are looked at on which what is assumed to be the same is the
    same. Rules about different kinds of record are ``undecided`` (``left_out`` says why).

    Raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``) without z3-solver, and
    :class:`~policy_rules.errors.EngineDisagreement` where the reference interpreter does not confirm a witness.
    """
    from policy_rules.analysis.relating import related

    return related(left, right, bounds or Bounds(), assume or Assumptions())


def examine(rule: RuleOn, *, bounds: Bounds | None = None) -> Nature:
    """What a rule can do at all: never hold, always hold, be decided where the interpreter leaves it open.

    Which rules imply it takes all rules of the pack: :func:`policy_rules.analysis.examining.examine_pack`.
    Raises as :func:`relate` does.
    """
    from policy_rules.analysis.examining import examined

    return examined(rule, bounds or Bounds())
