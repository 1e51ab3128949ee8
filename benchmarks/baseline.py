"""The yardstick: every household and member rule of the Dongchuan pack, written by hand.

Plain dicts in, truth values out; nothing of policy_rules is used. A truth value is ``True``, ``False``
or ``None`` (not decided by what is recorded). A key that is absent or None is not recorded. A date is
a :class:`datetime.date`, or a pair of them (first, last) where only its month is recorded; a list is a
list, or ``{"items": [...], "complete": False}``. ``prove_baseline.py`` proves it equal to the library.
"""

from __future__ import annotations

from datetime import date
from math import inf

PACK = "yunnan/dongchuan"
FIRST_DAY, LAST_DAY = date(2022, 1, 1), date(2024, 12, 31)
RETURNED_AFTER = date(2021, 1, 1)
ONE_TO_ONE_LINE = 11_000

WORKERS = frozenset({"ordinary", "skilled", "weak_or_semi"})
MONITORED = frozenset({"unstable", "marginal", "sudden"})
LABOUR_ROLES = frozenset({"employment_informant", "labour_broker", "labour_leader"})
SKILL_TRAININGS = frozenset({"vocational_skill", "work_as_training", "tourism", "labour_brand"})
FOCUS_ILLNESSES = frozenset(
    {"hypertension", "diabetes_type_2", "tuberculosis_pulmonary", "severe_mental"}
)
ILLNESSES_OF_UNKNOWN_FORM = frozenset({"diabetes", "tuberculosis"})

NOTHING: dict = {}


# -- three values ----------------------------------------------------------------------------


def both(a, b):
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def either(a, b):
    if a or b:
        return True
    return None if a is None or b is None else False


def opposite(a):
    return None if a is None else not a


def one_of(code, codes):
    return None if code is None else code in codes


def positive(number):
    return None if number is None else number > 0


def some(truths, complete):
    """Whether one of a list, of which some may be missing, is true."""
    if True in truths:
        return True
    return False if complete and None not in truths else None


def overlap(codes, others):
    return None if codes is None else not others.isdisjoint(codes)


def listed(value):
    """The items of a list, and whether none is missing."""
    if value is None:
        return (), False
    if isinstance(value, dict):
        return value["items"], value.get("complete", True)
    return value, True


# -- dates and money -------------------------------------------------------------------------


def age_between(birth, day):
    """The lowest and highest age on a day."""
    first, last = birth if isinstance(birth, tuple) else (birth, birth)
    return tuple(
        day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        for born in (last, first)
    )


def net_income_at_most(income, size, line):
    """Whether net income per person is at most ``line`` (which is positive)."""
    recorded = income.get("net_per_capita")
    if recorded is not None:
        return recorded <= line
    low = high = income.get("net")
    if low is None:
        low = high = 0
        for kind in ("wage", "business", "property", "transfer"):
            amount = income.get(kind)
            if amount is None:
                high = inf
            else:
                low += amount
                high += amount
        cost = income.get("business_cost")
        if cost is None:
            low = -inf
        else:
            low -= cost
            high -= cost
    fewest, most = (1, 60) if size is None else (size, size)
    if high <= line * fewest:
        return True
    return False if low > line * most else None


def trained_since_the_plan_began(training, as_of):
    kind, day = training.get("kind"), training.get("completed_on")
    if kind is not None and kind not in SKILL_TRAININGS:
        return False
    if day is None:
        return None
    first, last = day if isinstance(day, tuple) else (day, day)
    if last < FIRST_DAY or first > as_of:
        return False
    return True if kind is not None and first >= FIRST_DAY and last <= as_of else None


# -- the rules -------------------------------------------------------------------------------


def verdicts(record, members, as_of):
    """The verdict of every rule by (rule, subject); the household's subject is ``""``."""
    if not FIRST_DAY <= as_of <= LAST_DAY:
        return {}
    people, everybody = listed(members)
    ask = ((record.get("external") or NOTHING).get(PACK) or NOTHING).get
    kind = record.get("type")
    lifted = None if kind is None else kind == "lifted"
    monitoring = record.get("monitoring") or NOTHING
    monitored = one_of(monitoring.get("category"), MONITORED)
    at_risk = opposite(monitoring.get("risk_removed"))
    lifted_people = either(lifted, monitored)
    relocated = record.get("relocated")

    labour = [m.get("labour") for m in people]
    able = [one_of(code, WORKERS) for code in labour]
    willing = [m.get("willing") or NOTHING for m in people]
    some_able = some(able, everybody)
    some_employed = some(
        [both(a, m.get("employed")) for a, m in zip(able, people, strict=True)], everybody
    )
    zero_employment = both(some_able, opposite(some_employed))
    able_and_willing = some(
        [both(a, w.get("work")) for a, w in zip(able, willing, strict=True)], everybody
    )

    tekun_kinds = [m.get("tekun_kind") for m in people]
    rural_tekun = [None if k is None else k == "rural" for k in tekun_kinds]
    rural_dibao = [
        None if k is None else k == "rural" for k in [m.get("dibao_kind") for m in people]
    ]
    some_rural_tekun, some_rural_dibao = some(rural_tekun, everybody), some(rural_dibao, everybody)
    tekun = []
    for member, code in zip(people, tekun_kinds, strict=True):
        known = member.get("tekun")
        if known is None and code is not None:
            known = code != "none"
        tekun.append(known)

    # The income year runs from October: at the end of 2022 the year 2022 is over.
    income_year = as_of.year if as_of.month >= 10 else as_of.year - 1
    income = (record.get("incomes") or NOTHING).get(income_year) or NOTHING
    low_income = both(lifted, net_income_at_most(income, record.get("size"), ONE_TO_ONE_LINE))
    # The district average is not in the document: nobody is known to lie below it.
    below_average = False if lifted is False else None

    conditions = record.get("conditions") or NOTHING
    in_cooperative = record.get("in_cooperative")
    idle = record.get("idle") or NOTHING
    land = record.get("land") or NOTHING
    own_willing = record.get("willing") or NOTHING
    subsidies, every_subsidy = listed(record.get("subsidies"))
    year = as_of.year
    entitled = []
    for subsidy in subsidies:
        paid_for = subsidy.get("year")
        this_year = None if paid_for is None else paid_for == year
        entitled.append(both(this_year, subsidy.get("entitled")))
    farm_subsidies = some(entitled, every_subsidy)
    loans, every_loan = listed(record.get("loans"))
    micro_credit = some(
        [None if k is None else k == "micro_credit" for k in [x.get("kind") for x in loans]],
        every_loan,
    )

    found = {
        # 一, 二: what every household is to have; monitoring; relocated households
        ("income_measures_per_household", ""): lifted_people,
        ("monitoring_inclusion_complete", ""): ask("monitoring_criteria_met"),
        ("monitoring_support_complete", ""): both(monitored, at_risk),
        ("monitoring_removal_complete", ""): both(monitored, ask("risk_removal_criteria_met")),
        ("relocated_household_has_income_plan", ""): relocated,
        ("zero_employment_household", ""): both(zero_employment, able_and_willing),
        ("zero_employment_cleared", ""): able_and_willing,
        ("below_district_average_focus", ""): below_average,
        ("focus_household_plan", ""): below_average,
        ("focus_household_measures", ""): below_average,
        # 三(一), 三(二): industries, cooperatives, tourism
        ("pepper_planting_subsidy", ""): both(
            positive((record.get("farming") or NOTHING).get("pepper_area")),
            ask("pepper_subsidy_terms"),
        ),
        ("no_labour_share_focus", ""): both(lifted_people, opposite(some_able)),
        ("farming_household_priority", ""): both(
            lifted, (record.get("farming") or NOTHING).get("main")
        ),
        ("cooperative_surplus_share", ""): both(in_cooperative, ask("articles_give_surplus")),
        ("cooperative_joining", ""): both(
            lifted,
            both(
                either(conditions.get("industry"), conditions.get("nearby_work_need")),
                own_willing.get("cooperative"),
            ),
        ),
        ("double_binding_of_household", ""): both(lifted, conditions.get("industry")),
        ("low_income_family_led", ""): either(
            monitored, either(some_rural_tekun, some_rural_dibao)
        ),
        ("safety_net_industry_shares", ""): some(tekun, everybody),
        ("idle_house_tourism_support", ""): both(
            lifted, both(idle.get("house"), ask("idle_house_tourism_conditions"))
        ),
        # 三(三), 三(五), 三(六): work, assets, loans
        ("zero_employment_with_labour", ""): zero_employment,
        ("zero_employment_with_labour_cleared", ""): some_able,
        ("idle_property_entrusted", ""): both(
            either(idle.get("house"), either(idle.get("homestead"), idle.get("land"))),
            opposite(idle.get("in_use")),
        ),
        ("asset_share_contribution", ""): both(
            own_willing.get("shares"), ask("share_area_conditions")
        ),
        ("relocated_land_use", ""): both(
            relocated,
            either(
                positive(land.get("arable")),
                either(positive(land.get("forest")), positive(land.get("homestead"))),
            ),
        ),
        ("micro_credit_for_industry", ""): micro_credit,
        ("fumin_loan", ""): both(
            some([w.get("loan") for w in willing], everybody), ask("fumin_loan_lendable")
        ),
        # 三(八), 四: relief, subsidies, one-to-one support
        ("timely_monitoring_entry", ""): ask("monitoring_criteria_met"),
        ("farm_subsidies_through_card", ""): farm_subsidies,
        ("farm_subsidies_paid_by_card", ""): farm_subsidies,
        ("subsidies_paid_in_full", ""): farm_subsidies,
        ("donation_help_in_difficulty", ""): both(lifted_people, ask("actual_hardship")),
        ("city_plan_donated_cover", ""): both(monitored, at_risk),
        ("household_income_plan", ""): lifted_people,
        ("one_to_one_support", ""): low_income,
        ("one_to_one_helper_assigned", ""): low_income,
        ("one_to_one_policy_priority", ""): low_income,
    }

    focus_household = either(
        lifted_people,
        either(
            record.get("family_planning_special"),
            either(
                both(record.get("dibao"), some_rural_dibao),
                both(record.get("tekun"), some_rural_tekun),
            ),
        ),
    )
    startup_basis = (record.get("loan_conditions") or NOTHING).get("startup_basis")
    for number, member in enumerate(people):
        who = str(member.get("id") or f"m{number + 1}")
        ask = ((member.get("external") or NOTHING).get(PACK) or NOTHING).get
        wants = willing[number]
        startup = member.get("startup") or NOTHING
        returned = member.get("returned_migrant")
        started = startup.get("started")
        worker = both(lifted_people, able[number])
        two_later = member.get("two_later_student")
        not_entered = opposite((member.get("vocational") or NOTHING).get("entered"))

        trainings, every_training = listed(member.get("trainings"))
        trained = some([trained_since_the_plan_began(t, as_of) for t in trainings], every_training)
        industry = (member.get("employment") or NOTHING).get("industry")

        came_back = startup.get("returned_on")
        if isinstance(came_back, tuple):
            back_after = (
                True
                if came_back[0] > RETURNED_AFTER
                else False
                if came_back[1] <= RETURNED_AFTER
                else None
            )
        else:
            back_after = None if came_back is None else came_back > RETURNED_AFTER
        months, employees = startup.get("months_operating"), startup.get("employees")
        unpaid = not startup.get("subsidy_paid")  # what is not recorded was not paid, here alone

        illnesses = member.get("illnesses")
        focus_illness = either(
            overlap(illnesses, FOCUS_ILLNESSES),
            both(overlap(illnesses, ILLNESSES_OF_UNKNOWN_FORM), ask("illness_form_confirmed")),
        )
        health = member.get("health")
        low = high = member.get("age")
        if low is None and member.get("birth_date") is not None:
            low, high = age_between(member["birth_date"], as_of)
        adult = True if low is not None and low >= 18 else None
        if high is not None and high < 18:
            adult = False
        sex = member.get("sex")
        focus_person = (
            focus_household
            or (low is not None and high <= 6)
            or focus_illness
            or member.get("pregnant_or_postpartum")
            or (member.get("disability") or NOTHING).get("certificate")
        )

        found["relocated_nearby_jobs", who] = both(relocated, worker)
        found["returnee_equity_support", who] = both(
            both(returned, started), ask("equity_policy_person")
        )
        found["lifted_industry_support", who] = both(lifted_people, ask("industry_support_terms"))
        found["lifted_training_support", who] = both(lifted_people, ask("training_support_terms"))
        found["lifted_post_and_job_subsidy", who] = both(lifted_people, ask("post_and_job_terms"))
        found["practical_training_by_wish", who] = wants.get("training")
        found["training_brings_skill_and_certificate", who] = both(worker, trained)
        found["tourism_worker_training", who] = both(
            worker, None if industry is None else industry == "tourism"
        )
        found["vocational_education_school_leavers", who] = both(
            lifted_people, both(two_later, not_entered)
        )
        found["vocational_education_new_labour", who] = both(
            relocated, both(member.get("new_labour"), not_entered)
        )
        found["rain_dew_plus_employment", who] = both(lifted_people, two_later)
        found["labour_placement_award", who] = both(
            overlap(member.get("roles"), LABOUR_ROLES), ask("labour_award_conditions")
        )
        found["startup_loan_interest_subsidy", who] = both(
            both(either(returned, startup.get("in_rural_area")), started),
            both(startup.get("guarantee_loan_applied"), ask("startup_interest_rules")),
        )
        found["return_startup_subsidy", who] = both(
            both(
                both(returned, back_after),
                both(startup.get("licensed"), None if months is None else months >= 12),
            ),
            both(None if employees is None else employees >= 3, unpaid),
        )
        found["labour_intensive_hiring", who] = worker
        found["women_order_course", who] = both(
            both(None if sex is None else sex == "female", adult),
            either(member.get("lost_land"), member.get("registered_unemployed")),
        )
        found["micro_credit", who] = both(
            both(lifted_people, startup_basis), both(wants.get("loan"), ask("credit_conditions"))
        )
        found["insurance_premium_support", who] = either(
            monitored, either(rural_tekun[number], rural_dibao[number])
        )
        found["disabled_yearly_service", who] = both(
            lifted_people, None if health is None else "disabled" in health
        )
        found["four_chronic_yearly_visits", who] = both(lifted_people, focus_illness)
        # From which age one is old is not in the document: nobody is known not to be of the group.
        found["family_doctor_focus_group", who] = True if focus_person else None
        found["family_doctor_contract_kept", who] = (member.get("family_doctor") or NOTHING).get(
            "contracted"
        )
    return found
