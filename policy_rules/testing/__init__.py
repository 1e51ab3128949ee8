"""Testing packs: cases as data, leaf coverage, Hypothesis strategies, a pytest plugin."""
