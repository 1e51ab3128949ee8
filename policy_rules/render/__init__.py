"""Showing answers to people: words, locators, terminal tables."""
