"""Impact: what is counted is what the reference interpreter says before and after, household by household."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from bad_versions import rules_with
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import texts
from moved_people import DAY, PEOPLE, TIERED, changed, impact
from typer.testing import CliRunner, Result

from policy_rules import Engine, Household, Pack, assess_impact
from policy_rules.cli.app import app
from policy_rules.diff.impact import KINDS, Impact, Kind, Money
from policy_rules.diff.impact_count import LISTED
from policy_rules.diff.pairing import rule_pairs
from policy_rules.errors import PolicyRulesError
from policy_rules.facts.record import read_record
from policy_rules.packs import versions as frozen
from policy_rules.packs.loader import load_texts
from policy_rules.packs.registry import load_pack
from policy_rules.render import impact as showing
from policy_rules.tables.frames import Population
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import Sampler

BEFORE = changed()


def moves(report: Impact) -> dict[str, dict[str, tuple[int, int]]]:
    """Households and persons by rule and kind of change."""
    return {
        r.pair.rule.id: {k: (c.count.households, c.count.persons) for k, c in r.changes.items()}
        for r in report.rules
        if r.moved
    }


def listed(report: Impact) -> set[tuple[str, ...]]:
    rows = report.changes.select("record", "subject", "kind", "right_rule").rows()
    return {tuple(map(str, row)) for row in rows}


# -- by hand -----------------------------------------------------------------------------------------


def test_nobody_moves_between_a_pack_and_itself() -> None:
    report = impact(BEFORE, BEFORE)
    assert (moves(report), report.listed, report.touched.households) == ({}, 0, 0)
    assert (report.population.households, report.population.persons) == (5, 7)
    assert report.undetermined["flag"][0] == report.undetermined["flag"][1]
    assert report.undetermined["flag"][0].households == 1  # "silent" is not taken for NO


def test_a_raised_line_gains_those_between_and_no_other() -> None:
    report = impact(BEFORE, changed(("< 8000", "< 9000")))
    assert moves(report) == {"focus_household": {"gains": (1, 1)}}
    assert listed(report) == {("between", "", "gains", "focus_household")}
    (rule,) = (r for r in report.rules if r.moved)
    assert rule.transitions == {
        ("YES", "YES"): 1, ("NO", "YES"): 1, ("NO", "NO"): 2, ("UNKNOWN", "UNKNOWN"): 1
    }  # fmt: skip
    assert report.totals["flag"]["gains"].households == 1
    assert report.totals["measure"] == {}
    assert report.open_answers("flag") == (1, 1)


def test_a_lowered_line_loses_the_same() -> None:
    report = impact(changed(("< 8000", "< 9000")), BEFORE)
    assert moves(report) == {"focus_household": {"loses": (1, 1)}}


def test_a_condition_on_what_nobody_recorded_leaves_open_and_settles_nothing() -> None:
    asked = changed(("net_per_capita < 8000", "net_per_capita < 8000 and household.dibao"))
    report = impact(BEFORE, asked)
    assert moves(report) == {"focus_household": {"may_lose": (1, 2)}}
    back = impact(asked, BEFORE)
    assert moves(back) == {"focus_household": {"now_yes": (1, 2)}}
    known = impact(
        BEFORE, changed(("net_per_capita < 8000", "net_per_capita < 8000 or household.dibao"))
    )
    assert moves(known) == {"focus_household": {"may_gain": (2, 2)}}


def test_a_dropped_rule_is_a_loss_and_a_new_one_a_gain() -> None:
    files = BEFORE.raw["rules"]
    assert set(files) == {"focus_household", "public_post"}
    new = changed(more=TIERED.replace("LOW", "100").replace("HIGH", "300"))
    report = impact(BEFORE, new)
    assert moves(report) == {"subsidy": {"gains": (2, 2), "may_gain": (1, 3)}}
    (rule,) = (r for r in report.rules if r.moved)
    assert rule.changes["gains"].right == Money(Fraction(200), Fraction(600), 2)
    assert rule.open[1] == Money(Fraction(300), Fraction(900), 3)
    assert {key[0] for key in rule.transitions} == {"NONE"}
    back = impact(new, BEFORE)
    assert moves(back) == {"subsidy": {"loses": (2, 2), "now_no": (1, 3)}}
    assert back.totals["measure"]["loses"].persons == 2


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        ("100", "301", "more"),
        ("101", "300", "more"),
        ("100", "299", "less"),
        ("99", "301", "other_amount"),
        ("100", "300", None),
    ],
)
def test_amounts_that_move(low: str, high: str, kind: Kind | None) -> None:
    ends = [TIERED.replace("LOW", a).replace("HIGH", b) for a, b in (("100", "300"), (low, high))]
    report = impact(changed(more=ends[0]), changed(more=ends[1]))
    assert moves(report) == ({"subsidy": {kind: (2, 2)}} if kind else {})
    if kind:
        told = showing.listed(report, "en", None)[1]
        assert told[0][4:6] == ["YES 100–300 yuan", f"YES {low}–{high} yuan"]
    (rule,) = (r for r in report.rules if r.pair.rule.id == "subsidy")
    assert rule.yes[0] == Money(Fraction(200), Fraction(600), 2)
    assert rule.yes[1] == Money(2 * Fraction(low), 2 * Fraction(high), 2)


def test_an_amount_in_another_unit_is_neither_more_nor_less() -> None:
    old = TIERED.replace("LOW", "100").replace("HIGH", "300")
    report = impact(changed(more=old), changed(more=old.replace("paid: once", "paid: yearly")))
    assert moves(report) == {"subsidy": {"other_amount": (2, 2)}}


def test_a_renamed_rule_is_its_own_counterpart() -> None:
    files = {
        **texts(),
        "targets.yaml": texts()["targets.yaml"].replace(
            "rule.focus_household", "household.relocated"
        ),
    }
    left = load_texts(files)
    files["rules/rules.yaml"] = (
        files["rules/rules.yaml"].replace("focus_household", "renamed").replace("< 8000", "< 9000")
    )
    new = load_texts(files)
    assert moves(impact(left, new)) == {"renamed": {"gains": (1, 1)}}
    (pair,) = (p for p in rule_pairs(left, new, date(2023, 6, 30), date(2023, 6, 30)) if p.renamed)
    assert (pair.left.id, pair.right.id) == ("focus_household", "renamed")


def test_another_region_is_hypothetical_and_what_it_does_not_mention_is_no_loss() -> None:
    files = texts()
    files["pack.yaml"] = (
        files["pack.yaml"].replace("id: sample", "id: other").replace("990101", "990202")
    )
    files["rules/rules.yaml"] = (
        files["rules/rules.yaml"].split("- id: public_post")[0].replace("8000", "9000")
    )
    people = [{**p, "region": "990101"} for p in PEOPLE]
    report = impact(BEFORE, load_texts(files), people)
    assert report.hypothetical
    assert moves(report) == {"focus_household": {"gains": (1, 1)}}
    (alone,) = report.unpaired
    assert (alone.pair.left.id, alone.states(0, "YES")) == ("public_post", 2)
    assert report.totals["measure"] == {}
    assert "假设性测算" in "".join(showing.head(report, "zh"))


def test_records_of_another_region_are_left_out_unless_asked_for() -> None:
    people = [{**p, "region": "990202" if p["id"] == "between" else "990101"} for p in PEOPLE]
    wider = changed(("< 8000", "< 9000"))
    report = impact(BEFORE, wider, people)
    assert (report.elsewhere, report.population.households, report.listed) == (1, 4, 0)
    everywhere = impact(BEFORE, wider, people, everywhere=True)
    assert (everywhere.elsewhere, everywhere.listed) == (0, 1)


def test_a_record_one_side_cannot_evaluate_is_told_and_not_counted() -> None:
    report = assess_impact(BEFORE, BEFORE, [{**p, "as_of": DAY} for p in PEOPLE[:2]] + PEOPLE[2:])
    assert dict(report.marked) == {"no_date": 3}
    assert report.population.households == 2


def test_sides_on_two_days_are_hypothetical() -> None:
    report = impact(BEFORE, BEFORE, right_as_of="2026-01-01")
    assert report.hypothetical
    assert moves(report)["focus_household"] == {"loses": (1, 2), "now_no": (1, 3)}
    assert report.rules[0].states(1, "NONE") == 5


def test_members_who_are_not_listed_are_told_of() -> None:
    people = [{"id": "h", "members": {"items": [{"id": "m", "labour": "lost"}], "complete": False}}]
    assert impact(BEFORE, BEFORE, people).incomplete == 1


def test_parts_of_any_size_come_to_the_same_and_the_list_is_cut_not_the_counts() -> None:
    wider = changed(("< 8000", "< 90000"), more=TIERED.replace("LOW", "1").replace("HIGH", "2"))
    whole = impact(BEFORE, wider)
    taken: list[pl.DataFrame] = []
    parts = impact(BEFORE, wider, size=2, most=1, sink=taken.append)
    assert [r.transitions for r in parts.rules] == [r.transitions for r in whole.rules]
    assert (parts.totals, parts.touched) == (whole.totals, whole.touched)
    assert parts.changes.height == 1
    assert pl.concat(taken).equals(whole.changes)
    assert parts.listed == whole.listed > 1


def test_a_household_counts_once_however_many_rules_move() -> None:
    both = changed(("< 8000", "< 90000"), more=TIERED.replace("LOW", "1").replace("HIGH", "2"))
    report = impact(BEFORE, both)
    assert moves(report)["focus_household"]["gains"] == (2, 2)
    assert moves(report)["subsidy"] == {"gains": (2, 2), "may_gain": (1, 3)}
    # between, rich (flag); p1 of poor, r1 of rich (measure); all of silent may gain
    assert (report.touched.households, report.touched.persons) == (4, 6)


def test_each_side_reads_the_records_by_its_own_dictionary(tmp_path: Path) -> None:
    import attrs

    from policy_rules.facts.dictionary import Vocabulary

    def without(vocabulary: Vocabulary, fact: str) -> Vocabulary:
        household = vocabulary.records["household"]
        facts = {k: v for k, v in household.facts.items() if k != fact}
        fields = {k: v for k, v in household.fields.items() if k != fact}
        spec = attrs.evolve(household, facts=facts, fields=fields)
        return attrs.evolve(
            vocabulary, records={**vocabulary.records, "household": spec}, digest="then"
        )

    old = load_texts(texts(), without(BEFORE.vocabulary, "relocated"))
    people = [{**p, "relocated": True} for p in PEOPLE]
    path = tmp_path / "people.jsonl"
    path.write_text("".join(f"{json.dumps(p)}\n" for p in people), "utf-8")
    narrower = changed(("type == lifted", "type == lifted and household.relocated"))
    for given_as in (path, Population.of_records([read_record(p) for p in people])):
        report = impact(old, narrower, given_as)
        assert moves(report) == {}
        assert report.faults == 5  # the left side does not know the fact


# -- against the reference ------------------------------------------------------------------------------


def by_hand(
    left: Pack, right: Pack, people: list[Household], day: date
) -> tuple[Counter[Any], set[tuple[str, ...]]]:
    """Transitions and the list, finding by finding, from the reference interpreter."""

    engines = [Engine(pack, engine="reference", readings=False) for pack in (left, right)]

    def answers(engine: Engine, record: Household) -> dict[tuple[str, str], tuple[str, Any]]:
        found = {}
        for f in engine.evaluate(record, as_of=day).findings:
            ends = (None, None) if f.amount is None else (f.amount.low, f.amount.high)
            found[f.rule.id, f.subject] = ("NONE" if f.verdict is None else str(f.verdict), ends)
        return found

    def people_of(record: Household, subjects: tuple[str | None, ...]) -> Iterator[str]:
        folded = None not in subjects and len(set(subjects)) > 1
        yield from [m.id for m in record.members] if "member" in subjects and not folded else [""]

    def state(
        found: Any, rule: Any, subject: str, record: Household, folded: bool
    ) -> tuple[str, Any]:
        if rule is None:
            return "NONE", (None, None)
        if not folded or rule.subject == "household":
            said, ends = found[rule.id, subject]
            return said, (None, None) if folded else ends
        each = [found[rule.id, m.id][0] for m in record.members]
        items = record.row.get("members")
        if not rule.in_force.holds(day):
            return "NONE", (None, None)
        open_ = "UNKNOWN" in each or items is None or not getattr(items, "complete", False)
        return ("YES" if "YES" in each else "UNKNOWN" if open_ else "NO"), (None, None)

    counts: Counter[Any] = Counter()
    rows: set[tuple[str, ...]] = set()
    for record in people:
        try:
            both = [answers(engine, record) for engine in engines]
        except PolicyRulesError:
            continue
        for pair in rule_pairs(left, right, day, day):
            folded = None not in pair.subjects and len(set(pair.subjects)) > 1
            for subject in people_of(record, pair.subjects):
                old, new = (
                    state(f, r, subject, record, folded)
                    for f, r in zip(both, (pair.left, pair.right), strict=True)
                )
                counts[pair.rule.id, old[0], new[0]] += 1
                before, after = ("NO" if s == "NONE" else s for s in (old[0], new[0]))
                if before != after or (before == "YES" and old[1] != new[1]):
                    rows.add((record.id, subject, pair.rule.id, old[0], new[0]))
    return counts, rows


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
@pytest.mark.no_cover
def test_on_random_packs_and_records_it_is_what_the_reference_says(seed: int) -> None:
    rng = random.Random(seed)
    left, right = (load_texts(random_pack(rng)) for _ in range(2))
    sampler = Sampler(left, gap=rng.choice((0.05, 0.3)), derived=0.1)
    people = [read_record(sampler.record(rng) | {"id": f"h{i}"}) for i in range(12)]
    day = sampler.as_of(rng)
    counts, rows = by_hand(left, right, people, day)
    report = assess_impact(left, right, people, as_of=day, size=5, everywhere=True)
    found: Counter[Any] = Counter()
    for rule in (*report.rules, *report.unpaired):
        for (before, after), n in rule.transitions.items():
            found[rule.pair.rule.id, before, after] += n
    assert found == counts
    told = report.changes.with_columns(
        pl.when(pl.col("right_rule") == "").then("left_rule").otherwise("right_rule").alias("rule")
    )
    listed_ = told.select("record", "subject", "rule", "left", "right").rows()
    assert {tuple(map(str, r)) for r in listed_} == rows
    assert report.touched.households == len({r[0] for r in rows})


# -- reports ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rules folder with a frozen version and a later one, and a file of people."""
    root = rules_with(tmp_path_factory.mktemp("county"))
    frozen.freeze(load_pack("sample", root), root)
    rules_with(root, "1.1.0", "9000")
    lines = [{**p, "id": "=cmd" if p["id"] == "between" else p["id"]} for p in PEOPLE]
    (root / "people.jsonl").write_text("".join(f"{json.dumps(p)}\n" for p in lines), "utf-8")
    return root


def run(county: Path, *args: object) -> Result:
    given = ("sample@1.0.0", "sample", county / "people.jsonl", "--rules", county, "--as-of", DAY)
    return CliRunner().invoke(app, [str(a) for a in ("impact", *given, *args)])


def test_the_terminal_tells_who_moves_with_clauses_and_what_is_open(county: Path) -> None:
    out = run(county).stdout
    for words in ("sample@1.0.0", "sample@1.1.0", "测算 5 户 7 人", "结论有变化的 1 户 1 人", "1 → 1",
                  "=cmd", "否", "是", "第1条第1句", "“待定”不是“否”", "由有关部门决定"):  # fmt: skip
        assert words in out, words
    assert "A ↓ B →" not in out
    assert "A ↓ B →" in run(county, "--all").stdout
    english = run(county, "--lang", "en").stdout
    assert "asked about 5 households, 7 persons; answers change for 1 households" in english
    assert "UNKNOWN is not NO" in english


def test_plain_data_has_everything_and_no_names(county: Path) -> None:
    body = json.loads(run(county, "--format", "json").stdout)
    assert body["touched"] == {"households": 1, "persons": 1}
    assert body["totals"]["flag"]["gains"] == {"households": 1, "persons": 1}
    assert body["totals"]["flag"]["undetermined"]["right"]["households"] == 1
    assert list(body["changes"][0]) == list(LISTED)
    assert body["changes"][0]["left_clauses"] == "1#1"
    assert (body["left"]["version"], body["right"]["version"]) == ("1.0.0", "1.1.0")


def test_the_workbook_has_totals_rules_transitions_and_the_list(
    county: Path, tmp_path: Path
) -> None:
    for lang, names in (
        ("zh", ["合计", "按规则", "结论变化", "名单", "说明"]),
        ("en", ["totals", "by rule", "transitions", "list", "notes"]),
    ):
        path = tmp_path / f"{lang}.xlsx"
        assert run(county, "-o", path, "--lang", lang).exit_code == 0
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == names
        totals = {
            (r[0], r[1]): r[2:4] for r in book[names[0]].iter_rows(min_row=2, values_only=True)
        }
        flag = ("标识", "新增符合") if lang == "zh" else ("flag", "gains")
        assert totals[flag] == (1, 1)
        (row,) = book[names[3]].iter_rows(min_row=2, values_only=True)
        assert row[0] == "=cmd"
        cell = book[names[3]]["A2"]
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        assert all(book[n].freeze_panes for n in names)
        rules = [r[0] for r in book[names[1]].iter_rows(min_row=2, values_only=True)]
        assert rules[0] == ("重点帮扶户" if lang == "zh" else "focus household")  # what moves first
    again = tmp_path / "again.xlsx"
    run(county, "-o", again, "--lang", "en")
    assert again.read_bytes() == path.read_bytes()


def test_parquet_takes_the_whole_list(county: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    result = run(county, "-o", path)
    assert result.exit_code == 0
    found = pl.read_parquet(path)
    assert found.columns == list(LISTED)
    assert found.select("record", "kind", "left", "right").rows() == [
        ("=cmd", "gains", "NO", "YES")
    ]
    assert "新增符合" in result.stdout  # the totals are told all the same


def test_markdown_has_a_transition_table_a_rule(county: Path, tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    run(county, "-o", path, "--lang", "en")
    text = path.read_text("utf-8")
    assert "| A ↓ B → | YES | NO | UNKNOWN |" in text
    assert "| NO | 1 | 2 | 0 |" in text
    assert run(county, "--format", "markdown", "--lang", "en").stdout == text


def test_an_overlay_stands_on_one_side(county: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("pack: sample\n", "utf-8")
    body = json.loads(run(county, "--b-overlay", overlay, "--format", "json").stdout)
    assert (body["left"]["overlays"], len(body["right"]["overlays"])) == ([], 1)


def test_a_bad_value_is_told_and_the_household_stays(county: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.jsonl"
    people.write_text('{"id": "h", "type": "lifted", "size": "many"}\nno record\n', "utf-8")
    given = ("sample@1.0.0", "sample", people, "--rules", county, "--as-of", DAY)
    result = CliRunner().invoke(app, [str(a) for a in ("impact", *given)])
    assert result.exit_code == 0
    assert "2 户" in result.stdout
    assert "1 条记录完全读不出" in result.stdout
    assert "not_a_number" in result.output


def test_a_kind_of_file_there_is_not(county: Path, tmp_path: Path) -> None:
    result = run(county, "-o", tmp_path / "x.pdf")
    assert result.exit_code == 2
    assert ".xlsx" in result.output


def test_every_kind_has_its_words() -> None:
    from policy_rules.render import impact_book, impact_words

    assert set(impact_words.KINDS) == set(impact_book._FILLS) == set(KINDS)
