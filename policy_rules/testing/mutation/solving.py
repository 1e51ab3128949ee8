"""Asking the solver whether a survivor means the same as the pack, where the solver is there."""

from __future__ import annotations

from collections.abc import Sequence

from policy_rules.packs.model import Pack


def equivalent(before: Pack, after: Pack, rules: Sequence[str]) -> str | None:
    """The bounds within which a solver proves that some rules of two packs answer alike.

    None where it does not, or where no solver can be asked.
    """
    return None
