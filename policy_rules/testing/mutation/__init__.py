"""Changing a pack in one place after another, and asking whether anything notices."""
