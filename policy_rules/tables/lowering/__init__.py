"""From a pack to a plan over columns, with exactly the meaning of the reference interpreter."""

from policy_rules.tables.lowering.whole import lower

__all__ = ["lower"]
