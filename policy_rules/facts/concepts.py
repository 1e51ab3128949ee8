"""Concepts: what rules of different regions are about, so that they can be laid side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import attrs

from policy_rules.errors import PackError, Place, Problems, nearest, shown
from policy_rules.paths import rules_folder
from policy_rules.schema import check
from policy_rules.text import Text
from policy_rules.yamldoc import Document, read_yaml

FILE: Final = "vocabulary/concepts.yaml"


@attrs.frozen
class Concept:
    """What a rule or target is about.

    ``polarity`` says what "more" means (see ``policy_rules/schemas/concepts.json``), ``must_agree`` what
    two rules must have in common before one may be called more generous or demanding.
    """

    id: str
    label: Text
    topic: str
    topic_label: Text
    question: Text
    polarity: str
    must_agree: tuple[str, ...]


def load_concepts(folder: Path | None = None) -> Mapping[str, Concept]:
    """The concepts by name, in the order of the file.

    Raises :class:`~policy_rules.errors.PackError`.
    """
    return _load(folder or rules_folder())


@cache
def _load(folder: Path) -> Mapping[str, Concept]:
    return build_concepts(read_yaml(folder / "vocabulary" / "concepts.yaml", FILE))


def build_concepts(document: Document) -> Mapping[str, Concept]:
    """Check concepts that were read; raises :class:`~policy_rules.errors.PackError`."""
    problems = Problems()
    check(document, "concepts", problems)
    problems.raise_if_any(PackError)
    topics = {name: Text.of(label) for name, label in document.data["topics"].items()}
    found = {}
    for name, entry in document.data["concepts"].items():
        topic = entry["topic"]
        if topic not in topics:
            place: Place = document.place(("concepts", name, "topic"))
            near = nearest(topic, topics)
            problems.add(
                "not_allowed", place, expected=", ".join(topics), got=shown(topic), nearest=near
            )
            continue
        found[name] = Concept(
            name,
            Text.of(entry["label"]),
            topic,
            topics[topic],
            Text.of(entry["question"]),
            entry["polarity"],
            tuple(entry["must_agree"]),
        )
    problems.raise_if_any(PackError)
    return found
