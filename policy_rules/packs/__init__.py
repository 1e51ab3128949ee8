"""Packs: YAML with positions, checked and built into the immutable :class:`Pack`."""

from policy_rules.packs.loader import load_folder, load_texts
from policy_rules.packs.model import Clause, Pack, Rule
from policy_rules.packs.registry import list_packs, load_pack, load_packs

__all__ = [
    "Clause",
    "Pack",
    "Rule",
    "list_packs",
    "load_folder",
    "load_pack",
    "load_packs",
    "load_texts",
]
