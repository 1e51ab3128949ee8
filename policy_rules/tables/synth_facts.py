"""Synthetic households and people as facts of the dictionary."""

from __future__ import annotations

import numpy as np

from policy_rules.tables.frames_layout import pl
from policy_rules.tables.synth_draws import Array
from policy_rules.tables.synth_frames import Filled
from policy_rules.tables.synth_homes import CATEGORIES, Homes, Money
from policy_rules.tables.synth_people import RELATIONS, People
from policy_rules.tables.synth_work import (
    CHANNELS,
    DISABILITIES,
    FAR,
    FARMING,
    INDUSTRIES,
    KINDS,
    LABOUR,
    LEVELS,
    OUTSIDE,
    PLACES,
    POSTS,
    SCHOOLING,
    SELF,
    SERVICE,
    WEAK,
    Lives,
)
from policy_rules.tables.synth_world import DAY, World

_MONTH = DAY.astype("M8[M]")


def member_facts(out: Filled, people: People, lives: Lives, homes: Homes, world: World) -> None:
    """Who people are, how well, what they learn and do."""
    draws, age, of = people.draws, people.age, people.home
    out.put("birth_date", people.born, gaps=0.01)
    out.put("sex", people.sex, codes=("male", "female"), gaps=0.005)
    out.put("relation", people.relation, codes=RELATIONS, gaps=0.005)
    out.put("registered", ~draws.chance("elsewhere", 0.03))
    out.put("living_together", ~lives.migrant | draws.chance("counted", 0.5))
    party = draws.chance("party", np.where(age >= 18, 0.045, 0.0))
    league = ~party & (age >= 14) & (age < 28) & draws.chance("league", 0.25)
    out.put(
        "political", np.select([party, league], [0, 1], 2), codes=("party_member", "youth_league", "masses")
    )  # fmt: skip
    out.put("veteran", (people.sex == 0) & (age >= 20) & draws.chance("veteran", 0.03))
    out.put("labour", lives.labour, codes=LABOUR)
    sick = lives.chronic | lives.major | lives.disabled
    out.codes(
        "health",
        {"healthy": ~sick, "chronic": lives.chronic, "major_illness": lives.major, "disabled": lives.disabled},
    )  # fmt: skip
    pressure = lives.chronic & draws.chance("pressure", 0.6)
    sugar = lives.chronic & draws.chance("sugar", 0.25)
    out.codes(
        "illnesses",
        {
            "hypertension": pressure,
            "diabetes_type_2": sugar,
            "other_chronic": lives.chronic & ~pressure & ~sugar,
            "other_major": lives.major,
        },
        lives.chronic | lives.major,
    )
    out.put("family_doctor.contracted", draws.chance("doctor", np.where(sick, 0.9, 0.6)))
    care = np.select([lives.disabled & (lives.grade == 1), age >= 85], [2, 1], 0)
    out.put("self_care", care, (age >= 60) | lives.disabled, codes=("full", "partial", "none"))
    out.put("disability.kind", lives.disability, lives.disabled, codes=DISABILITIES)
    out.put("disability.grade", lives.grade, lives.disabled)
    out.put("disability.certificate", lives.certificate)
    poor = homes.dibao[of]
    out.put("disability.living_subsidy", poor & draws.chance("living", 0.9), lives.certificate)
    severe = lives.grade <= 2
    out.put("disability.nursing_subsidy", severe & draws.chance("nursing", 0.93), lives.certificate)
    single = ~poor & (lives.disabled & severe | lives.major) & draws.chance("single", 0.25)
    out.put(
        "dibao_kind", (poor & draws.chance("all", 0.95)) | single, codes=("none", "rural"), gaps=0.01
    )  # fmt: skip
    out.put("dibao_single", single, single)
    out.put("tekun_kind", homes.tekun[of], codes=("none", "rural"), gaps=0.01)
    staff = lives.employed & (lives.kind == SERVICE)
    out.put("insurance.resident_medical", ~staff & ~draws.chance("uninsured", 0.015))
    out.put("insurance.employee_medical", staff)
    out.put("insurance.medical_relief", lives.major & draws.chance("relief", 0.6))
    pension = (age >= 16) & (lives.level == 0) & draws.chance("pension", 0.86)
    out.put("insurance.resident_pension", pension & ~staff)
    out.put("insurance.employee_pension", staff)
    out.put("pension.receiving", (age >= 60) & draws.chance("drawn", 0.97), age >= 55)
    child = age < 16
    out.put("left_behind", (child | (age >= 60)) & draws.chance("left", 0.12))
    out.put("orphan", child & draws.chance("orphan", 0.002))
    out.put("student_level", lives.level, codes=LEVELS)
    best = np.select([age < 35, age < 60], [0, 1], 2)
    school = np.select(
        [age < 16, best == 0, best == 1],
        [np.minimum(2, age // 6), draws.pick("s1", (1, 12, 50, 20, 11, 6)), draws.pick("s2", (6, 38, 44, 9, 2, 1))],
        draws.pick("s3", (34, 48, 15, 3, 0, 0)),
    )  # fmt: skip
    out.put("schooling", school, (lives.level == 0) & (age >= 6), codes=SCHOOLING)
    out.put("graduate", (school >= 4) & (age < 35), age >= 18)
    work = (age >= 16) & (lives.level == 0)
    works = lives.employed
    out.put("employed", works, work)
    out.put("registered_unemployed", ~works & draws.chance("registered", 0.1), lives.works & work)
    out.put("employment_difficulty", (lives.labour == WEAK) & draws.chance("difficult", 0.5), work)
    out.put("can_work_out", lives.works, work)
    out.put("willing.work", works | draws.chance("willing", 0.5), lives.works | works)
    out.put("willing.training", draws.chance("train", 0.2), lives.works)
    out.put("willing.loan", draws.chance("loan", 0.08), lives.works)
    out.put("willing.startup", lives.startup | draws.chance("start", 0.04), lives.works)
    out.put("employment.kind", lives.kind, works, codes=KINDS)
    out.put("employment.place", lives.place, works, codes=PLACES)
    paid = works & (lives.months > 0)
    provinces = (world.province, *FAR)
    out.put("employment.province", lives.province, works & (lives.kind != FARMING), codes=provinces)
    out.put("employment.channel", draws.pick("channel", (60, 12, 14, 10, 4)), paid, codes=CHANNELS)
    out.put("employment.industry", _industry(people, lives), works, codes=INDUSTRIES)
    out.put("employment.months", lives.months * 100, works & (lives.kind != FARMING))
    out.put("employment.monthly_wage", lives.wage, paid)
    out.put("employment.stable", lives.months >= 6, paid)
    holds = lives.post_months > 0
    posts = {p: holds & (lives.post == i) for i, p in enumerate(POSTS)}
    out.codes("employment.public_post", posts | {"none": ~holds}, work)
    out.put("employment.public_post_months", lives.post_months * 100, holds)
    out.put("migrant_worker", lives.migrant, work)
    back = works & ~lives.migrant & draws.chance("back", 0.08)
    out.put("returned_migrant", back | lives.startup, work)
    out.put(
        "transport_subsidy_amount",
        np.array((20_000, 30_000, 50_000, 100_000))[draws.pick("fare", (1, 1, 1, 1))],
        lives.migrant & (lives.place == OUTSIDE) & homes.lifted[of] & draws.chance("fares", 0.6),
    )
    out.put("skill_certificate", draws.chance("certified", 0.12), lives.works)
    started = lives.startup
    out.put("startup.started", started, lives.works)
    out.put("startup.returned_on", DAY - draws.between("since", 30, 1400), started)
    out.put("startup.in_rural_area", draws.chance("rural", 0.8), started)
    out.put("startup.licensed", draws.chance("licensed", 0.75), started)
    running = np.array((3, 6, 11, 12, 13, 24, 36))[draws.pick("running", (1, 1, 2, 3, 2, 2, 1))]
    out.put("startup.months_operating", running * 100, started)
    out.put("startup.employees", draws.between("hands", 0, 6), started)
    out.listed("work_spells")


def _industry(people: People, lives: Lives) -> Array:
    drawn = people.draws.pick("industry", (36, 26, 13, 8, 9, 8))
    return np.where((lives.kind == FARMING) | (lives.kind == SELF), len(INDUSTRIES) - 1, drawn)


def household_facts(out: Filled, homes: Homes, people: People, lives: Lives, world: World) -> None:
    """What is recorded of households."""
    draws, n = homes.draws, len(homes.number)
    village = pl.Series(homes.village).cast(pl.String)
    out.text("village_id", village)
    out.text("township_id", village.str.head(9))
    out.text("county_id", village.str.head(6))
    out.put("type", ~homes.lifted, codes=("lifted", "ordinary"), gaps=0.005)
    out.put("size", homes.size, gaps=0.01)
    out.put("current_size", homes.current, gaps=0.02)
    out.listed("members", ~draws.chance("nobody listed", 0.002))
    _monitoring(out, homes, people, lives)
    out.put("relocated", homes.relocated)
    out.put("relocation.resettlement_site", draws.chance("site", 0.75), homes.relocated)
    out.put("dibao", homes.dibao, draws.chance("said", 0.3))
    out.put("dibao_class", draws.pick("class", (15, 35, 50)), homes.dibao, codes=("a", "b", "c"))
    out.put("tekun", homes.tekun)
    out.put("no_labour_covered", (homes.working == 0) & (homes.dibao | homes.tekun))
    out.put("low_income_recognised", homes.dibao | (homes.monitored & draws.chance("low", 0.3)))
    out.put("farming.main", people.count(lives.employed & (lives.kind == FARMING), n) > 0)
    pepper = draws.chance("pepper", 0.15)
    out.put("farming.pepper_area", draws.between("pepper area", 1, 16) * 50, pepper)
    out.put("conditions.industry", draws.chance("industry", np.where(homes.working > 0, 0.75, 0.2)))
    out.put("conditions.nearby_work_need", draws.chance("nearby", 0.15))
    out.put("willing.industry", draws.chance("willing", np.where(homes.working > 0, 0.6, 0.2)))
    joined = joins(homes)
    out.put("willing.cooperative", joined | draws.chance("would join", 0.2))
    out.put("in_cooperative", joined)
    out.put("dragonhead_driven", joined & draws.chance("driven", 0.55))
    out.put("leader_driven", draws.chance("leader", 0.12))
    out.put("new_entity_driven", joined | draws.chance("entity", 0.08))
    out.listed("cooperative_links")
    helped = homes.lifted | homes.monitored
    plain = ~draws.chance("industry measures", np.where(helped, 0.7, 0.08))
    measures = {
        m: ~plain & draws.chance(m, p)
        for m, p in (("award", 0.5), ("guidance", 0.4), ("loan", 0.15), ("insurance", 0.3), ("entity_driven", 0.35))
    }  # fmt: skip
    plain = ~np.any(list(measures.values()), axis=0)
    out.codes("support.industry", {"none": plain, **measures})
    away = people.count(lives.migrant, n) > 0
    posted = people.count(lives.post_months > 0, n) > 0
    moves = away & helped & draws.chance("fares", 0.6)
    trained = helped & draws.chance("trained", 0.2)
    out.codes(
        "support.employment",
        {"none": ~(moves | posted | trained), "subsidy": moves, "public_post": posted, "training": trained},
    )  # fmt: skip
    out.put(
        "support.development_state",
        draws.chance("pending", 0.15),
        helped,
        codes=("done", "pending"),
    )
    out.put("plan.made", draws.chance("plan", 0.9), helped)
    out.put("plan.items", draws.between("items", 0, 4), helped)
    out.put("plan.carried_out", draws.chance("carried", 0.8), helped)
    out.put("helper.assigned", draws.chance("helper", np.where(helped, 0.96, 0.02)))
    danger = draws.chance("danger", 0.008)
    out.put("housing.danger", danger)
    out.put(
        "housing.danger_grade", draws.pick("grade", (40, 45, 11, 4)), codes=("a", "b", "c", "d")
    )
    out.put("housing.problem", danger & draws.chance("problem", 0.7))
    out.put("housing.sanitary_toilet", draws.chance("toilet", 0.78))
    out.put("water.safe", ~draws.chance("water", 0.01))
    out.put("water.problem", draws.chance("water", 0.01))
    out.put("water.tap", draws.chance("tap", 0.93))
    away_from_school = (people.age >= 6) & (people.age < 15) & (lives.level == 0)
    out.put("assurance.dropout", people.count(away_from_school, n) > 0)
    out.put("assurance.uninsured", people.count(people.draws.chance("uninsured", 0.015), n) > 0)
    out.put("land.arable", homes.arable)
    out.put("land.forest", draws.between("forest", 0, 3000) * draws.chance("has forest", 0.5))
    out.put("idle.house", draws.chance("idle", 0.05))
    out.listed("incomes", ~draws.chance("no incomes", 0.01))


def joins(homes: Homes) -> Array:
    """Who is in a cooperative."""
    return homes.draws.chance("joined", np.where(homes.lifted, 0.62, 0.18))


def _monitoring(out: Filled, homes: Homes, people: People, lives: Lives) -> None:
    draws, n, monitored = homes.draws, len(homes.number), homes.monitored
    out.put("monitoring.category", homes.category, codes=CATEGORIES, gaps=0.0)
    ill = people.count(lives.major, n) > 0
    disabled = people.count(lives.disabled, n) > 0
    learns = people.count(lives.level >= 5, n) > 0
    risks = {
        "illness": monitored & ill,
        "disability": monitored & disabled & draws.chance("by disability", 0.8),
        "schooling": monitored & learns & draws.chance("by schooling", 0.5),
        "labour_shortage": monitored & (homes.working == 0),
        "unstable_employment": monitored & (homes.working > 0) & draws.chance("by work", 0.35),
        "natural_disaster": monitored & draws.chance("by disaster", 0.06),
    }
    risks["other"] = monitored & ~np.any(list(risks.values()), axis=0)
    # what is empty where these stand in a table says that there is none
    out.codes("monitoring.risks", risks, gaps=0.0)
    since = np.array((1, 2, 3, 4, 5, 6, 7, 9, 12, 15, 18, 24, 30))[
        draws.pick("since", (2, 2, 3, 2, 3, 4, 3, 3, 4, 3, 3, 3, 2))
    ]
    found = _MONTH - since
    removed = draws.chance("removed", np.where(since >= 6, 0.6, 0.1))
    out.put("monitoring.identified_on", found.astype("M8[D]"), monitored)
    out.put("monitoring.risk_removed", removed, monitored)
    out.put(
        "monitoring.removed_on", (found + (since + 1) // 2).astype("M8[D]"), monitored & removed
    )
    out.put(
        "monitoring.removal_way", draws.chance("naturally", 0.15), monitored & removed,
        codes=("by_support", "naturally"),
    )  # fmt: skip
    out.put("monitoring.supported", draws.chance("supported", 0.9), monitored)
    out.put("monitoring.plan_made", draws.chance("planned", 0.93), monitored)
    spent = draws.between("spent", 2, 80) * 100_000
    out.put("spending_12m.medical", spent, ill)
    out.put("hardship.rigid_spending_large", spent > 2_000_000, monitored & ill)
    causes = {
        "illness": risks["illness"],
        "disability": risks["disability"],
        "schooling": risks["schooling"],
    }
    out.codes("hardship.causes", causes, monitored)
    last = homes.money[max(homes.money)]
    out.put("income_12m.net", last.net, monitored)
    out.put("income_12m.ended_on", found.astype("M8[D]"), monitored)


def income_facts(out: Filled, homes: Homes, year: int) -> None:
    """One year's incomes: the parts mostly, the sums often, and what stands per person."""
    money: Money = homes.money[year]
    draws = homes.draws
    out.put("window", np.full(len(draws), year > 2021), codes=("calendar", "october_to_september"))
    out.put("wage", money.wage)
    out.put("business", money.business)
    out.put("business_cost", money.cost)
    out.put("property", money.property)
    out.put("asset_income", money.assets, money.assets > 0)
    out.put("transfer", money.transfer)
    out.put("net", money.net, draws.chance("net said", 0.8))
    out.put("net_per_capita", money.per_person, draws.chance("each said", 0.8))
