"""What a second reader tells of a pack, and that a case that fails is no witness."""

from __future__ import annotations

from pathlib import Path

import mutants as made

from policy_rules.packs.loader import load_folder
from policy_rules.testing.mutation.run import chosen, mutate
from policy_rules.testing.second_reading import differences, load_second_reading


def test_the_values_of_a_parameter_are_told_with_their_dates(tmp_path: Path) -> None:
    line = "parameters:\n  line: {values: [{from: 2023-01-01, to: 2024-12-31, value: 8000}]}\n"
    found = []
    for told in (line, line.replace("12-31", "12-30"), line.replace("8000", "8001")):
        pack = load_folder(made.written(tmp_path, told=told))
        found.append([p.code for p in differences(pack, load_second_reading(pack))])
    assert found == [[], ["second_reading_differs"], ["second_reading_differs"]]


def test_a_case_that_does_not_hold_notices_nothing(tmp_path: Path) -> None:
    wrong = made.FEW.replace("focus_household: YES", "focus_household: NO")
    assert wrong != made.FEW
    pack = load_folder(made.written(tmp_path, cases=wrong, told=""))
    selected = chosen(pack, rules=["focus_household"], kinds=["comparator", "negation"])
    assert selected
    report = mutate(pack, selected, suggestions=False)
    assert not [n for o in report.outcomes.values() for n in o.by if n.startswith("case")]
