"""The second inference: a pack compiled to durable_rules, with its own folding of values."""
