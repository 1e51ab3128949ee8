"""YAML with positions: safe, typed by our rules, every value with its line and column.

Scalars are read conservatively, so that nothing a person wrote changes its meaning: ``no`` stays
the text ``no``, ``010`` the text ``010``, ``12:30`` the text ``12:30``; numbers with a decimal
point are :class:`~decimal.Decimal`; dates stay text. Duplicate keys, tags and recursive aliases are
errors; the number of values an alias can multiply into is bounded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
import yaml

from policy_rules.errors import PackError, Place, PolicyRulesError, Problems, shown

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Key = str | int
Path_ = tuple[Key, ...]

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_VALUES: Final = 1_000_000

_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+\Z")
_PLAIN_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
)


@attrs.define
class Document:
    """A YAML file read: plain data, and where each value stands."""

    file: str
    data: Any
    places: dict[Path_, tuple[int, int]]
    key_places: dict[Path_, tuple[int, int]]
    flow: set[Path_]
    digest: str

    def place(self, path: Path_) -> Place:
        """The place of a value; of its nearest recorded parent where it has none."""
        return self._place(path, self.places)

    def key_place(self, path: Path_) -> Place:
        """The place of a mapping's key."""
        return self._place(path, self.key_places if path in self.key_places else self.places)

    def _place(self, path: Path_, table: dict[Path_, tuple[int, int]]) -> Place:
        for end in range(len(path), -1, -1):
            found = table.get(path[:end])
            if found is not None:
                return Place(self.file, found[0], found[1], dotted(path))
        return Place(self.file, path=dotted(path))


def dotted(path: Path_) -> str:
    """``rules.2.when``"""
    return ".".join(str(p) for p in path)


def read_yaml(
    path: Path, name: str | None = None, error: type[PolicyRulesError] = PackError
) -> Document:
    """Read a YAML file. Raises ``error`` with every problem found."""
    problems = Problems()
    file = name or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            problems.add("file_too_large", Place(file), expected=str(MAX_BYTES), got=str(size))
            problems.raise_if_any(error)
        raw = path.read_bytes()
    except OSError as failure:
        problems.add("cannot_read", Place(file), detail=failure.strerror or type(failure).__name__)
        problems.raise_if_any(error)
        raise AssertionError from failure
    return parse_yaml(raw, file, error)


def parse_yaml(raw: bytes | str, file: str, error: type[PolicyRulesError] = PackError) -> Document:
    """Read YAML from memory. Raises ``error`` with every problem found."""
    problems = Problems()
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    try:
        text = data.decode("utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as failure:
        problems.add("not_utf8", Place(file), detail=f"byte {failure.start}")
        node = None
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark
        where = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        problems.add("bad_yaml", where, detail=str(failure.problem))
        node = None
    except (yaml.YAMLError, RecursionError, ValueError) as failure:
        problems.add("bad_yaml", Place(file), detail=str(failure).splitlines()[0])
        node = None
    builder = _Builder(file, problems)
    value = builder.build(node, ()) if node is not None else None
    problems.raise_if_any(error)
    digest = hashlib.sha256(data).hexdigest()
    return Document(file, value, builder.places, builder.key_places, builder.flow, digest)


class _Builder:
    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.places: dict[Path_, tuple[int, int]] = {}
        self.key_places: dict[Path_, tuple[int, int]] = {}
        self.flow: set[Path_] = set()
        self.count = 0
        self.open: set[int] = set()

    def at(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            if self.count == MAX_VALUES + 1:
                self.problems.add("too_many_values", self.at(node), expected=str(MAX_VALUES))
            return None
        if id(node) in self.open:
            self.problems.add("recursive_alias", self.at(node))
            return None
        if node.tag not in _PLAIN_TAGS:
            self.problems.add("unsafe_tag", self.at(node), got=shown(node.tag))
            return None
        mark = node.start_mark
        if isinstance(node, yaml.ScalarNode):
            self.places[path] = (mark.line + 1, mark.column + 1 + (node.style in ("'", '"')))
            return scalar(node.value, plain=not node.style)
        self.places[path] = (mark.line + 1, mark.column + 1)
        if getattr(node, "flow_style", False):
            self.flow.add(path)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
            return dict(self.pairs(node, path))
        finally:
            self.open.discard(id(node))

    def pairs(self, node: yaml.Node, path: Path_) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.add("key_not_text", self.at(key_node))
                continue
            key = str(key_node.value)
            if key in seen:
                self.problems.add("duplicate_key", self.at(key_node), got=shown(key))
                continue
            seen.add(key)
            here = (*path, key)
            mark = key_node.start_mark
            self.key_places[here] = (mark.line + 1, mark.column + 1)
            yield key, self.build(value_node, here)


def scalar(text: str, *, plain: bool = True) -> Any:
    """The value of a YAML scalar under this library's rules."""
    if not plain:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.match(text):
        # int() refuses more than 4300 digits; such a thing is text, and no number we know
        return int(text) if len(text) < 400 else text
    return Decimal(text) if _DECIMAL.match(text) and len(text) < 400 else text
