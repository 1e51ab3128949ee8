"""YAML with positions: safe, typed by our rules, every value with its line and column.

Scalars are read conservatively, so that nothing a person wrote changes its meaning: ``no`` stays
the text ``no``, ``010`` the text ``010``, ``12:30`` the text ``12:30``; numbers with a decimal
point are :class:`~decimal.Decimal`; dates stay text. Duplicate keys, tags and recursive aliases are
errors; depth, and the number of values an alias can multiply into, are bounded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs
import yaml
from yaml.reader import ReaderError

from policy_rules.errors import PackError, Place, PolicyRulesError, Problems, shown

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Key = str | int
Path_ = tuple[Key, ...]

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_VALUES: Final = 250_000
MAX_DEPTH: Final = 100

_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+\Z")


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
    file = name or str(path)
    return parse_yaml(read_bytes(path, file, error), file, error)


def read_bytes(path: Path, file: str, error: type[PolicyRulesError]) -> bytes:
    """The bytes of a file that is not too large; raises ``error``."""
    problems = Problems()
    raw = b""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            problems.add("file_too_large", Place(file), expected=str(MAX_BYTES), got=str(size))
        else:
            raw = path.read_bytes()
    except OSError as failure:
        problems.add("cannot_read", Place(file), detail=failure.strerror or type(failure).__name__)
    problems.raise_if_any(error)
    return raw


def parse_yaml(raw: bytes | str, file: str, error: type[PolicyRulesError] = PackError) -> Document:
    """Read YAML from memory. Raises ``error`` with every problem found."""
    problems = Problems()
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(data) > MAX_BYTES:
        problems.add("file_too_large", Place(file), expected=str(MAX_BYTES), got=str(len(data)))
        problems.raise_if_any(error)
    builder = _Builder(file, problems)
    value: Any = None
    try:
        text = data.decode("utf-8-sig")
        builder.read(yaml.parse(text, Loader=_Loader))
        value = builder.document()
    except UnicodeDecodeError as failure:
        place = _place_of(data[: failure.start].decode("utf-8-sig", "replace"), file)
        problems.add("not_utf8", place, got=f"0x{data[failure.start]:02X}")
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark
        where = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        problems.add("bad_yaml", where, detail=str(failure.problem))
    except ReaderError as failure:
        where = _place_of(text[: failure.position], file)
        problems.add("bad_yaml", where, detail=str(failure.reason))
    except (yaml.YAMLError, ValueError) as failure:
        problems.add("bad_yaml", Place(file), detail=str(failure).splitlines()[0])
    except _Stop:
        pass
    problems.raise_if_any(error)
    digest = hashlib.sha256(data).hexdigest()
    return Document(file, value, builder.places, builder.key_places, builder.flow, digest)


def _place_of(before: str, file: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Stop(Exception):
    """Reading goes no further; what is wrong has been noted."""


class _Builder:
    """Plain data from the events of the parser; an alias reads the events of its anchor again."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.places: dict[Path_, tuple[int, int]] = {}
        self.key_places: dict[Path_, tuple[int, int]] = {}
        self.flow: set[Path_] = set()
        self.count = 0
        self.depth = 0
        self.open: set[int] = set()
        self.anchors: dict[str, int] = {}
        self.events: list[Any] = []
        self.next = 0

    def read(self, events: Iterator[Any]) -> None:
        """Take the parser's events; it is asked no further where a file is beyond all bounds."""
        depth = 0
        for event in events:
            self.events.append(event)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                self.problems.add("too_deep", self.at(event), expected=str(MAX_DEPTH))
                raise _Stop
            if len(self.events) > 4 * MAX_VALUES:
                self.too_many(event)

    def document(self) -> Any:
        self.next = 1  # after the start of the stream
        if isinstance(self.events[1], yaml.StreamEndEvent):
            return None
        self.next = 2
        value = self.build(())
        self.next += 1
        event = self.events[self.next]
        if not isinstance(event, yaml.StreamEndEvent):
            detail = "expected a single document in the stream"
            self.problems.add("bad_yaml", self.at(event), detail=detail)
        return value

    def at(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def too_many(self, event: Any) -> NoReturn:
        self.problems.add("too_many_values", self.at(event), expected=str(MAX_VALUES))
        raise _Stop

    def build(self, path: Path_) -> Any:
        """The value that begins at the next event."""
        self.count += 1
        start = self.next
        event = self.events[start]
        self.next += 1
        if self.count > MAX_VALUES:
            self.too_many(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, path)
        if event.anchor is not None:
            self.anchors[event.anchor] = start
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.add("unsafe_tag", self.at(event), got=shown(tag))
        mark = event.start_mark
        if isinstance(event, yaml.ScalarEvent):
            self.places[path] = (mark.line + 1, mark.column + 1 + (event.style in ("'", '"')))
            return scalar(event.value, plain=event.style in (None, ""))
        self.places[path] = (mark.line + 1, mark.column + 1)
        if event.flow_style:
            self.flow.add(path)
        if self.depth == MAX_DEPTH:
            self.problems.add("too_deep", self.at(event), expected=str(MAX_DEPTH))
            raise _Stop
        self.open.add(start)
        self.depth += 1
        if isinstance(event, yaml.SequenceStartEvent):
            value: Any = self.items(path)
        else:
            value = self.pairs(path)
        self.next += 1  # its end
        self.depth -= 1
        self.open.discard(start)
        return value

    def alias(self, event: Any, path: Path_) -> Any:
        start = self.anchors.get(event.anchor)
        if start is None:
            detail = "found undefined alias"
            self.problems.add("bad_yaml", self.at(event), detail=detail)
            return None
        if start in self.open:
            self.problems.add("recursive_alias", self.at(event))
            return None
        outer, self.next = self.next, start
        try:
            return self.build(path)
        finally:
            self.next = outer

    def items(self, path: Path_) -> list[Any]:
        found: list[Any] = []
        while not isinstance(self.events[self.next], yaml.SequenceEndEvent):
            found.append(self.build((*path, len(found))))
        return found

    def pairs(self, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(self.events[self.next], yaml.MappingEndEvent):
            event = self.events[self.next]
            key = self.key(event)
            if key is None or key in found:
                if key is not None:
                    self.problems.add("duplicate_key", self.at(event), got=shown(key))
                self.skip()
                continue
            here = (*path, key)
            self.key_places[here] = (event.start_mark.line + 1, event.start_mark.column + 1)
            found[key] = None
            found[key] = self.build(here)
        return found

    def key(self, event: Any) -> str | None:
        """The key at the next event; None after noting that it is no text."""
        named = self.anchors.get(str(event.anchor)) if isinstance(event, yaml.AliasEvent) else None
        meant = event if named is None else self.events[named]
        if isinstance(meant, yaml.ScalarEvent):
            if meant is event and event.anchor is not None:
                self.anchors[event.anchor] = self.next
            self.next += 1
            return str(meant.value)
        self.problems.add("key_not_text", self.at(event))
        self.skip()
        return None

    def skip(self) -> None:
        """Pass over one value."""
        depth = 0
        while True:
            event = self.events[self.next]
            self.next += 1
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if not depth:
                return


def json_number(text: str) -> Decimal | str:
    """A number of JSON that is no whole one, exactly; text where no Decimal holds it (an exponent of 19 digits)."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


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
