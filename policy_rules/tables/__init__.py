"""Populations: readers, writers, column compilers, coverage."""
