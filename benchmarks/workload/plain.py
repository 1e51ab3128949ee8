"""The 60 rules as one straight-line Python function: what every engine is checked against and timed beside.

It is the only place the rules stand. ``rules.py`` reads them from here and says them in every other language:
the YAML of our pack, CEL, GoRules ZEN, polars, SQL, OpenFisca.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def outcomes(household: Mapping[str, Any]) -> dict[str, Any]:
    """The 54 answers (true or false) and 6 amounts (yuan; 0: none) of one household."""
    income = household["income"]
    prev_income = household["prev_income"]
    medical = household["medical"]
    education = household["education"]
    labour = household["labour"]
    employed = household["employed"]
    size = household["size"]
    disabled_count = household["disabled_count"]
    severe_disabled_count = household["severe_disabled_count"]
    chronic_count = household["chronic_count"]
    migrant_months = household["migrant_months"]
    startup_months = household["startup_months"]
    startup_employees = household["startup_employees"]
    year = household["year"]
    relocated = household["relocated"]
    disaster = household["disaster"]
    has_luxury_car = household["has_luxury_car"]
    owns_commercial_house = household["owns_commercial_house"]
    public_employee = household["public_employee"]
    business_owner = household["business_owner"]
    in_coop = household["in_coop"]
    coop_bound = household["coop_bound"]
    wants_loan = household["wants_loan"]
    credit_ok = household["credit_ok"]
    hh_type = household["hh_type"]
    members = household["members"]

    r01 = income < 7000
    r02 = income < 10000
    r03 = income < prev_income
    r04 = hh_type == "lifted"
    r05 = hh_type == "monitored"
    r06 = hh_type == "lifted" or hh_type == "monitored"
    r07 = employed == 0 and labour > 0
    r08 = labour == 0
    r09 = has_luxury_car or owns_commercial_house or public_employee or business_owner
    r10 = r01 and not r09
    r11 = any(m["age"] >= 60 for m in members)
    r12 = any(m["age"] >= 16 and m["age"] <= 59 and not m["student"] for m in members)
    r13 = sum(1 for m in members if m["dis"] >= 1 and m["dis"] <= 2) >= 1
    r14 = any(m["student"] for m in members)
    r15 = sum(1 for m in members if m["age"] < 16) >= 2
    r16 = disaster and income < 12000
    r17 = medical > 20000
    r18 = medical > income
    r19 = education > 8000 and r14
    r20 = (r16 or r18 or r19) and not r09
    r21 = r05 or (r10 and (r16 or r18))
    r22 = r06 and relocated
    r23 = r22 and r07
    r24 = r06 and employed >= 1 and migrant_months >= 3
    r25 = 1000 if r24 and migrant_months >= 6 else 500 if r24 else 0
    r26 = (r06 or relocated) and startup_months >= 6
    r27 = 10000 if r26 and startup_employees >= 5 else 5000 if r26 and startup_employees >= 3 else 0
    r28 = r06 and wants_loan and credit_ok and not r09
    r29 = 50000 if r28 and r02 else 30000 if r28 else 0
    r30 = in_coop and coop_bound
    r31 = r06 and r30
    r32 = r06 and (in_coop or employed >= 1)
    r33 = r31 and employed >= 1
    r34 = severe_disabled_count >= 1 and income < 8000
    r35 = disabled_count >= 1 and (labour == 0 or r18)
    r36 = chronic_count >= 1 and medical > 5000
    r37 = r34 or r35 or r36
    r38 = r37 and r06 and not r09
    r39 = income < 6000 or (income < 9000 and severe_disabled_count >= 1)
    r40 = 3600 if r39 and not r09 and size >= 4 else 2400 if r39 and not r09 else 0
    r41 = year >= 2021 and year <= 2025
    r42 = r41 and r06
    r43 = r42 and not r07 and income >= 10000
    r44 = r05 and income >= 10000 and not (disaster or r18)
    r45 = hh_type == "low_income" and income < 9000 and not r09
    r46 = r11 and not r12
    r47 = r46 and (r04 or r05 or hh_type == "low_income")
    r48 = relocated and labour >= 1 and employed == 0
    r49 = r48 and year >= 2022
    r50 = r06 and r07 and not migrant_months > 0 and not r09
    r51 = r50 and (disabled_count >= 1 or r13)
    r52 = 800 if r51 and labour >= 2 else 400 if r51 else 0
    r53 = income + 1000 < prev_income and not r41
    r54 = medical + education > income * 2 and size >= 3
    r55 = r54 and r02 and not r09
    r56 = employed * 2 >= labour and labour > 0
    r57 = r56 and not (income < 15000 and r03)
    r58 = 1500 if r14 and r06 and education > 3000 else 0
    r59 = r06 and (r33 or r28 or r24) and not (r20 or r21)
    r60 = (r15 or r11) and r45 and not r30

    return {
        "r01": r01, "r02": r02, "r03": r03, "r04": r04, "r05": r05, "r06": r06,
        "r07": r07, "r08": r08, "r09": r09, "r10": r10, "r11": r11, "r12": r12,
        "r13": r13, "r14": r14, "r15": r15, "r16": r16, "r17": r17, "r18": r18,
        "r19": r19, "r20": r20, "r21": r21, "r22": r22, "r23": r23, "r24": r24,
        "r25": r25, "r26": r26, "r27": r27, "r28": r28, "r29": r29, "r30": r30,
        "r31": r31, "r32": r32, "r33": r33, "r34": r34, "r35": r35, "r36": r36,
        "r37": r37, "r38": r38, "r39": r39, "r40": r40, "r41": r41, "r42": r42,
        "r43": r43, "r44": r44, "r45": r45, "r46": r46, "r47": r47, "r48": r48,
        "r49": r49, "r50": r50, "r51": r51, "r52": r52, "r53": r53, "r54": r54,
        "r55": r55, "r56": r56, "r57": r57, "r58": r58, "r59": r59, "r60": r60,
    }  # fmt: skip
