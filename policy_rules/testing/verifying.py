"""What can be said of every declared property of a pack: proved, only tested, refuted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Literal

import attrs

from policy_rules.analysis.model import Bounds, Proof, Shown
from policy_rules.errors import NotFoundError, Place, Problem, nearest, shown
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import load_cases
from policy_rules.testing.properties import Property, load_properties
from policy_rules.testing.trying import Trial

#: Records that put a property to the test, where it is not proved.
SAMPLES = 200
#: ``idle``: no record was found that puts the property to the test at all.
Status = Literal["proved", "tested", "refuted", "idle"]


@attrs.frozen(eq=False)
class Verified:
    """What came of one property.

    ``proof`` is what the solver said, None where it was not asked; ``tried`` how many records drawn at random put
    the property to the test (none where it is proved); ``shown`` refutes it. ``holds`` and ``fails`` are other
    readings (``reading=alternative``) under which it was proved, or is refuted. ``seconds`` is processor time.
    """

    property: Property
    status: Status
    proof: Proof | None
    tried: int
    shown: Shown | None
    holds: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    seconds: float = 0.0


@attrs.frozen(eq=False)
class Verification:
    """What came of the properties of a pack, within ``bounds`` where they are proved."""

    pack: Pack
    bounds: Bounds
    verified: tuple[Verified, ...]
    readings: bool

    def having(self, status: Status) -> tuple[Verified, ...]:
        """Those of one status."""
        return tuple(v for v in self.verified if v.status == status)

    @property
    def ok(self) -> bool:
        """Nothing is refuted, and nothing is never put to the test."""
        return not self.having("refuted") and not self.having("idle")

    @property
    def seconds(self) -> float:
        """Processor time in all."""
        return sum(v.seconds for v in self.verified)


def verify(
    pack: Pack,
    *,
    names: Iterable[str] = (),
    bounds: Bounds | None = None,
    seconds: float = 600.0,
    samples: int = SAMPLES,
    seed: int = 0,
    solve: bool | None = None,
    readings: bool = False,
    done: Callable[[int, int], None] = lambda n, of: None,
) -> Verification:
    """Prove each property of a pack (or some, by ``names``), or else test it.

    The solver is asked where it is installed, or as ``solve`` says, for ``seconds`` in all; what it does not prove
    is tried by Hypothesis on ``samples`` records. With ``readings`` the solver is asked under every other
    reading, too. Raises :class:`~policy_rules.errors.PackError` for properties that cannot be read,
    :class:`~policy_rules.errors.NotFoundError` (``unknown_name``) for a name there is not, and
    :class:`~policy_rules.errors.EvaluationError` (``extra_missing``).
    """
    bounds = bounds or Bounds()
    every = load_properties(pack)
    wanted = _chosen(every, list(names))
    solve = find_spec("z3") is not None if solve is None else solve
    work = _Work(pack, bounds, time.monotonic() + seconds, samples, seed, solve, readings)
    found = []
    for i, one in enumerate(wanted, 1):
        found.append(work.verified(one))
        done(i, len(wanted))
    return Verification(pack, bounds, tuple(found), readings and solve)


def _chosen(every: tuple[Property, ...], names: list[str]) -> list[Property]:
    known = {p.id: p for p in every}
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise NotFoundError(Problem("unknown_name", Place(), got=shown(name), nearest=near))
    return [known[n] for n in dict.fromkeys(names)] if names else list(every)


class _Work:
    def __init__(
        self,
        pack: Pack,
        bounds: Bounds,
        end: float,
        samples: int,
        seed: int,
        solve: bool,
        readings: bool,
    ) -> None:
        self.pack = pack
        self.bounds = bounds
        self.end = end
        self.samples = samples
        self.seed = seed
        self.solve = solve
        self.readings = readings
        self._trial: Trial | None = None

    def verified(self, wanted: Property) -> Verified:
        start = time.process_time()
        proof = self._proof(self.pack, wanted)
        tried, refuting = 0, None if proof is None else proof.shown
        status: Status = "tested"
        if refuting is not None:
            status = "refuted"
        elif proof is not None and proof.settled == "proved" and proof.tested is not False:
            status = "proved"
        if status == "tested":
            tried, refuting = self._tried(wanted)
            status = "refuted" if refuting else "tested" if tried else "idle"
        holds, fails, left = self._under_readings(wanted) if status == "proved" else ((), (), ())
        used = time.process_time() - start
        return Verified(wanted, status, proof, tried, refuting, holds, fails, left, used)

    def _proof(self, pack: Pack, wanted: Property) -> Proof | None:
        if not self.solve:
            return None
        from policy_rules.testing.proofs import proved  # needs the solver

        return proved(pack, wanted, self.bounds, self.end)

    def _tried(self, wanted: Property) -> tuple[int, Shown | None]:
        from policy_rules.testing.searching import searched  # needs Hypothesis

        if self._trial is None:
            self._trial = Trial(self.pack, load_cases(self.pack), self.seed)
        tried, step = searched(self._trial, wanted, self.samples, self.seed)
        if step is None:
            return tried, None
        smaller = self._trial.smaller(wanted, step)
        return tried, Shown(smaller, step.day, wanted.subject == "member")

    def _under_readings(
        self, wanted: Property
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """The other readings that bear on a property: it holds, it does not, it is not settled."""
        found: dict[str, list[str]] = {"proved": [], "refuted": [], "open": []}
        if self.readings:
            from policy_rules.testing.refuting import readings_of

            for reading, alternative in readings_of(self.pack, wanted):
                proof = self._proof(self.pack.with_reading(reading, alternative), wanted)
                if proof is not None:
                    found[proof.settled].append(f"{reading}={alternative}")
        return tuple(found["proved"]), tuple(found["refuted"]), tuple(found["open"])
