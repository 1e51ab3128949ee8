"""Locators as people read them: ``26#2`` is 第26条第2句, and back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from policy_rules.errors import Lang, NotFoundError, Place, Problem, nearest, shown

_STATEMENT: Final = re.compile(r"(?P<head>.*?)(?:#(?P<n>\d+))?\Z")
_ITEM: Final = re.compile(r"(?P<head>.*?\D|)(?P<item>\d+)\Z")
#: The ways people write the number of a statement, and of an item.
_SAID: Final = (
    (re.compile(r"第(\d+)句\Z|,statement(\d+)\Z", re.I), r"#\1\2"),
    (re.compile(r"(?<=.)标题\Z|,heading\Z", re.I), "#0"),
    (re.compile(r"第(\d+)条(?=#|\Z)"), r"\1"),
)


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


def address(text: str) -> str:
    """The address a person means: the inverse of :func:`locator`, in either language.

    ``三（四）第18条第4句``, ``三(四)18#4`` and ``三(四)18, statement 4`` are one.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    for pattern, form in _SAID:
        plain = pattern.sub(form, plain)
    return plain


def find(text: str, statements: Iterable[str]) -> str:
    """The statement or item of a document that a person means.

    A bare number (第18条) stands for the one item of that number. Raises
    :class:`~policy_rules.errors.NotFoundError` (``unknown_clause``) with the nearest address.
    """
    known = dict.fromkeys(a for s in statements for a in (s.partition("#")[0], s))
    wanted = address(text)
    if wanted in known:
        return wanted
    if re.match(r"\d+(#|\Z)", wanted):
        ends = [a for a in known if re.search(rf"[^#\d]{re.escape(wanted)}\Z", a)]
        if len(ends) == 1:
            return ends[0]
    raise NotFoundError(
        Problem("unknown_clause", Place(), got=shown(text), nearest=nearest(wanted, known))
    )
