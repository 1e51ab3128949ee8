"""Pages of rules, targets and concepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from policy_rules.diff.compare import Comparison
from policy_rules.diff.profile import Profile
from policy_rules.errors import Lang
from policy_rules.facts.concepts import Concept
from policy_rules.packs.model import Definition, Pack, Parameter, Population, Rule, Target
from policy_rules.render.aspects import said
from policy_rules.render.comparing import where
from policy_rules.render.html.comparison import Topic, blocks
from policy_rules.render.html.parts import Choice, Entry, Named, cited, entry
from policy_rules.render.html.record import Row, record_rows, truth
from policy_rules.render.html.words import words
from policy_rules.render.locators import locators
from policy_rules.render.site_packs import Step, dates, parameter, steps_of
from policy_rules.render.site_page import Link, Spot
from policy_rules.render.site_shelf import Volume
from policy_rules.render.words import ASK, MEASURES, STATUSES, VERDICTS
from policy_rules.testing.cases import Case
from policy_rules.text import Text


@attrs.frozen
class Condition:
    """A condition of a rule under its name."""

    name: str
    steps: tuple[Step, ...]


@attrs.frozen
class Use:
    """A thing a rule draws on: a link, its kind, its value or its condition."""

    link: Link
    told: tuple[Named, ...]
    steps: tuple[Step, ...]


@attrs.frozen
class Example:
    """A worked case as a rule page tells it: the day, what is expected, the facts that bear on it."""

    id: str
    day: str
    expected: tuple[str, ...]
    more: tuple[str, ...]
    rows: tuple[Row, ...]


_FINDINGS: Final = {status.value: text for status, text in STATUSES.items()}
_ANSWERS: Final = {v.value: text for v, text in VERDICTS.items() if v is not None} | {
    "not_in_force": _FINDINGS["not_in_force"]
}
_EXPECTED: Final = {
    "met": Text("已落实：{}", "met: {}"),
    "amount": Text("金额：{}", "amount: {}"),
    "missing": Text("缺：{}", "missing: {}"),
    "contested": Text("有争议的解读：{}", "contested by: {}"),
    "status": Text("{}", "{}"),
    "verdict": Text("{}", "{}"),
    "effect": Text("方式：{}", "effect: {}"),
}


def rules_page(volume: Volume, section: str, spot: Spot) -> str:
    """All rules, or all targets, of a pack as a table."""
    pack, lang, w = volume.pack, spot.lang, words(spot.lang)
    wanted = [(n, p) for n, p in volume.profiles.items() if n.startswith(f"{section}.")]
    rows = [
        (
            Link(p.label[lang], spot.thing(pack.id, name)),
            entry(p, pack, lang).badges,
            said(p, "figure" if section == "targets" else "amount", lang),
            locators(p.clauses, lang),
            [_concept_link(c, spot) for c in p.concepts],
        )
        for name, p in wanted
    ]
    return spot.page(
        "rules.html",
        f"{where(pack, lang)}{w['colon']}{w[section]}",
        spot.crumbs(pack, Link(w[section], None)),
        heads=(w["label"], w["kind"], w["targets" if section == "targets" else "amount"]),
        rows=rows,
    )


def _concept_link(name: str, spot: Spot) -> Link:
    return Link(spot.shelf.concepts[name].label[spot.lang], spot.concept(name))


def rule_page(volume: Volume, name: str, spot: Spot) -> str:
    """One rule or target: what it says, where, on which facts, tried on which cases, who else has it."""
    pack, lang, w = volume.pack, spot.lang, words(spot.lang)
    section, _, id_ = name.partition(".")
    thing: Rule | Target = pack.rules[id_] if section == "rules" else pack.targets[id_]
    profile = volume.profiles[name]
    told = entry(profile, pack, lang, spot.thing)
    return spot.page(
        "rule.html",
        thing.label[lang],
        spot.crumbs(
            pack, Link(w[section], spot.thing(pack.id, f"{section}.")), Link(thing.label[lang], None)
        ),
        pack=Link(f"{where(pack, lang)}{w['colon']}{pack.document.title[lang]}", spot.thing(pack.id, "")),
        entry=told,
        concepts=[_concept_link(c, spot) for c in thing.concepts],
        about=list(_about(thing, profile, volume, spot)),
        conditions=list(_conditions(thing, pack, lang)),
        cited=cited(thing.clauses, pack, lang, spot.thing),
        uses=[_use(volume, other, spot) for other in volume.reaches(name)],
        used_by=spot.named(pack, volume.used_by.get(name, ())),
        readings=[
            attrs.evolve(link, kind="")
            for link in spot.named(pack, (f"readings.{r.id}" for r in volume.readings.get(name, ())))
        ],
        facts=_facts(volume, id_, lang) if section == "rules" else [],
        examples=[_example(c, id_, volume, lang) for c in volume.cases.get(id_, ())]
        if section == "rules"
        else [],
        elsewhere=list(_elsewhere(thing, volume, spot)),
    )  # fmt: skip


def _about(thing: Rule | Target, profile: Profile, volume: Volume, spot: Spot) -> Iterator[Named]:
    pack, lang, w = volume.pack, spot.lang, words(spot.lang)
    if thing.subject:
        yield Named(w["subject"], pack.vocabulary.records[thing.subject].label[lang])
    if isinstance(thing, Target):
        yield Named(w["comparator"], said(profile, "figure", lang))
        yield Named(w["measure"], MEASURES[thing.measure][lang])
        parent = pack.targets.get(thing.parent or "")
        texts = {"parent": parent.label if parent else None, "authority": thing.authority}
        texts |= {"question": thing.question, "note": thing.note}
    else:
        amount = said(profile, "amount", lang)
        if thing.amount is not None:
            yield Named(w["amount"], amount)
        texts = {"actor": thing.actor, "ranks": thing.ranks, "refer_to": thing.refer_to}
        texts |= {"note": thing.note}
        yield Named(w["in_force"], dates(thing.in_force, lang))
    yield from (Named(w[name], text[lang]) for name, text in texts.items() if text)
    if isinstance(thing, Rule) and thing.excluded_by:
        others = [pack.rules[r].label[lang] for r in thing.excluded_by]
        yield Named(w["excluded_by"], w["comma"].join(others))


def _conditions(thing: Rule | Target, pack: Pack, lang: Lang) -> Iterator[Condition]:
    w = words(lang)
    named: Sequence[tuple[str, Any]]
    if isinstance(thing, Rule):
        named = [(n, c) for n, c in thing.conditions() if not n.startswith("amount")]
    else:
        named = [
            ("population", thing.population),
            ("when", thing.when),
            ("value", thing.value),
            ("of", thing.of),
        ]
    for name, node in named:
        if node is not None:
            yield Condition(w[name], steps_of(node, pack, lang))


def _use(volume: Volume, name: str, spot: Spot) -> Use:
    link = spot.named(volume.pack, [name])[0]
    thing = volume.thing(name)
    told = tuple(parameter(thing, volume.pack, spot.lang)) if isinstance(thing, Parameter) else ()
    node = (
        thing.when if isinstance(thing, Population)
        else thing.value if isinstance(thing, Definition)
        else None
    )  # fmt: skip
    return Use(link, told[:1], () if node is None else steps_of(node, volume.pack, spot.lang))


def _facts(volume: Volume, rule: str, lang: Lang) -> list[tuple[str, str, str, str]]:
    """Of each fact a rule asks for: kind of record, label, question, whom to ask."""
    records = volume.pack.vocabulary.records
    wanted = volume.facts[rule]
    return [
        (records[s.record].label[lang], s.label[lang], s.question[lang], ASK[s.ask][lang])
        for r in records.values()
        for s in r.facts.values()
        if (s.record, s.path) in wanted and not s.item
    ]


# -- cases -----------------------------------------------------------------------------------------


def _example(case: Case, rule: str, volume: Volume, lang: Lang) -> Example:
    pack = volume.pack
    expected, more = [], []
    for key, wanted in case.expect.items():
        name, _, member = key.partition("@")
        if name == rule:
            told, *rest = _wanted(wanted, pack, lang) or ["—"]
            expected.append(f"{member}{words(lang)['colon']}{told}" if member else told)
            more += rest
    rows = record_rows(case.record, pack.vocabulary, {pack.id: pack}, lang, volume.facts[rule])
    given = (*_supplied(case, pack, lang), *rows)
    return Example(case.id, case.as_of, tuple(expected), tuple(dict.fromkeys(more)), given)


def _supplied(case: Case, pack: Pack, lang: Lang) -> Iterator[Row]:
    """What the overlay of a case supplies: figures, conditions, other readings."""
    given = case.overlay
    for name, values in (given.get("parameters") or {}).items():
        listed = values if isinstance(values, list) else [values]
        told = [str(v.get("value") if isinstance(v, Mapping) else v) for v in listed]
        yield Row(pack.parameters[name].label[lang], words(lang)["comma"].join(told))
    for name, value in (given.get("externals") or {}).items():
        yield Row(pack.externals[name].label[lang], truth(value, lang))
    for name, choice in (given.get("readings") or {}).items():
        reading = pack.readings[name]
        chosen = next((a.label for a in reading.alternatives if a.id == choice), reading.chosen)
        yield Row(reading.label[lang], chosen[lang])


def _wanted(wanted: Any, pack: Pack, lang: Lang) -> list[str]:
    """What a case expects: the verdict or status first."""
    body = wanted if isinstance(wanted, Mapping) else {"verdict": wanted}
    return [
        _EXPECTED[key][lang].format(_value(key, value, pack, lang))
        for key, value in body.items()
        if key in _EXPECTED and value not in (None, [])
    ]


def _value(key: str, value: Any, pack: Pack, lang: Lang) -> str:
    comma = words(lang)["comma"]
    if key in ("verdict", "met") and value in _ANSWERS:
        return _ANSWERS[value][lang]
    if key == "status" and value in _FINDINGS:
        return _FINDINGS[value][lang]
    if key == "contested":
        return comma.join(pack.readings[v].label[lang] for v in value if v in pack.readings)
    if key == "missing":
        return comma.join(_fact_label(str(v), pack, lang) for v in value)
    if isinstance(value, list):
        join = "–" if key == "amount" else comma
        return join.join(str(v) for v in value)
    return str(value)


def _fact_label(name: str, pack: Pack, lang: Lang) -> str:
    """The label of a fact, parameter or external condition that an expectation names."""
    plain, _, subject = name.partition("@")
    record, _, path = plain.partition(".")
    if record in ("external", "param"):
        known: Mapping[str, Any] = pack.externals if record == "external" else pack.parameters
        found = known.get(path)
    else:
        specs = pack.vocabulary.records
        found = specs[record].facts.get(path) if record in specs else None
    label = found.label[lang] if found is not None else plain
    return label + words(lang)["brackets"].format(subject) if subject else label


# -- concepts --------------------------------------------------------------------------------------


def _elsewhere(
    thing: Rule | Target, volume: Volume, spot: Spot
) -> Iterator[tuple[str, list[Entry]]]:
    """What other regions have on the same concepts."""
    found: dict[str, dict[str, Entry]] = {}
    for name in thing.concepts:
        for pack, profiles in spot.shelf.cells[name].items():
            if pack != volume.pack.id:
                for p in profiles:
                    told = entry(p, spot.shelf.packs[pack], spot.lang, spot.thing)
                    found.setdefault(pack, {})[f"{p.outcome}.{p.thing.id}"] = told
    for pack, entries in found.items():
        yield where(spot.shelf.packs[pack], spot.lang), list(entries.values())


def concepts_page(spot: Spot, topics: Sequence[Topic]) -> str:
    """All concepts across regions: a row a concept, a column a pack."""
    w = words(spot.lang)
    return spot.page(
        "concepts.html",
        w["concepts"],
        spot.crumbs(None, Link(w["concepts"], None)),
        topics=topics,
        regions=[Choice(p.id, where(p, spot.lang)) for p in spot.shelf.packs.values()],
    )


def concept_page(concept: Concept, cells: Mapping[str, tuple[Profile, ...]], spot: Spot) -> str:
    """One concept: what each region says of it."""
    w = words(spot.lang)
    whole = spot.shelf.comparison
    report = Comparison(whole.packs, whole.days, ((concept, cells),))
    block = blocks(report, spot.lang, spot.thing)[0].blocks[0]
    return spot.page(
        "concept.html",
        concept.label[spot.lang],
        spot.crumbs(
            None,
            Link(w["concepts"], spot.to("concepts/index.html")),
            Link(concept.label[spot.lang], None),
        ),
        block=block,
        topic=concept.topic_label[spot.lang],
    )
