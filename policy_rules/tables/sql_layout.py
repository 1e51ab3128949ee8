"""Where each column of a plan stands: its stage, its level, and how long it is needed."""

from __future__ import annotations

from typing import Final

import attrs

from policy_rules.tables.plan import Among, Define, Down, Expr, Op, Ref, Runs, Step, Up
from policy_rules.tables.sql_stages import Columns

#: After every level of a stage; what is read there is carried to the end of it.
_END: Final = 1 << 30
#: A stage and a level of it. Level 0 is what a stage reads and joins.
Place = tuple[int, int]


def crossed(step: Down | Up | Runs) -> tuple[str, tuple[str, ...]]:
    """The frame a step reads, and the columns of it."""
    match step:
        case Down():
            return step.outer, (step.source,)
        case Up():
            return step.inner, (step.source,)
    return step.inner, (step.first, step.last)


def references(expr: Expr) -> set[str]:
    """The columns an expression reads."""
    match expr:
        case Ref(name=name):
            return {name}
        case Op(args=args):
            return {name for a in args for name in references(a)}
        case Among(item=item):
            return references(item)
    return set()


@attrs.define
class Version:
    """A frame after a stage: the steps joined at its beginning, and those of its levels."""

    joined: list[Down | Up | Runs] = attrs.field(factory=list)
    levels: dict[int, list[Define]] = attrs.field(factory=dict)


class Layout:
    """The versions of each frame by stage; ``place`` and ``last`` use of each column.

    A step stands in the first stage in which all it reads is there: that of its columns, or, where it
    crosses frames, the next one. Versions are tables; only stages that add something to a frame have one.
    """

    def __init__(self, frames: tuple[str, ...], columns: Columns) -> None:
        self.versions: dict[str, dict[int, Version]] = {f: {0: Version()} for f in frames}
        self.place: dict[tuple[str, str], Place] = {
            (frame, name): (0, 0) for frame, names in columns.inputs.items() for name in names
        }
        self.inner: set[str] = set()
        for step in columns.steps:
            self._put(step)
        self.last: dict[tuple[str, str], Place] = {}
        for step in columns.steps:
            self._read(step)
        for frame, wanted in columns.results.items():
            for atom in wanted.values():
                if isinstance(atom, Ref):
                    self._use(frame, atom.name, (_END, 0))

    def before(self, frame: str, stage: int) -> int:
        """The newest version of a frame before a stage."""
        return max(s for s in self.versions[frame] if s < stage)

    def newest(self, frame: str) -> int:
        """The last version of a frame."""
        return max(self.versions[frame])

    def carried(self, frame: str, here: Place) -> list[str]:
        """Columns that are there before a level and needed after it."""
        return [
            name
            for (f, name), place in self.place.items()
            if f == frame and place < here < self.last.get((f, name), (-1, 0))
        ]

    def _put(self, step: Step) -> None:
        frame = step.frame
        if isinstance(step, Define):
            places = [self.place[frame, name] for name in references(step.expr)]
            stage = max((s for s, _ in places), default=0)
            level = 1 + max((lv for s, lv in places if s == stage), default=0)
            self.versions[frame][stage].levels.setdefault(level, []).append(step)
        else:
            other, names = crossed(step)
            self.inner.add(frame if isinstance(step, Down) else other)
            stage, level = 1 + max(self.place[other, n][0] for n in names), 0
            self.versions[frame].setdefault(stage, Version()).joined.append(step)
        self.place[frame, step.name] = (stage, level)

    def _read(self, step: Step) -> None:
        place = self.place[step.frame, step.name]
        if isinstance(step, Define):
            for name in references(step.expr):
                self._use(step.frame, name, place)
        else:
            other, names = crossed(step)
            for name in names:
                self._use(other, name, (self.before(other, place[0]), _END))

    def _use(self, frame: str, name: str, place: Place) -> None:
        self.last[frame, name] = max(self.last.get((frame, name), place), place)
