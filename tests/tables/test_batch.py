"""A run over a population: the same as record by record, whatever breaks it off."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import made_up
import openpyxl
import polars as pl
import pytest

from policy_rules.engine.engine import Engine
from policy_rules.errors import EvaluationError, NotFoundError, PolicyRulesError, RecordError
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.registry import load_pack
from policy_rules.render.staff import StaffWording
from policy_rules.tables import batch_answers, batch_beside, batch_manifest, outputs
from policy_rules.tables.batch import BatchOptions, BatchReport, run_batch
from policy_rules.tables.batch_records import Source, harmless, read_leniently
from policy_rules.tables.staff_book import sheet_name
from policy_rules.tables.summary import percent
from policy_rules.testing.sampling import Sampler

DAY = date(2023, 6, 30)
IDENTITY = "530103198001011234"


def family(i: int, **facts: Any) -> dict[str, Any]:
    """A household of the made-up county."""
    return {
        "kind": "household",
        "id": f"h{i}",
        "region": f"990101{i % 3:03d}{i % 5:03d}",
        "type": ("lifted", "ordinary")[i % 2],
        "size": 2,
        "incomes": {"2022": {"net": 15_990 + i}},
        "members": [{"labour": "ordinary"}, {"labour": None}],
        **facts,
    }


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Two packs: of the county 990101, and a copy of it for 980101."""
    for name, code, line in (("sample", "990101", "8000"), ("other", "980101", "7000")):
        for file, text in made_up.texts(line).items():
            path = tmp_path / "rules" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = text.replace("id: sample", f"id: {name}").replace("990101", code)
            path.write_text(text, "utf-8")
    return tmp_path / "rules"


def lines(path: Path, records: list[Any]) -> Path:
    text = "".join(
        (r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in records
    )
    path.write_text(text, "utf-8")
    return path


def options(rules: Path, **changes: Any) -> BatchOptions:
    given = {"packs": ("sample",), "rules": rules, "as_of": DAY, "engine": "reference", "size": 7}
    return BatchOptions(**{**given, **changes})


def run(
    tmp: Path, rules: Path, records: list[Any], name: str = "out.parquet", **changes: Any
) -> BatchReport:
    source = lines(tmp / "in.jsonl", records)
    wording = StaffWording(changes.get("lang", "zh"))
    return run_batch(source, tmp / name, options(rules, **changes), wording=wording)


def rows(report: BatchReport) -> list[dict[str, Any]]:
    return pl.read_parquet(report.output).to_dicts()


# -- what is given ----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["reference", "polars", "duckdb"])
@pytest.mark.parametrize("name", ["yunnan/dongchuan", "guangxi"])
@pytest.mark.no_cover
def test_every_finding_is_that_of_a_single_evaluation(
    tmp_path: Path, engine: str, name: str
) -> None:
    pack = load_pack(name)
    sampler, rng = Sampler(pack), random.Random(4)
    day = pack.in_force.end
    records = [sampler.record(rng) | {"id": f"h{i}"} for i in range(60)]
    text = [json.dumps(r, default=float) for r in records]
    source = lines(tmp_path / "in.jsonl", text)
    given = BatchOptions(packs=(name,), as_of=day, engine=engine, everything=True, missing=True)
    report = run_batch(source, tmp_path / "out.parquet", given)
    assert not report.summary.tally.errors
    assert not report.summary.tally.fallback
    single = Engine(pack, engine="reference", readings=False)
    expected = []
    for i, one in enumerate(text, 1):
        record, _ = read_leniently(json.loads(one), pack.vocabulary)
        for f in single.evaluate(record, as_of=day):
            expected.append((*batch_beside.core_of(i, f), "; ".join(f.clauses)))
    keys = [*batch_beside.CORE, "clauses"]
    assert pl.read_parquet(report.output).select(keys).rows() == expected


def test_the_long_form_gives_yes_and_unknown_and_on_request_all(
    tmp_path: Path, rules: Path
) -> None:
    records = [family(i) for i in range(20)]
    few = rows(run(tmp_path, rules, records))
    assert {r["verdict"] for r in few} == {"YES"}
    every = rows(run(tmp_path, rules, records, "all.parquet", everything=True))
    assert [r for r in every if r["verdict"] != "NO"] == few
    assert len(every) == 2 * len(records)
    first = few[0]
    assert (first["record"], first["rule"], first["clauses"]) == ("h0", "focus_household", "1#1")
    assert (few[1]["amount_low"], few[1]["amount_high"], few[1]["unit"]) == ("300", "300", "yuan")


def test_missing_names_what_an_open_answer_lacks_and_who_can_tell(
    tmp_path: Path, rules: Path
) -> None:
    report = run(tmp_path, rules, [family(1, type=None)], missing=True)
    (row,) = [r for r in rows(report) if r["verdict"] == "UNKNOWN"]
    assert (row["missing"], row["lacking"]) == ("household.type", "户类型")
    assert row["ask"]


def test_the_summary_tells_the_share_decided_and_the_column_that_would_decide_most(
    tmp_path: Path, rules: Path
) -> None:
    # focus_household: 4 open (type unknown in 3, income in 1), 6 decided; public_post: all 10 decided
    records = [family(i) for i in range(6)] + [family(i, type=None) for i in range(3)]
    records.append(family(10, incomes=None))
    summary = run(tmp_path, rules, records, missing=True).summary
    shares = {r.rule: (r.decided, r.unknown) for r in summary.rules}
    assert shares == {"focus_household": (pytest.approx(0.6), 4), "public_post": (1, 0)}
    assert summary.decided == pytest.approx(16 / 20)
    most = summary.lacking[0]
    assert (most.name, most.open, most.alone) == ("household.type", 3, 3)


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    from fractions import Fraction

    assert percent(Fraction(9999, 10_000)) == "99.9%"
    assert percent(Fraction(1, 10_000)) == "<0.1%"
    assert (percent(Fraction(1)), percent(Fraction(0)), percent(None)) == ("100.0%", "0.0%", "—")


def test_the_wide_form_has_a_row_a_record_whatever_happens_to_it(
    tmp_path: Path, rules: Path
) -> None:
    records = [family(0), "{broken", family(2, type=None), family(3)]
    report = run(tmp_path, rules, records, wide=True)
    found = rows(report)
    assert [r["record"] for r in found] == ["h0", "", "h2", "h3"]
    assert [r["focus_household"] for r in found] == ["YES", None, "UNKNOWN", "NO"]
    assert [r["code"] for r in found] == [None, "bad_json", None, None]
    assert [r["public_post.amount"] for r in found] == ["300", None, "300", "300"]


def test_a_wide_cell_about_members_knows_an_incomplete_list(tmp_path: Path) -> None:
    pack = load_pack("yunnan/dongchuan")
    day = pack.in_force.end
    rule = next(r.id for r in pack.rules.values() if r.subject == "member")
    records = [
        {"id": str(i), "members": m}
        for i, m in enumerate([[], None, {"items": [], "complete": False}])
    ]
    given = BatchOptions(packs=(pack.id,), as_of=day, wide=True, engine="reference")
    report = run_batch(lines(tmp_path / "in.jsonl", records), tmp_path / "o.parquet", given)
    assert [r[rule] for r in rows(report)] == ["NO", "UNKNOWN", "UNKNOWN"]


def test_packs_are_chosen_by_region_and_day(tmp_path: Path, rules: Path) -> None:
    records = [
        family(0),
        family(1, region="980101"),
        family(2, region=None),
        family(3, region="110101"),
        family(4, as_of="2030-01-01"),
    ]
    report = run(tmp_path, rules, records, packs=(), as_of=None, everything=True)
    assert report.summary.tally.errors == {"no_date": 4}
    report = run(tmp_path, rules, records, "o.parquet", packs=(), everything=True)
    found = {(r["record"], r["pack"], r["code"]) for r in rows(report)}
    assert found == {
        ("h0", "sample", None),
        ("h1", "other", None),
        ("h2", None, "no_region"),
        ("h3", None, "no_pack_applies"),
        ("h4", "sample", None),
    }
    wide = run(tmp_path, rules, records, "w.parquet", packs=(), wide=True)
    assert {"other/focus_household", "sample/focus_household"} <= set(rows(wide)[0])


# -- bad input ----------------------------------------------------------------------------------------


def test_a_bad_value_becomes_unknown_and_the_household_stays(tmp_path: Path, rules: Path) -> None:
    records = [
        family(0, type="脱贫户吧"),
        family(1, members=[{"labour": "ordinary"}, "张三"]),
        "[1]",
    ]
    report = run(tmp_path, rules, records, everything=True)
    tally = report.summary.tally
    assert (tally.records, tally.answered, tally.marked) == (3, 2, 1)
    found = {(r["record"], r["rule"]): r for r in rows(report)}
    assert found["h0", "focus_household"]["verdict"] == "UNKNOWN"
    assert found["", ""]["code"] == "wrong_type"
    assert report.problems is not None
    told = list(csv.DictReader(report.problems.read_text("utf-8-sig").splitlines()))
    assert [(t["row"], t["path"], t["code"]) for t in told] == [
        ("1", "type", "not_allowed"),
        ("2", "members.1", "wrong_type"),
        ("3", "", "wrong_type"),
    ]
    assert "张三" not in report.problems.read_text("utf-8")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"members": [{"labour": "ordinary"}, "x"]}, "wrong_type"),
        ({"members": [{"id": "a"}, {"id": "a", "labour": "lost"}]}, "duplicate_member"),
        ({"members": [{}, {"id": "m1"}]}, "duplicate_member"),
        ({"members": [{"health": ["healthy", "fine"]}]}, "not_allowed"),
        ({"张三": 1, "李四": 2}, "unknown_key"),
        ({"size": float("nan")}, "not_finite"),
        ({"members": 3, "typ": "lifted", "incomes": {"1066": {}}}, "wrong_type"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_nothing_else(facts: dict[str, Any], code: str) -> None:
    vocabulary = load_vocabulary()
    record, problems = read_leniently({"id": "h", "type": "lifted", **facts}, vocabulary)
    assert code in {p.code for p in problems}
    assert record.row["type"] == "lifted"
    members = record.row.get("members")
    if code == "wrong_type" and members is not None:
        assert not members.complete  # counts over it become ranges
        assert len(members.rows) == 1
    if code == "duplicate_member":
        assert len({m.id for m in members.rows}) == 2
    if code == "not_allowed":
        assert "health" not in members.rows[0]  # what the set holds is not known


def test_strict_refuses_with_every_mistake_and_writes_nothing(tmp_path: Path, rules: Path) -> None:
    records = [family(i, type="x") for i in range(9)] + ["{"]
    with pytest.raises(RecordError) as caught:
        run(tmp_path, rules, records, strict=True)
    assert [p.place.line for p in caught.value.problems] == list(range(1, 11))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "rules"]


@pytest.mark.parametrize("form", ["yaml", "folder"])
def test_a_list_and_a_folder_of_records_are_read_too(
    tmp_path: Path, rules: Path, form: str
) -> None:
    records = [family(i) for i in range(9)]
    source = tmp_path / "in.json"
    if form == "yaml":
        source.write_text(json.dumps(records), "utf-8")
    else:
        source = tmp_path / "in"
        source.mkdir()
        for i, record in enumerate(records):
            (source / f"{i}.yaml").write_text(json.dumps(record), "utf-8")
    report = run_batch(source, tmp_path / "o.parquet", options(rules))
    assert pl.read_parquet(report.output).equals(
        pl.read_parquet(run(tmp_path, rules, records, "p.parquet").output)
    )


def test_a_record_whose_evaluation_fails_is_marked_and_the_run_goes_on(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = Engine.evaluate

    def failing(self: Engine, record: Any, **given: Any) -> Any:
        if record.id == "h3":
            raise ZeroDivisionError(IDENTITY)
        return evaluate(self, record, **given)

    monkeypatch.setattr(Engine, "evaluate", failing)
    report = run(tmp_path, rules, [family(i) for i in range(9)])
    marked = [r for r in rows(report) if r["status"] == "error"]
    assert [(r["record"], r["code"], r["verdict"]) for r in marked] == [
        ("h3", "record_failed", None)
    ]
    assert report.summary.tally.answered == 8


def test_a_record_on_which_the_engines_disagree_is_marked_and_the_run_goes_on(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = batch_answers.column_answers

    def wrong(*given: Any) -> pl.DataFrame:
        found = honest(*given)
        assert found is not None
        lie = (pl.col("row") == 4) & (pl.col("rule") == "focus_household")
        said = pl.when(lie).then(pl.lit("UNKNOWN")).otherwise("verdict")
        return found.with_columns(said.alias("verdict"))

    monkeypatch.setattr(batch_answers, "column_answers", wrong)
    records = [family(i) for i in range(9)]
    report = run(tmp_path, rules, records, engine="polars", size=None)
    marked = [r for r in rows(report) if r["status"] == "error"]
    assert [(r["record"], r["code"]) for r in marked] == [("h3", "engine_disagreement")]


# -- privacy -------------------------------------------------------------------------------------------


def test_identity_numbers_never_reach_the_output(tmp_path: Path, rules: Path) -> None:
    people = [{"id": IDENTITY, "labour": None}, {"id": f"{IDENTITY}44", "labour": "lost"}]
    records = [family(0, id=IDENTITY, members=people, 户主姓名="张三")]
    for name in ("o.parquet", "o.csv", "o.xlsx"):
        report = run(tmp_path, rules, records, name, missing=True)
        for file in tmp_path.glob(f"{name}*"):
            assert IDENTITY.encode() not in file.read_bytes()
            assert "张三".encode() not in file.read_bytes()
        if name == "o.parquet":
            row = next(r for r in rows(report) if r["verdict"] == "UNKNOWN")
            assert (row["record"], row["missing"]) == ("#1", "member.labour@#1")
    assert harmless("h530103", 1) == "h530103"
    assert harmless("530103001000123456", 1) == "530103001000123456"  # a household's number


def test_columns_are_carried_along_only_on_request(tmp_path: Path, rules: Path) -> None:
    records = [family(0, 村名="河边村", type="lifted")]
    found = rows(run(tmp_path, rules, records, carry=("村名", "type", "无此列")))
    assert (found[0]["村名"], found[0]["type"], found[0]["无此列"]) == ("河边村", "lifted", None)
    assert found[0]["rule"] == "focus_household"  # a fact that is carried along is still a fact
    with pytest.raises(NotFoundError) as caught:
        run(tmp_path, rules, records, "p.parquet", carry=("verdict",))
    assert caught.value.problems[0].code == "shadowed_name"


def test_a_table_is_read_and_its_columns_carried_along_by_member(tmp_path: Path) -> None:
    heads = "户编号,人编号,姓名,与户主关系,户类型,年度家庭人口数,劳动技能,村,备注"
    body = ["1,11,张三,户主,脱贫户,2,普通劳动力,河边村,a", "1,12,李四,配偶,脱贫户,2,瞎写,河边村,b"]
    body.append("2,21,王五,户主,一般农户,1,无劳动力,山上村,")
    source = tmp_path / "county.csv"
    source.write_text("\n".join([heads, *body]) + "\n", "utf-8")
    given = BatchOptions(
        packs=("yunnan/dongchuan",), as_of=date(2022, 12, 31), everything=True,
        carry=("姓名", "备注"), reading={"region": "530113"}, size=1,
    )  # fmt: skip
    report = run_batch(source, tmp_path / "o.parquet", given)
    found = {(r["record"], r["subject"], r["姓名"], r["备注"], r["region"]) for r in rows(report)}
    people = load_pack("yunnan/dongchuan")
    assert any(r.subject == "member" for r in people.rules.values())
    assert {(r[0], r[2], r[3], r[4]) for r in found if r[1] == ""} == {
        ("1", "张三", "a", "530113"),
        ("2", "王五", "", "530113"),
    }
    assert {(r[0], r[2], r[3]) for r in found if r[1]} == {
        ("1", "张三", "a"),
        ("1", "李四", "b"),
        ("2", "王五", ""),
    }
    assert report.summary.tally.problems == {"not_allowed": 1}
    plain = run_batch(source, tmp_path / "p.parquet", attrs.evolve(given, carry=()))
    assert "张三".encode() not in plain.output.read_bytes()


def test_where_a_column_engine_fails_the_reference_answers_and_it_is_said(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    records = [family(i) for i in range(9)]
    expected = rows(run(tmp_path, rules, records))
    monkeypatch.setattr(batch_answers, "column_answers", broken)
    report = run(tmp_path, rules, records, "p.parquet", engine="polars")
    assert report.summary.tally.fallback == {"ZeroDivisionError": 9}
    assert rows(report) == expected


# -- formulas ------------------------------------------------------------------------------------------

RISKY = ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@x", "\t=1", " =1", "＝1", "|x", "\r=2"]
PLAIN = ["-5", "-1/3", "h-1", "300", "-2.50", "", "1=1"]


def test_no_text_of_a_csv_is_taken_for_a_formula(tmp_path: Path) -> None:
    kinds = outputs.schema(["a"])
    frame = pl.DataFrame({"a": RISKY + PLAIN})
    outputs.write_csv(tmp_path / "o.csv", iter([frame]), kinds)
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as file:
        read = [r["a"] for r in csv.DictReader(file)]
    assert read == [f"'{t}" for t in RISKY] + PLAIN == [outputs.guarded(t) for t in RISKY + PLAIN]


def test_no_text_of_a_workbook_is_a_formula(tmp_path: Path, rules: Path) -> None:
    records = [family(i, id=text, 村名=text) for i, text in enumerate(RISKY)]
    report = run(tmp_path, rules, records, "o.xlsx", carry=("村名",))
    book = openpyxl.load_workbook(report.output)
    cells = [c for s in book for row in s.iter_rows() for c in row if c.value is not None]
    assert {c.data_type for c in cells} <= {"s", "n"}
    assert "=1+1" in {c.value for c in cells}


# -- the workbook --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_has_a_sheet_a_township_that_staff_can_work_from(
    tmp_path: Path, rules: Path, lang: Any
) -> None:
    records = [family(i, type=None if i == 4 else "lifted") for i in range(12)]
    records += [family(20, region="990101"), "{"]
    report = run(tmp_path, rules, records, "o.xlsx", lang=lang)
    book = openpyxl.load_workbook(report.output)
    last = {"zh": "未写地区", "en": "no region"}[lang]
    assert book.sheetnames[1:] == ["990101000", "990101001", "990101002", last]
    sheet = book["990101001"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:J{sheet.max_row}"
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")
    body = list(sheet.iter_rows(min_row=2, values_only=True))
    open_ = next(r for r in body if r[0] == "h4" and r[8])
    yes = next(r for r in body if r[0] == "h1")
    if lang == "zh":
        assert open_[2:5] == ("重点帮扶户", "标识", "待定")
        assert open_[7:10] == ("尚不清楚：本户的户类型为“脱贫户”", "户类型", "村委会")
        assert yes[4] == "可能符合"
        assert "8000" in yes[7].replace(",", "")
        assert "每月300元" in {r[5] for r in body}
    else:
        assert open_[2:5] == ("focus household", "flag", "open")
        assert yes[4] == "may be eligible"
        assert not any("一" <= c <= "鿿" for r in body for cell in r if cell for c in cell)
    assert {r[4] for r in book[last].iter_rows(min_row=2, values_only=True)} & {
        "未能判定 (bad_json)",
        "not answered (bad_json)",
    }


def test_a_sheet_is_split_when_it_grows_too_long(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from policy_rules.tables import batch

    made = batch.Book
    monkeypatch.setattr(batch, "Book", lambda *a: attrs.evolve(made(*a), most_rows=10))
    report = run(tmp_path, rules, [family(0) for _ in range(12)], "o.xlsx")
    book = openpyxl.load_workbook(report.output)
    assert book.sheetnames[1:] == ["990101000", "990101000 (2)", "990101000 (3)"]
    assert [s.max_row - 1 for s in book.worksheets[1:]] == [10, 10, 4]


def test_sheet_names_are_safe_and_unique() -> None:
    taken: set[str] = set()
    titles = ["a/b", "A:B", "'x'", "History", "", "长" * 40, "长" * 35, "a\x07"]
    names = [sheet_name(t, taken) for t in titles]
    assert names[:5] == ["a_b", "A_B (2)", "x", "History_", "_"]
    assert len({n.lower() for n in names}) == len(titles)
    assert all(0 < len(n) <= 31 for n in names)


def test_sheets_go_by_village_or_by_a_column(tmp_path: Path, rules: Path) -> None:
    records = [family(i, 村名=f"村{i % 2}") for i in range(4)]
    report = run(tmp_path, rules, records, "v.xlsx", sheets="village")
    assert openpyxl.load_workbook(report.output).sheetnames[1] == "990101000000"
    report = run(tmp_path, rules, records, "c.xlsx", sheets="村名", carry=("村名",))
    assert openpyxl.load_workbook(report.output).sheetnames[1:] == ["村0", "村1"]
    with pytest.raises(NotFoundError):
        run(tmp_path, rules, records, "d.xlsx", sheets="村名")


# -- broken off, and gone on with -----------------------------------------------------------------------


class Crash(BaseException):
    """What stands for a machine that stops."""


@pytest.mark.parametrize("name", ["o.parquet", "o.csv", "o.xlsx"])
@pytest.mark.parametrize("wide", [False, True])
def test_a_run_that_stops_at_any_step_goes_on_to_the_same_bytes(
    tmp_path: Path, rules: Path, name: str, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wide and name == "o.xlsx":
        pytest.skip("a workbook is long")
    records = [family(i, type="x" if i % 4 == 0 else "lifted") for i in range(20)]
    whole = run(tmp_path, rules, records, f"whole-{name}", wide=wide)
    replace, steps = Path.replace, 0

    def stop_at(step: int) -> None:
        count = 0

        def replaced(self: Path, target: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise Crash
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", replaced)

    given = options(rules, wide=wide)
    for step in range(1, 100):
        stop_at(step % 5 + 1)
        try:
            run_batch(
                tmp_path / "in.jsonl",
                tmp_path / name,
                given,
                resume=True,
                wording=StaffWording("zh"),
            )
            break
        except Crash:
            steps += 1
    assert steps > 5
    assert (tmp_path / name).read_bytes() == whole.output.read_bytes()
    assert not (tmp_path / f"{name}.parts").exists()
    for end in (".problems.csv",):
        assert (tmp_path / f"{name}{end}").read_bytes() == (
            whole.output.with_name(f"{whole.output.name}{end}").read_bytes()
        )


SCRIPT = """
import sys, time
from datetime import date
from pathlib import Path
from policy_rules.tables.batch import BatchOptions, run_batch
from policy_rules.render.staff import StaffWording
source, output, rules = map(Path, sys.argv[1:4])
options = BatchOptions(packs=("sample",), rules=rules, as_of=date(2023, 6, 30), engine="reference", size=40)
print("ready", flush=True)
run_batch(source, output, options, resume=True, wording=StaffWording("zh"))
print("done", flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
@pytest.mark.parametrize("name", ["o.parquet", "o.xlsx"])
@pytest.mark.no_cover
def test_a_run_killed_at_random_points_goes_on_to_the_same_bytes(
    tmp_path: Path, rules: Path, name: str
) -> None:
    records = [family(i) for i in range(1200)]
    whole = run(tmp_path, rules, records, f"whole-{name}", size=40)
    expected, rng = whole.output.read_bytes(), random.Random(name)
    parts, killed, done = tmp_path / f"{name}.parts", 0, []
    command = [sys.executable, "-c", SCRIPT, tmp_path / "in.jsonl", tmp_path / name, rules]
    for attempt in range(30):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        wait = rng.uniform(0, 0.25) if attempt < 6 else 120
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            done.append(len(list(parts.glob("*.json"))))
            output = tmp_path / name
            assert not output.exists() or output.read_bytes() == expected
        process.stdout.close()
        if process.returncode == 0:
            break
    assert killed >= 1
    assert done == sorted(done)  # what was done stayed done
    assert (tmp_path / name).read_bytes() == expected


def test_an_unfinished_run_is_not_begun_anew_nor_gone_on_with_under_other_options(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = lines(tmp_path / "in.jsonl", [family(i) for i in range(20)])
    with monkeypatch.context() as at:
        at.setattr(batch_manifest.Workplace, "keep", _stop)
        with pytest.raises(Crash):
            run_batch(source, tmp_path / "o.parquet", options(rules))
    assert codes(source, tmp_path / "o.parquet", options(rules)) == ["run_unfinished"]
    other = options(rules, as_of=date(2023, 7, 1), lang="en")
    assert codes(source, tmp_path / "o.parquet", other, resume=True) == ["run_differs"] * 2
    source.write_text(source.read_text("utf-8") + "\n", "utf-8")
    apart = codes(source, tmp_path / "o.parquet", options(rules), resume=True)
    assert apart == ["run_differs"] * 2  # size and digest of the input
    assert (tmp_path / "o.parquet.parts").exists()


def _stop(*_: object) -> None:
    raise Crash


def codes(*given: Any, **more: Any) -> list[str]:
    with pytest.raises(PolicyRulesError) as caught:
        run_batch(*given, **more)
    return [p.code for p in caught.value.problems]


def test_a_run_that_ended_is_not_done_again(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = lines(tmp_path / "in.jsonl", [family(i) for i in range(20)])
    first = run_batch(source, tmp_path / "o.parquet", options(rules))
    monkeypatch.setattr(batch_manifest.Workplace, "keep", _stop)
    again = run_batch(source, tmp_path / "o.parquet", options(rules), resume=True)
    assert (again.digest, again.resumed, again.records) == (first.digest, 20, 20)
    assert not (tmp_path / "o.parquet.parts").exists()


def test_a_damaged_part_is_done_again(tmp_path: Path, rules: Path) -> None:
    whole = run(tmp_path, rules, [family(i) for i in range(20)], "whole.parquet")
    source, output = tmp_path / "in.jsonl", tmp_path / "o.parquet"
    with pytest.MonkeyPatch().context() as at:
        at.setattr(outputs, "write_parquet", _stop)
        with pytest.raises(Crash):
            run_batch(source, output, options(rules))
    part = tmp_path / "o.parquet.parts" / "00002.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    report = run_batch(source, output, options(rules), resume=True)
    assert report.resumed == 13
    assert output.read_bytes() == whole.output.read_bytes()


def test_two_runs_do_not_write_in_one_place(tmp_path: Path, rules: Path) -> None:
    pytest.importorskip("fcntl")
    source = lines(tmp_path / "in.jsonl", [family(0)])
    with batch_manifest.Workplace(tmp_path / "o.parquet"):
        assert codes(source, tmp_path / "o.parquet", options(rules)) == ["cannot_write"]


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize("name", ["o.parquet", "o.csv", "o.xlsx"])
def test_a_full_disk_is_a_problem_and_loses_nothing_done(
    tmp_path: Path, rules: Path, name: str
) -> None:
    # parts fit the limit, the joined file does not
    whole = run(tmp_path, rules, [family(i) for i in range(1200)], f"whole-{name}", size=40)
    size = whole.output.stat().st_size
    limit = size - 1 if name != "o.xlsx" else size // 2
    script = FULL + SCRIPT
    command = [
        sys.executable,
        "-c",
        script,
        tmp_path / "in.jsonl",
        tmp_path / name,
        rules,
        str(limit),
    ]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "cannot_write" in failed.stderr
    assert not (tmp_path / name).exists()
    parts = list((tmp_path / f"{name}.parts").glob("0*.json"))
    assert parts
    report = run_batch(
        tmp_path / "in.jsonl",
        tmp_path / name,
        options(rules, size=40),
        resume=True,
        wording=StaffWording("zh"),
    )
    assert report.resumed >= 40
    assert report.output.read_bytes() == whole.output.read_bytes()


def test_the_receipt_says_what_the_output_rests_on(tmp_path: Path, rules: Path) -> None:
    report = run(tmp_path, rules, [family(i) for i in range(3)])
    body = json.loads((tmp_path / "out.parquet.run.json").read_text("utf-8"))
    assert body["output"]["sha256"] == report.digest
    pack = load_pack("sample", rules)
    assert body["run"]["packs"] == {"sample": f"1.0.0 {pack.digest}"}
    assert body["run"]["input"]["sha256"] == Source.of(tmp_path / "in.jsonl").digest
    assert body["summary"]["records"] == 3


def test_ranges_end_by_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from policy_rules.tables import batch_records

    monkeypatch.setattr(batch_records, "RANGE_BYTES", 1000)
    source = Source.of(lines(tmp_path / "in.jsonl", [family(i) for i in range(20)]))
    ranges = list(source.ranges(1000))
    assert sum(map(len, ranges)) == 20
    assert len(ranges) > 3
    assert [r.first for r in ranges[:2]] == [1, 1 + len(ranges[0])]


def test_an_output_of_another_kind_is_refused(tmp_path: Path, rules: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [family(0)])
    assert codes(source, tmp_path / "o.ods", options(rules)) == ["not_allowed"]
    wording = StaffWording("zh")
    assert codes(source, tmp_path / "o.xlsx", options(rules, wide=True), wording=wording) == [
        "conflicting_keys"
    ]
    with pytest.raises(EvaluationError):
        run_batch(source, tmp_path / "no" / "o.csv", options(rules))


# -- a vocabulary of its own ---------------------------------------------------------------------------


def test_a_run_reads_the_population_by_the_vocabulary_of_its_packs(tmp_path: Path) -> None:
    rules = made_up.boats(tmp_path / "rules")
    lines(tmp_path / "in.jsonl", [{"id": f"h{i}", "boats": i} for i in range(3)])
    options = BatchOptions(packs=("boats/small",), rules=rules, as_of=DAY, everything=True)
    run_batch(tmp_path / "in.jsonl", tmp_path / "out.parquet", options)
    assert pl.read_parquet(tmp_path / "out.parquet")["verdict"].to_list() == ["NO", "YES", "YES"]
