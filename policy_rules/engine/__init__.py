"""Evaluating records: the reference interpreter, durable_rules, and what they answer."""
