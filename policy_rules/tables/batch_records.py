"""Records for a run, in ranges: JSON lines, a YAML or JSON list, a folder of record files, or a table.

A value that cannot be read becomes unknown and a :class:`~policy_rules.errors.Problem` beside it; the
record stays. Where a row of a list (a member) cannot be read the list becomes incomplete, so that counts
over it become ranges. A line that is no record at all is an entry without one: as many come out as went in.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from policy_rules.errors import Place, Problem, RecordError, shown
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.discretion import discreet_key
from policy_rules.facts.files import read_record_file
from policy_rules.facts.record import META, Household, read_record
from policy_rules.tables.batch_manifest import digest_of
from policy_rules.text import writable
from policy_rules.yamldoc import json_number

if TYPE_CHECKING:
    from policy_rules.tables.population_file import PopulationFile

#: A range ends after so many bytes of text, however few records they are: memory stays bounded.
RANGE_BYTES: Final = 32 * 1024 * 1024
#: Lines longer than this are no record.
LINE_BYTES: Final = 16 * 1024 * 1024
LINES: Final = (".jsonl", ".ndjson")
LISTS: Final = (".json", ".yaml", ".yml")
#: Times a record is read again without the values refused; what is still wrong then is left out whole.
ROUNDS: Final = 6
#: An identity number within a text: 18 characters, or 15 of before 1999 (GB 11643), with the date they hold.
#: Without looking around, so that polars can search for it too.
IDENTITY: Final = (
    r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"|(?:^|\D)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?:\D|$)"
)
_IDENTITY: Final = re.compile(IDENTITY)


@attrs.frozen
class Entry:
    """One record of the input: its position from 1, the record (None where it could not be read), what
    was wrong with it, and the columns carried along (by member's id where they are a member's)."""

    row: int
    record: Household | None
    problems: tuple[Problem, ...] = ()
    carried: Mapping[str, str] = attrs.field(factory=dict)
    of_members: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    @property
    def id(self) -> str:
        """The caller's reference; its position where that is an identity number."""
        return harmless(self.record.id if self.record else "", self.row)


@attrs.frozen
class Range:
    """Some records that follow one another. ``share`` is how much of the input lies before its end, from
    0 to 1 (None where that is not known); ``problems`` are those of no single record."""

    number: int
    first: int
    _items: Sequence[tuple[Place, Any]] = attrs.field(repr=False)
    share: float | None
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self._items)

    def entries(self, vocabulary: Vocabulary, carry: Sequence[str] = ()) -> Iterator[Entry]:
        """The records, read."""
        for row, (place, item) in enumerate(self._items, self.first):
            if isinstance(item, Entry):
                yield item
            else:
                yield _entry(row, place, item, vocabulary, carry)


@attrs.frozen
class Source:
    """An input: where it is, how large, what it holds."""

    path: Path
    bytes: int
    digest: str
    reading: Mapping[str, Any] = attrs.field(factory=dict)
    _opened: list[PopulationFile] = attrs.field(factory=list, init=False, eq=False, repr=False)

    @classmethod
    def of(cls, path: Path, reading: Mapping[str, Any] | None = None) -> Source:
        """The input at a path; ``reading`` are options of
        :func:`~policy_rules.tables.reading.iter_population`, which reads what is no list of records.

        Raises :class:`~policy_rules.errors.RecordError` (``cannot_read``).
        """
        try:
            if path.is_dir():
                files = _files(path)
                whole = hashlib.sha256()
                for file in files:
                    whole.update(f"{file.relative_to(path)}\n{digest_of(file)}\n".encode())
                size = sum(f.stat().st_size for f in files)
                return cls(path, size, whole.hexdigest(), reading or {})
            return cls(path, path.stat().st_size, digest_of(path), reading or {})
        except OSError as error:
            raise _unreadable(path, error) from error

    def as_dict(self) -> dict[str, Any]:
        """What a manifest keeps of it."""
        return {"name": self.path.name, "bytes": self.bytes, "sha256": self.digest}

    @property
    def tabular(self) -> bool:
        """Whether it is a table (or a folder of tables) and no list of records."""
        if self.path.is_dir():
            return not any(p.suffix.lower() in LISTS for p in _files(self.path))
        return self.path.suffix.lower() not in (*LINES, *LISTS)

    def opened(self) -> PopulationFile:
        """The table, opened: sheets are read whole, so once for who looks what it is and who reads it."""
        from policy_rules.tables.population_file import PopulationFile

        file = PopulationFile(self.path, **self.reading)
        if file.layout == "export":
            self._opened.append(file)
        return file

    def ranges(self, size: int, carry: Sequence[str] = ()) -> Iterator[Range]:
        """The input cut into ranges of at most ``size`` records, always at the same places.

        Memory holds one range at a time (a YAML or JSON list is read whole, up to 16 MB). ``carry`` are the
        columns wanted of a table. Raises :class:`~policy_rules.errors.RecordError` for a file that cannot
        be read.
        """
        if self.tabular:
            yield from self._tables(size, carry)
            return
        number, first, at, weight = 1, 1, 0, 0
        held: list[tuple[Place, Any]] = []
        for place, item, bytes_ in self._items():
            held.append((place, item))
            at, weight = at + bytes_, weight + bytes_
            if len(held) == size or weight >= RANGE_BYTES:
                yield Range(number, first, held, min(1.0, at / max(1, self.bytes)))
                number, first, held, weight = number + 1, first + len(held), [], 0
        if held:
            yield Range(number, first, held, 1.0)

    def _tables(self, size: int, carry: Sequence[str]) -> Iterator[Range]:
        from policy_rules.tables.population_file import PopulationFile
        from policy_rules.tables.reading import households_of

        first = 1
        # names and numbers come along only where a column was asked for
        file = self._opened.pop() if self._opened else None
        if file is None or carry:
            file = PopulationFile(self.path, keep_private=bool(carry), **self.reading)
        for number, part in enumerate(households_of(file, size), 1):
            columns = [
                (c, part.carried_headers.index(c)) for c in carry if c in part.carried_headers
            ]
            items = []
            for row, record in enumerate(part.records, first):
                people: dict[str, dict[str, str]] = {}
                whole: dict[str, str] = {}
                for member, values in part.carried.get(record.id, ()):
                    cells = {name: _cell(values[at]) for name, at in columns}
                    people.setdefault(member, cells)
                    # the first row's cells stand for the household: in an export that is its head
                    whole = {n: whole.get(n) or cell for n, cell in cells.items()}
                items.append((Place(), Entry(row, record, (), whole, people)))
            yield Range(number, first, items, None, part.problems)
            first += len(items)

    def _items(self) -> Iterator[tuple[Place, Any, int]]:
        try:
            if self.path.is_dir():
                for file in (f for f in _files(self.path) if f.suffix.lower() in LISTS):
                    yield Place(str(file)), file, file.stat().st_size
            elif self.path.suffix.lower() in LINES:
                with self.path.open("rb") as lines:
                    for number, line in enumerate(lines, 1):
                        if line.strip(b"\xef\xbb\xbf \t\r\n"):
                            yield Place(str(self.path), number), line, len(line)
            else:
                yield from _listed(self.path)
        except OSError as error:
            raise _unreadable(self.path, error) from error


def _files(folder: Path) -> list[Path]:
    kinds = (*LISTS, ".csv", ".parquet")
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in kinds and p.is_file())


def _listed(path: Path) -> Iterator[tuple[Place, Any, int]]:
    document = read_record_file(path)
    items = document.data if isinstance(document.data, list) else [document.data]
    weight = path.stat().st_size // max(1, len(items))
    for i, item in enumerate(items):
        yield attrs.evolve(document.place((i,)), path=str(i)), item, weight


def _unreadable(path: Path, error: OSError) -> RecordError:
    detail = error.strerror or type(error).__name__
    return RecordError(Problem("cannot_read", Place(str(path)), detail=detail))


# -- one record ---------------------------------------------------------------------------------


def _entry(
    row: int, place: Place, item: Any, vocabulary: Vocabulary, carry: Sequence[str]
) -> Entry:
    carried: dict[str, str] = {}
    try:
        data = _data(place, item)
        if carry and isinstance(data, Mapping):
            carried = {name: _cell(data[name]) for name in carry if name in data}
            facts = _top(vocabulary)
            data = {k: v for k, v in data.items() if k not in carried or k in facts}
        record, problems = read_leniently(data, vocabulary)
    except RecordError as error:
        record, problems = None, error.problems
    here = tuple(_placed(p, place) for p in problems)
    return Entry(row, record, here, carried)


@lru_cache(maxsize=4)
def _top(vocabulary: Vocabulary) -> frozenset[str]:
    """The keys of a record: what is carried along besides stays in it."""
    facts = (f for spec in vocabulary.records.values() for f in spec.facts)
    return frozenset([*META, *(f.partition(".")[0] for f in facts)])


def _data(place: Place, item: Any) -> Any:
    if isinstance(item, Path):
        return read_record_file(item).data
    if not isinstance(item, bytes):
        return item
    if len(item) > LINE_BYTES:
        raise RecordError(Problem("file_too_large", place, str(LINE_BYTES), str(len(item))))
    try:
        return json.loads(item.decode("utf-8-sig"), parse_float=json_number)
    except UnicodeDecodeError as error:
        got = f"0x{error.object[error.start]:02X}"
        raise RecordError(Problem("not_utf8", place, got=got)) from error
    except json.JSONDecodeError as error:
        where = attrs.evolve(place, column=error.colno)
        raise RecordError(Problem("bad_json", where, detail=error.msg)) from error
    except RecursionError as error:
        raise RecordError(Problem("bad_json", place, detail="this is nested too deeply")) from error
    except ValueError as error:  # a number of thousands of digits
        detail = "a number is written wrongly"
        raise RecordError(Problem("bad_json", place, detail=detail)) from error


def _cell(value: Any) -> str:
    if value is None or isinstance(value, dict | list | tuple):
        return ""
    return str(value)


def _placed(problem: Problem, place: Place) -> Problem:
    """A problem of a record with the file and line the record stands in."""
    if problem.place.file:
        return problem
    path = ".".join(part for part in (place.path, problem.place.path) if part)
    return attrs.evolve(problem, place=attrs.evolve(place, path=path))


def read_leniently(data: Any, vocabulary: Vocabulary) -> tuple[Household, tuple[Problem, ...]]:
    """A record without the values that cannot be read, and what is wrong with them.

    Raises :class:`~policy_rules.errors.RecordError` where it is no record at all.
    """
    found: dict[Problem, None] = {}
    given = data
    for _ in range(ROUNDS):
        try:
            return read_record(given, vocabulary), tuple(found)
        except RecordError as error:
            found.update(dict.fromkeys(error.problems))
            if not isinstance(data, Mapping) or any(p.place.path == "kind" for p in error.problems):
                raise RecordError(tuple(found)) from error
            given = copy.deepcopy(given)
            # a list's later rows go first, so that the numbers of the others stay right
            for problem in sorted(error.problems, key=_order, reverse=True):
                _leave_out(given, problem.place.path.split("."))
    bare = {key: data[key] for key in ("kind", "id", "as_of", "region") if key in given}
    return read_record(bare, vocabulary), tuple(found)


def _order(problem: Problem) -> list[tuple[int, str]]:
    return [(int(p) if p.isdigit() else -1, p) for p in problem.place.path.split(".")]


def _leave_out(data: Any, path: Sequence[str]) -> None:
    """Take a value out of plain data; a row that goes leaves its list incomplete."""
    above: list[tuple[Any, Any]] = []
    at = data
    for step in path[:-1]:
        if step == "…" and isinstance(at, dict):
            _leave_hidden(at)
            return
        key = _key(at, step)
        if key is None:
            return
        above.append((at, key))
        at = at[key]
    last = path[-1]
    if isinstance(at, dict):
        if last == "id" and above and isinstance(above[-1][0], list):
            # a member that stands twice is told apart by its place
            given = at.get("id")
            name = given if isinstance(given, str | int) and writable(str(given)) else ""
            at["id"] = f"{name}~{above[-1][1] + 1}"
        elif last == "…":
            _leave_hidden(at)
        elif (key := _key(at, last)) is not None:
            del at[key]
    elif isinstance(at, list) and (key := _key(at, last)) is not None and above:
        if any(isinstance(item, dict) for item in at):
            at[key] = None  # the reader takes a null row for one that is missing
        else:  # one bad code: what the set holds is not known
            outer, name = above[-1]
            outer[name] = None


def _leave_hidden(data: dict[Any, Any]) -> None:
    """Take out the keys an error does not repeat."""
    for name in [k for k in data if discreet_key(k) != shown(k)]:
        del data[name]


def _key(at: Any, step: str) -> Any:
    if isinstance(at, dict):
        return next((k for k in at if str(k) == step), None)
    if isinstance(at, list) and step.isdigit() and int(step) < len(at):
        return int(step)
    return None


def harmless(id_: str, position: int) -> str:
    """An id that may be shown: one that holds an identity number gives way to ``#`` and a position."""
    return f"#{position}" if _IDENTITY.search(id_) else id_
