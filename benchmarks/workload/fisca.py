"""OpenFisca-core and its fork PolicyEngine-core: 60 variables over 25 + 3 inputs.

Both in their best shape: for a population the simulation is built from arrays (not from a dict of dicts);
what it costs to build is timed, for a simulation keeps what it has calculated and serves once.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import rulelist

PERIOD = "2024"


class _Formula(rulelist.Language):
    """Over arrays of households."""

    both, either = "&", "|"

    def negated(self, said: str) -> str:
        return f"(~{said})"

    def fact(self, name: str) -> str:
        return f"household('{name}', period)"

    rule = fact

    def of_member(self, name: str) -> str:
        return f"household.members('{name}', period)"

    def code(self, code: str) -> str:
        return f"HouseholdType.{code}"

    def choice(self, test: str, body: str, orelse: str) -> str:
        return f"np.where({test}, {body}, {orelse})"

    def some(self, condition: Any) -> str:
        return f"household.any({self(condition)})"

    def counted(self, condition: Any) -> str:
        return f"household.sum({self(condition)})"


class Fisca:
    """One of the two; ``package`` names it."""

    def __init__(self, package: str) -> None:
        def module(name: str) -> Any:
            return importlib.import_module(f"{package}.{name}")

        self._fork = package == "policyengine_core"
        enums = module("enums" if self._fork else "indexed_enums")
        periods = module("periods")
        year = periods.YEAR if self._fork else periods.DateUnit.YEAR
        entity, variable = module("entities").build_entity, module("variables").Variable
        person = entity(key="person", plural="persons", label="person", is_person=True)
        role = {"key": "member", "plural": "members", "label": "member"}
        household = entity(key="household", plural="households", label="household", roles=[role])
        self.types = enums.Enum("HouseholdType", {t: t for t in rulelist.TYPES})
        self._encoded = None if self._fork else enums.EnumArray
        self.system = module("taxbenefitsystems").TaxBenefitSystem([person, household])
        self._builder = module("simulations").SimulationBuilder

        def add(name: str, kind: Any, of: Any, **more: Any) -> None:
            body = {"value_type": kind, "entity": of, "definition_period": year, "label": name}
            self.system.add_variable(type(name, (variable,), body | more))

        for fact in rulelist.FACTS:
            kind: Any = float if fact in rulelist.MONEY else int
            kind = bool if fact in rulelist.TRUTHS else kind
            if fact == "hh_type":
                values = {"possible_values": self.types, "default_value": self.types.general}
                add(fact, enums.Enum, household, **values)
            else:
                add(fact, kind, household)
        for fact in rulelist.MEMBER_FACTS:
            add(fact, bool if fact == "student" else int, person)
        names = {"np": np, "HouseholdType": self.types}
        for name, said in rulelist.by_rule(_Formula()).items():
            exec(f"def formula(household, period): return {said}", names)
            kind = int if name in rulelist.AMOUNTS else bool
            add(name, kind, household, formula=names["formula"])

    # -- a population -----------------------------------------------------------------------

    def outcomes(self, facts: dict[str, Any], members: dict[str, Any], home: Any) -> dict[str, Any]:
        """The 60 columns of a population given as arrays; ``hh_type`` as places in ``rulelist.TYPES``."""
        count, people = len(facts["size"]), len(home)
        builder = self._builder()
        builder.create_entities(self.system)
        builder.declare_person_entity("person", np.arange(people))
        households = builder.declare_entity("household", np.arange(count))
        builder.join_with_persons(households, home, np.full(people, "member"))
        simulation = builder.build(self.system)
        for fact, column in facts.items():
            held = self._types(column) if fact == "hh_type" else column
            simulation.set_input(fact, PERIOD, held)
        for fact, column in members.items():
            simulation.set_input(fact, PERIOD, column)
        return {name: simulation.calculate(name, PERIOD) for name in rulelist.NAMES}

    def _types(self, places: Any) -> Any:
        if self._encoded is None:
            return np.array(rulelist.TYPES)[places]
        return self._encoded(places.astype(np.uint8), self.types)

    # -- one household --------------------------------------------------------------------------

    def __call__(self, household: dict[str, Any]) -> dict[str, Any]:
        """By arrays of one, which takes two thirds of the time of its dict of dicts of periods."""
        members = household["members"]
        facts = {f: np.array([household[f]]) for f in rulelist.FACTS[:-1]}
        facts["hh_type"] = np.array([rulelist.TYPES.index(household["hh_type"])])
        of_members = {f: np.array([m[f] for m in members]) for f in rulelist.MEMBER_FACTS}
        found = self.outcomes(facts, of_members, np.zeros(len(members), dtype=int))
        return {name: column[0] for name, column in found.items()}


def openfisca() -> Fisca:
    return Fisca("openfisca_core")


def policyengine() -> Fisca:
    return Fisca("policyengine_core")
