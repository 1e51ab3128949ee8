"""From one line of text to a syntax tree, read with the standard :mod:`ast` module and never run."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Final

from policy_rules.errors import Place, Problems, shown

MAX_LENGTH: Final = 2000
MAX_DEPTH: Final = 60
# `from` is a keyword to Python but the natural name of a fact; a full-width letter of the same
# length hides it from the tokenizer, and `ast` folds it back (PEP 3131).
_KEYWORD: Final = re.compile(r"\.from\b")
# Python would pass over a comment without a word.
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")


def read(text: str, place: Place, problems: Problems) -> ast.expr | None:
    """The tree of an expression; None after noting why there is none."""
    if len(text) > MAX_LENGTH:
        problems.add("expression_too_long", place, expected=str(MAX_LENGTH), got=str(len(text)))
        return None
    if "#" in _QUOTED.sub("", text):
        at = shift(place, len(_QUOTED.sub(lambda m: "x" * len(m[0]), text).split("#")[0]))
        problems.add("not_in_language", at, got=shown("#"))
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(hidden(text), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None)
        where = shift(place, (column or 1) - 1)
        problems.add("bad_syntax", where, got=shown(text), detail=_why(error, text))
        return None
    if _depth(tree) > MAX_DEPTH:
        problems.add("expression_too_deep", place, expected=str(MAX_DEPTH), got=shown(text))
        return None
    return tree


def hidden(text: str) -> str:
    """The text as Python reads it."""
    return _KEYWORD.sub(".ｆrom", text.strip())


def source(text: str, tree: ast.AST) -> str:
    """What the user wrote for a part of a tree; ``text`` is the hidden one."""
    segment = ast.get_source_segment(text, tree) or text
    return shown(segment.replace("ｆrom", "from"))


def offset(text: str, tree: ast.AST) -> int:
    """Characters before a part of a tree; ``ast`` counts bytes."""
    return len(text.encode()[: getattr(tree, "col_offset", 0)].decode(errors="ignore"))


def shift(place: Place, columns: int) -> Place:
    """A place some columns to the right."""
    if place.column is None:
        return place
    return Place(place.file, place.line, place.column + columns, place.path)


#: What Python says of a text it cannot read, by a part of its message, in our words.
_SAID: Final = {
    "never closed": "a bracket is not closed",
    "unmatched": "a bracket is closed that was not opened",
    "does not match opening": "the brackets do not fit",
    "unterminated string": "a quotation mark is missing",
    "invalid character": "a character that has no place here",
    "non-printable": "a character that has no place here",
    "null bytes": "a character that has no place here",
    "after line continuation": "a character that has no place here",
    "maybe you meant '=='": "a comparison is written `==`",
    "cannot assign": "a comparison is written `==`",
    "leading zeros": "a number is written wrongly",
    "decimal literal": "a name may not begin with a digit",
    "literal": "a number is written wrongly",
    "forgot a comma": "an operator is missing",
    "too many nested": "this is nested too deeply",
    "too deeply": "this is nested too deeply",
}


def _why(error: BaseException, text: str) -> str:
    if not text.strip():
        return "the expression is empty"
    if isinstance(error, RecursionError | MemoryError):
        return "this is nested too deeply"
    message = str(getattr(error, "msg", None) or error).lower()
    return next((ours for theirs, ours in _SAID.items() if theirs in message), "invalid syntax")


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth
