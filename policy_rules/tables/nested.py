"""Records as JSON lines: nested as :func:`policy_rules.facts.record.read_record` takes them, read leniently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from policy_rules.errors import RecordError
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Items, Row
from policy_rules.facts.strict import read_strictly
from policy_rules.tables.binding import Import
from policy_rules.tables.export import Counts, Made
from policy_rules.tables.files import json_lines


def nested_file(path: Path, vocabulary: Vocabulary) -> bool:
    """Whether a file is JSON whose first object is a record: keys of facts, and lists or groups."""
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".json") or not path.is_file():
        return False
    try:
        first = next((item for _, item in json_lines(path) if isinstance(item, dict)), None)
    except (RecordError, OSError):
        return False
    if first is None:
        return False
    facts = {name.split(".")[0] for name in vocabulary.records["household"].facts}
    grouped = any(isinstance(v, dict | list) for k, v in first.items() if k in facts)
    return grouped and all(k in facts or k.isascii() for k in first)


class NestedReader:
    """Households from JSON lines."""

    carried: tuple[Any, ...] = ()

    def __init__(self, path: Path, run: Import) -> None:
        self.path, self.run = path, run
        self.counts = Counts()

    def households(self) -> Iterator[Made]:
        """Every household; a line that is no object is one of which nothing is known."""
        for number, item in json_lines(self.path):
            self.counts.rows += 1
            self.counts.households += 1
            if not isinstance(item, dict) or item.get("kind", "household") != "household":
                self.run.tell("row_broken", "", number)
                self.counts.set_aside += 1
                self.counts.incomplete += 1
                yield Made(
                    Household("household", f"row{number}", Row(f"row{number}"), None, ""), ()
                )
                continue
            # the strict reader leaves out what is wrong and goes on: here that is what is wanted
            found, problems = read_strictly(item, self.run.vocabulary)
            for problem in dict.fromkeys(problems.found):
                place = attrs.evolve(problem.place, file=self.run.file, line=number,
                                     header=problem.place.path)  # fmt: skip
                self.run.problems.append(attrs.evolve(problem, place=place))
            assert found is not None
            kind, row, as_of, of_region = found
            record = Household(kind, row.id, row, as_of, of_region)
            members = record.row.get("members")
            if isinstance(members, Items):
                self.counts.members += len(members.rows)
            self.counts.without_member += 1
            self.counts.incomplete += not (isinstance(members, Items) and members.complete)
            id_ = self.run.names.reference(record.id) if record.id else f"row{number}"
            record.row.id = id_
            region = record.region or self.run.region
            yield Made(attrs.evolve(record, id=id_, region=region), ())
