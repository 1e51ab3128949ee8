"""Mutants that certainly mean the same: what the pack itself says of them, on every reading."""

from __future__ import annotations

from pathlib import Path

import made_up
import pytest
from mutants_wide import READINGS, TARGETS, written

from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.testing.mutation.run import chosen
from policy_rules.testing.mutation.sameness import SAME_VALUE, UNUSED, same


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load_folder(written(tmp_path_factory.mktemp("wide")))


def told(pack: Pack, name: str, why: str) -> set[tuple[str, str, str]]:
    """The mutants of a thing that are said to mean the same, for one reason."""
    return {
        (".".join(map(str, m.path)), m.was, m.became)
        for m in chosen(pack, rules=[name])
        if same(pack, m) == why
    }


def test_what_nothing_uses_may_become_anything(pack: Pack) -> None:
    assert told(pack, "forgotten", UNUSED) == {
        *(("value", ">=", sign) for sign in (">", "<=")),
        *(("value", "2", n) for n in ("1", "3")),
    }
    assert not told(pack, "on_a_reading", UNUSED)  # the patch of another reading does
    assert not told(pack, "forgotten", SAME_VALUE)


def test_another_day_of_the_same_value_means_the_same(pack: Pack) -> None:
    # the line on another parameter has no value in the pack; one on a recorded day, none that is known
    assert told(pack, "third_post", SAME_VALUE) == {
        ("when.all.1", "date(2023, 1, 1)", f"date(2023, {day})") for day in ("1, 2", "2, 1")
    }
    assert told(pack, "above_the_line", SAME_VALUE) == {("of", "31", "30")}


def test_a_parameter_that_is_the_same_on_every_day_it_is_asked_for(pack: Pack) -> None:
    """The yearly line is looked up on the first day of 2023, and on the last of each year."""
    assert told(pack, "yearly", SAME_VALUE) == {
        *(("values.0.from", "2022-01-01", d) for d in YEARLY_FROM),
        *(("values.1.from", "2023-01-01", d) for d in ("2022-12-31", "2022-12-01")),
        *(("values.1.to", "2024-12-31", d) for d in ("2025-01-01", "2025-01-31")),
    }
    assert told(pack, "surveyed", SAME_VALUE) == set()  # on a recorded day: on any


YEARLY_FROM = ("2021-12-31", "2021-12-01", "2022-01-02", "2022-02-01")
BEFORE = {("values.0.from", "2023-01-01", day) for day in ("2022-12-31", "2022-12-01")}
AFTER = {("values.0.to", "2024-12-31", day) for day in ("2025-01-01", "2025-01-31")}


def reading(**patch: str) -> str:
    lines = "".join(f"        {path}: {value}\n" for path, value in patch.items())
    return READINGS[: READINGS.index("        document.in_force")] + lines


@pytest.mark.parametrize(
    ("patch", "told_same"),
    [
        ({"document.in_force.from": "2023-02-01"}, BEFORE | AFTER),
        # on such a reading the line is asked for on days before
        ({"document.in_force.from": "2022-06-01"}, set()),
        (
            {"rules.third_post.when.all.1": "income(2022).net_per_capita < param.line"},
            BEFORE | AFTER,
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < param.line(date(2024, 1, 1))"
            },
            BEFORE | AFTER,
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < param.line(date(2025, 1, 1))"
            },
            BEFORE,
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < "
                "param.line(date(year(household.income_surveyed_on), 1, 1))"
            },
            set(),
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < "
                "param.line(household.income_surveyed_on)"
            },
            set(),
        ),
        ({"rules.third_post.when.all.1": "household.size < 3"}, BEFORE | AFTER),
        ({"parameters.line.values.0.from": "2023-02-01"}, set()),
    ],
)
def test_what_other_readings_ask_of_a_parameter_counts(
    tmp_path: Path, patch: dict[str, str], told_same: set[tuple[str, str, str]]
) -> None:
    found = load_folder(written(tmp_path, **{"readings.yaml": reading(**patch)}))
    assert told(found, "line", SAME_VALUE) == told_same


@pytest.mark.parametrize(
    ("year", "day", "same_day"),
    [
        ("target_year - 1", "12, 31", "12, 30"),
        ("target_year + 1", "12, 31", ""),  # a year no target may name
        ("year(household.income_surveyed_on)", "12, 31", ""),
    ],
)
def test_a_year_that_any_record_may_have_is_not_told(
    tmp_path: Path, year: str, day: str, same_day: str
) -> None:
    targets = made_up.TARGETS + TARGETS.replace("date(target_year, 12, 31)", f"date({year}, {day})")
    found = load_folder(written(tmp_path, **{"targets.yaml": targets}))
    dates = {m for m in told(found, "above_the_line", SAME_VALUE) if m[0] == "of"}
    assert dates == ({("of", "31", "30")} if same_day else set())
    asked = told(found, "yearly", SAME_VALUE)
    assert bool(asked) is bool(same_day)


def test_a_day_of_a_parameter_that_another_reading_moves_is_not_told(tmp_path: Path) -> None:
    moved = reading(**{"parameters.yearly.values.1.from": "2023-01-15"})
    found = load_folder(written(tmp_path, **{"readings.yaml": moved}))
    assert told(found, "third_post", SAME_VALUE) == set()
    assert told(found, "yearly", SAME_VALUE) == set()
    assert told(found, "surveyed", SAME_VALUE) == set()  # asked for on the day a record has
