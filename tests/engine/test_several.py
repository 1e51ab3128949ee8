"""One household under a township's, a county's and a province's document."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policy_rules import Determination, NotFoundError, PackError, RecordError, Verdict
from policy_rules.engine.several import evaluate_all
from policy_rules.facts.record import read_record
from policy_rules.packs.registry import choose_packs, load_pack

#: name, region code, level, line, dates
DOCUMENTS = (
    ("north/town", "990101104", "township", 9000, "2023-01-01", "2023-12-31"),
    ("north/county", "990101", "county", 10000, "2022-01-01", "2024-12-31"),
    ("north", "990000", "province", 8000, "2021-01-01", "2025-12-31"),
    ("south", "980000", "province", 7000, "2021-01-01", "2025-12-31"),
)
PACK = """id: {name}
version: 1.0.0
document:
  title: {{zh: 办法, en: rules}}
  issuer: {{zh: 某地, en: somewhere}}
  issued: 2021-01-01
  in_force: {{from: {start}, to: {end}, basis: {{zh: 例, en: example}}}}
region: {{codes: ["{code}"], level: {level}, name: {{zh: {name}, en: {name}}}}}
"""
CLAUSES = """clauses:
  - {id: "1", summary: {zh: 甲, en: a}, dispositions: [rule]}
  - {id: "2", summary: {zh: 乙, en: b}, dispositions: [rule]}
"""
RULES = """- id: focus
  concept: low_income_listing
  outcome: flag
  subject: household
  label: {{zh: 重点户, en: focus}}
  clauses: ["1"]
  force: must
  when: income(2022).net_per_capita < {line}
- id: post
  concept: public_welfare_post
  outcome: measure
  effect: offered
  subject: household
  label: {{zh: 岗位, en: post}}
  clauses: ["2"]
  force: may
  applies_to: household.type == lifted
"""
PARAMETERS = """externals:
  house_visited:
    label: {zh: 已走访, en: visited}
    subject: household
    clauses: ["1"]
    authority: {zh: 村, en: village}
    question: {zh: 走访了吗？, en: "visited?"}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    for name, code, level, line, start, end in DOCUMENTS:
        folder = tmp_path / name
        (folder / "rules").mkdir(parents=True, exist_ok=True)
        head = PACK.format(name=name, code=code, level=level, start=start, end=end)
        (folder / "pack.yaml").write_text(head, "utf-8")
        (folder / "clauses.yaml").write_text(CLAUSES, "utf-8")
        (folder / "parameters.yaml").write_text(PARAMETERS, "utf-8")
        (folder / "rules" / "a.yaml").write_text(RULES.format(line=line), "utf-8")
    return tmp_path


def family(region: str | None, **facts: object) -> dict[str, object]:
    body: dict[str, object] = {"type": "lifted", "size": 2, "incomes": {2022: {"net": 17000}}}
    return body | ({"region": region} if region else {}) | facts


def applying(rules: Path, region: str, day: date) -> dict[str, str]:
    found = {c.head.id: c.applies for c in choose_packs(region, day, rules)}
    return {name: found[name] for name, *_ in DOCUMENTS}


def test_region_and_date_choose(rules: Path) -> None:
    assert applying(rules, "990101104203", date(2023, 6, 30)) == {
        "north/town": "applies",
        "north/county": "applies",
        "north": "applies",
        "south": "elsewhere",
    }
    assert applying(rules, "990101104", date(2024, 1, 1))["north/town"] == "expired"
    assert applying(rules, "990101104", date(2022, 12, 31))["north/town"] == "not_yet"
    # a record that names the county alone may or may not lie in the township
    assert applying(rules, "990101", date(2023, 6, 30))["north/town"] == "perhaps"
    assert applying(rules, "990102", date(2023, 6, 30)) == {
        "north/town": "elsewhere",
        "north/county": "elsewhere",
        "north": "applies",
        "south": "elsewhere",
    }
    assert set(applying(rules, "", date(2023, 6, 30)).values()) == {"perhaps"}


def test_a_township_known_by_its_countys_code_may_apply(rules: Path) -> None:
    file = rules / "north/town/pack.yaml"
    file.write_text(file.read_text("utf-8").replace("990101104", "990101"), "utf-8")
    assert applying(rules, "990101104", date(2023, 6, 30))["north/town"] == "perhaps"
    assert applying(rules, "990102", date(2023, 6, 30))["north/town"] == "elsewhere"


def test_the_smallest_area_comes_first(rules: Path) -> None:
    names = [c.head.id for c in choose_packs("990101", date(2023, 6, 30), rules)]
    mine = [n for n in names if n.startswith("north")]
    assert mine == ["north/town", "north/county", "north"]


def test_a_determination_a_pack_and_overlaps_by_concept(rules: Path) -> None:
    results = evaluate_all(family("990101104"), as_of="2023-06-30", rules=rules)
    assert list(results) == ["north/town", "north/county", "north"]
    assert all(isinstance(r, Determination) and r.in_region for r in results.values())
    # 17,000 / 2 = 8,500: below 9,000 and 10,000, not below 8,000
    flags = {name: r["focus"].verdict for name, r in results.items()}
    assert flags == {
        "north/town": Verdict.YES,
        "north/county": Verdict.YES,
        "north": Verdict.NO,
    }
    overlaps = {o.concept: o for o in results.overlaps}
    assert set(overlaps["low_income_listing"].findings) == {"north/town", "north/county"}
    assert set(overlaps["public_welfare_post"].findings) == set(results)
    cited = overlaps["low_income_listing"].as_dict()["packs"]
    assert [f["clauses"] for fs in cited.values() for f in fs] == [["1"], ["1"]]


def test_only_those_in_force_on_the_day_are_taken_and_it_is_said_why(rules: Path) -> None:
    results = evaluate_all(family("990101104"), as_of="2024-06-30", rules=rules)
    assert list(results) == ["north/county", "north"]
    why = {c.head.id: c.applies for c in results.choices}
    assert (why["north/town"], why["south"]) == ("expired", "elsewhere")
    assert {c["pack"] for c in results.as_dict()["packs"]} >= {"north/town", "south"}


def test_documents_out_of_force_say_so_themselves(rules: Path) -> None:
    results = evaluate_all(family("980101"), as_of="2030-01-01", rules=rules)
    assert list(results) == ["south"]
    assert {f.status.value for f in results["south"].findings} == {"not_in_force"}


def test_where_a_document_may_apply_it_is_said_what_to_do(rules: Path) -> None:
    file = rules / "south/pack.yaml"
    file.write_text(file.read_text("utf-8").replace("level: province", "level: county"), "utf-8")
    with pytest.raises(NotFoundError) as caught:
        evaluate_all(family("980101"), as_of="2023-06-30", rules=rules)
    (problem,) = caught.value.problems
    assert problem.code == "only_perhaps"
    assert problem.expected.startswith("south (south 980000")


def test_packs_may_be_given_by_name() -> None:
    results = evaluate_all(family("530113"), as_of="2022-12-31", packs=["guangxi"])
    assert list(results) == ["guangxi"]
    assert "guangxi" in repr(results)


@pytest.mark.parametrize(("region", "code"), [(None, "no_region"), ("970000", "no_pack_applies")])
def test_where_none_applies_it_is_said_which_there_are(
    rules: Path, region: str | None, code: str
) -> None:
    with pytest.raises(NotFoundError) as caught:
        evaluate_all(family(region), as_of="2023-06-30", rules=rules)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert "north/county (north/county 990101, 2022-01-01 – 2024-12-31)" in problem.expected


def test_the_date_is_needed(rules: Path) -> None:
    with pytest.raises(RecordError, match="no_date"):
        evaluate_all(family("990101"), rules=rules)
    dated = evaluate_all(family("990101", as_of="2023-06-30"), rules=rules)
    assert list(dated) == ["north/county", "north"]


def test_named_packs_are_taken_wherever_the_family_lives(rules: Path) -> None:
    packs = [load_pack(n, rules) for n in ("south", "north")]
    results = evaluate_all(family("990101"), as_of="2023-06-30", packs=packs)
    assert [results[n].in_region for n in ("south", "north")] == [False, True]
    assert results.choices == ()


def test_an_overlay_goes_to_the_pack_it_names(rules: Path) -> None:
    def digests(*overlays: dict[str, object]) -> dict[str, int]:
        results = evaluate_all(family("990101"), as_of="2023-06-30", rules=rules, overlays=overlays)
        return {name: len(r.receipt.overlays) for name, r in results.items()}

    named = {"pack": "north", "externals": {"house_visited": True}}
    assert digests(named) == {"north/county": 0, "north": 1}
    assert digests({"externals": {"house_visited": True}}) == {"north/county": 1, "north": 1}
    with pytest.raises(PackError, match="wrong_pack"):
        digests({"pack": "south", "externals": {"house_visited": True}})


def test_conditions_of_other_packs_are_left_to_them(rules: Path) -> None:
    record = family(
        "990101",
        external={"north": {"house_visited": True}, "north/county": {"house_visited": False}},
    )
    assert list(evaluate_all(record, as_of="2023-06-30", rules=rules)) == ["north/county", "north"]
    with pytest.raises(RecordError, match="unknown_external"):
        evaluate_all(
            family("990101", external={"north": {"house_visitd": True}}),
            as_of="2023-06-30",
            rules=rules,
        )


def test_a_checked_record_is_read_once(rules: Path) -> None:
    record = read_record(family("990101"))
    assert evaluate_all(record, as_of="2023-06-30", rules=rules)["north"].record_id == ""
