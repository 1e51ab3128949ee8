"""Facts recorded and derived both present and apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from policy_rules.engine.building import THIS
from policy_rules.engine.determination import Conflict
from policy_rules.engine.lines import shown_value
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import Field
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household, Items, Row
from policy_rules.text import Text
from policy_rules.verdict import Interval, equal

#: One step into a record: a fact's path, then the item's position or year within it (or None).
Step = tuple[str, int | None]

_APART = Text("记录值与由其他记录推算的值不一致", "the recorded value and the derived one differ")
_SIZE = Text(
    "家庭人口数与已登记成员数不一致", "the size of the household and its members listed differ"
)


class ConflictFinder:
    """Finds conflicts in the records of one pack's vocabulary."""

    def __init__(self, interpreter: Interpreter, vocabulary: Vocabulary) -> None:
        self.interpreter = interpreter
        self.vocabulary = vocabulary
        self.derived: dict[str, dict[str, Field]] = {}
        for field in vocabulary.derived:
            self.derived.setdefault(field.record, {})[field.path] = field
            interpreter.derived(field)
        #: facts of a record type that hold rows to look into
        self.inner = {
            name: {p: f.item for p, f in spec.facts.items() if f.item is not None}
            for name, spec in vocabulary.records.items()
        }

    def find(self, record: Household, as_of: date) -> list[tuple[Conflict, tuple[Step, ...], str]]:
        """Each conflict with the way to its row and the path of the fact."""
        env = self.interpreter.environment(record, as_of)
        found: list[tuple[Conflict, tuple[Step, ...], str]] = []
        for row, kind, way in self.rows(record.row, record.kind, ()):
            for path in self.derived.get(kind, ()):
                recorded = row.get(path)
                if recorded is None:
                    continue
                field = self.derived[kind][path]
                env[THIS] = row
                value = self.interpreter.derived(field)(env)
                if _differ(recorded, value):
                    spec = self.vocabulary.fact(kind, path)
                    subject = row.id if way else ""
                    conflict = Conflict(
                        f"{kind}.{path}{_year(way)}",
                        subject,
                        spec.label,
                        shown_value(recorded),
                        shown_value(value),
                        _APART,
                    )
                    found.append((conflict, way, path))
        return found

    def mismatch(self, record: Household) -> Iterator[Conflict]:
        """The size of the household against its list of members: reported, it decides nothing."""
        items = record.row.get("members")
        size: Any = record.row.get("size")
        if (
            isinstance(items, Items)
            and items.complete
            and size is not None
            and size != len(items.rows)
        ):
            label = self.vocabulary.fact("household", "size").label
            yield Conflict("household.size", "", label, str(size), str(len(items.rows)), _SIZE)

    def rows(
        self, row: Row, kind: str, way: tuple[Step, ...]
    ) -> Iterator[tuple[Row, str, tuple[Step, ...]]]:
        """The row and every row inside it, with the way to it."""
        yield row, kind, way
        inner = self.inner.get(kind, {})
        for path in [p for p in row if p in inner]:
            value, item = row[path], inner[path]
            assert item is not None
            if isinstance(value, Items):
                for i, below in enumerate(value.rows):
                    yield from self.rows(below, item, (*way, (path, i)))
            elif isinstance(value, Row):
                yield from self.rows(value, item, (*way, (path, None)))
            else:
                for year, below in value.items():
                    yield from self.rows(below, item, (*way, (path, year)))


def _differ(recorded: Any, derived: Any) -> bool:
    """Whether two values cannot be the same: both known and apart, or ranges that do not meet."""
    if recorded is None or derived is None:
        return False
    if type(recorded) is Interval or type(derived) is Interval:
        return equal(recorded, derived) is False
    return bool(recorded != derived)


def _year(way: tuple[Step, ...]) -> str:
    key = way[-1][1] if way else None
    return f"({key})" if key is not None and key > 1000 else ""


def without(row: Row, way: tuple[Step, ...], path: str) -> Row:
    """A copy of a row in which one fact below it is not recorded."""
    copy = Row(row.id, row.external)
    copy.update(row)
    if not way:
        copy.pop(path, None)
        return copy
    (name, key), rest = way[0], way[1:]
    value = copy[name]
    if isinstance(value, Items):
        assert key is not None
        rows = list(value.rows)
        rows[key] = without(rows[key], rest, path)
        copy[name] = Items(tuple(rows), value.complete)
    elif isinstance(value, Row):
        copy[name] = without(value, rest, path)
    else:
        copy[name] = {**value, key: without(value[key], rest, path)}
    return copy
