"""Locators as people read them: ``26#2`` is 第26条第2句."""

from __future__ import annotations

import re
from typing import Final

from policy_rules.errors import Lang

_STATEMENT: Final = re.compile(r"(?P<head>.*?)(?:#(?P<n>\d+))?\Z")
_ITEM: Final = re.compile(r"(?P<head>.*?\D|)(?P<item>\d+)\Z")


def locator(address: str, lang: Lang = "zh") -> str:
    """A locator for people; ``#0`` is the heading of its item."""
    match = _STATEMENT.match(address)
    assert match is not None
    head, statement = match["head"], match["n"]
    item = _ITEM.match(head)
    if lang == "en":
        return (
            head
            if statement is None
            else (f"{head}, heading" if statement == "0" else f"{head}, statement {statement}")
        )
    # a box (专栏3) keeps its own name; a bare number is an item of the document
    if item is not None and not head.startswith("专栏"):
        head = f"{_brackets(item['head'])}第{item['item']}条"
    else:
        head = _brackets(head)
    if statement is None:
        return head
    return f"{head}标题" if statement == "0" else f"{head}第{statement}句"


def _brackets(text: str) -> str:
    return text.replace("(", "（").replace(")", "）")


def locators(addresses: tuple[str, ...], lang: Lang = "zh") -> str:
    """Several locators; statements of one item are told together."""
    return ("、" if lang == "zh" else "; ").join(locator(a, lang) for a in addresses)
