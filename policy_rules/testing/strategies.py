"""Hypothesis strategies: records of a pack, dates, random packs."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import GAP, Sampler


def records(
    pack: Pack, kind: str = "household", *, gap: float = GAP
) -> st.SearchStrategy[dict[str, Any]]:
    """Plain data of records of a kind, biased to the pack's thresholds; ``gap`` is the chance that
    a fact is missing."""
    sampler = Sampler(pack, gap=gap)
    return st.randoms(use_true_random=False).map(lambda rng: sampler.record(rng, kind))


def households(pack: Pack, *, gap: float = GAP) -> st.SearchStrategy[dict[str, Any]]:
    """Plain data of households; see :func:`records`."""
    return records(pack, "household", gap=gap)


def dates(pack: Pack) -> st.SearchStrategy[date]:
    """Dates of evaluation, often at the edges of validity."""
    sampler = Sampler(pack)
    return st.randoms(use_true_random=False).map(sampler.as_of)


def packs(rules: int = 8) -> st.SearchStrategy[Pack]:
    """Random well-typed packs of households and members."""
    return st.randoms(use_true_random=False).map(lambda rng: load_texts(random_pack(rng, rules)))
