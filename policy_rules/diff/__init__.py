"""Packs beside each other: what each says of a concept, and in what they differ."""
