"""Verdicts fast: a pack's rules written out as one Python function; see :mod:`.program`."""
