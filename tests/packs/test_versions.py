"""Frozen versions: what was frozen loads as it was, with its vocabulary; nothing frozen is changed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest
import yaml
from bad_versions import rules_with
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner, Result

from policy_rules import Determination, Engine, NotFoundError, PackError, load_pack
from policy_rules.cli.app import app
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs import versions as frozen
from policy_rules.packs.loader import digest_of, load_folder, load_head, pack_files
from policy_rules.packs.registry import list_packs, versions_of
from policy_rules.paths import rules_folder
from policy_rules.render import catalogue

HOUSEHOLD = {"id": "h1", "type": "lifted", "size": 1, "incomes": {2022: {"net": 8500}}}
DAY = "2023-06-30"


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def verdict(name: str, rules: Path) -> str:
    engine = Engine(load_pack(name, rules), engine="reference")
    return said(engine.evaluate(HOUSEHOLD, as_of=DAY))


def said(result: Determination) -> str:
    (found,) = (f for f in result.findings if f.rule.id == "focus_household")
    return str(found.verdict)


def moved_on(root: Path) -> Path:
    """The pack frozen as 1.0.0 with its line at 8,000, and now 1.1.0 with 9,000."""
    frozen.freeze(load_pack("sample", rules_with(root)), root)
    return rules_with(root, "1.1.0", "9000")


@pytest.mark.no_cover
def test_every_frozen_version_of_the_built_in_packs_loads_as_it_was() -> None:
    for name in list_packs():
        for version, one in versions_of(name).items():
            if one is not None:
                pack = load_pack(f"{name}@{version}")
                assert (pack.id, pack.version, pack.digest) == (name, version, one.digest)
                assert pack.vocabulary.digest == one.facts


def test_every_built_in_pack_is_frozen_in_its_present_version() -> None:
    for name, folder in list_packs().items():
        one = versions_of(name)[load_head(folder, name).version]
        files = {
            f: hashlib.sha256((folder / f).read_bytes()).hexdigest() for f in pack_files(folder)
        }
        assert one is not None
        assert one.digest == digest_of(files), f"{name}: raise its version"


def test_an_old_version_answers_as_it_did(tmp_path: Path) -> None:
    rules = moved_on(tmp_path)
    assert verdict("sample", rules) == "YES"
    for asked in ("sample@1.0.0", "sample@1.0", "sample@1"):
        assert verdict(asked, rules) == "NO"
        assert load_pack(asked, rules).version == "1.0.0"
    assert load_pack("sample@1.1.0", rules).folder  # not frozen: the pack as it stands
    assert {v: f is not None for v, f in versions_of("sample", rules).items()} == {
        "1.0.0": True,
        "1.1.0": False,
    }


def test_an_old_version_stays_when_the_pack_is_gone(tmp_path: Path) -> None:
    rules = moved_on(tmp_path)
    shutil.rmtree(rules / "sample")
    assert verdict("sample@1.0.0", rules) == "NO"
    with pytest.raises(NotFoundError, match="unknown_pack"):
        load_pack("sample", rules)


def test_an_overlay_lies_on_an_old_version_too(tmp_path: Path) -> None:
    old = load_pack("sample@1.0.0", moved_on(tmp_path))
    assert old.with_overlay({"pack": "sample"}).overlays


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        root = rules_with(tmp_path / name)
        frozen.freeze(load_pack("sample", root), root)
        paths = sorted((root / "versions").rglob("*.*"))
        found.append([(p.relative_to(root), p.read_bytes()) for p in paths])
    assert found[0] == found[1]
    assert [str(path) for path, _ in found[0]][:2] == [
        "versions/sample/1.0.0.tar.gz",
        "versions/sample/index.yaml",
    ]


def test_freezing_again_is_nothing_new_and_a_second_version_keeps_the_first(tmp_path: Path) -> None:
    root = moved_on(tmp_path)
    archive = root / "versions" / "sample" / "1.0.0.tar.gz"
    before = archive.read_bytes()
    first = frozen.freeze(load_pack("sample", root), root)
    again = frozen.freeze(load_pack("sample", root), root)
    assert (first.new, again.new) == (True, False)
    assert archive.read_bytes() == before
    assert list(frozen.frozen_versions(root, "sample")) == ["1.0.0", "1.1.0"]
    assert len(list((root / "versions" / "vocabulary").iterdir())) == 1  # shared


def test_a_lower_version_than_the_last_is_neither_frozen_nor_checked_good(tmp_path: Path) -> None:
    root = rules_with(tmp_path, "2.0.0")
    frozen.freeze(load_pack("sample", root), root)
    pack = load_pack("sample", rules_with(root, "1.9.9"))
    with pytest.raises(PackError, match="version_frozen"):
        frozen.freeze(pack, root)
    assert [p.code for p in frozen.check_versions(pack, root)] == ["version_not_raised"]


def test_a_raised_version_is_good(tmp_path: Path) -> None:
    root = moved_on(tmp_path)
    assert not list(frozen.check_versions(load_pack("sample", root), root))


# -- the vocabulary of then ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_then(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rules folder whose pack was frozen under a dictionary with a fact there is no more."""
    root = rules_with(tmp_path_factory.mktemp("then"))
    words = root / "then" / "vocabulary"
    words.mkdir(parents=True)
    text = (rules_folder() / "vocabulary" / "facts.yaml").read_text("utf-8")
    mark = "\n  household:\n"
    at = text.index("    facts:\n", text.index(mark, text.index("\nkinds:"))) + len("    facts:\n")
    fact = (
        "      listed_then:\n        type: bool\n        label: {zh: 旧项, en: old item}\n"
        "        question: {zh: 是否？, en: Is it?}\n        ask: household\n"
    )
    (words / "facts.yaml").write_text(text[:at] + fact + text[at:], "utf-8")
    shutil.copy(rules_folder() / "vocabulary" / "concepts.yaml", words)
    rule = root / "sample" / "rules" / "rules.yaml"
    rule.write_text(
        rule.read_text("utf-8").replace("household.type == lifted", "household.listed_then"),
        "utf-8",
    )
    pack = load_folder(root / "sample", "sample", load_vocabulary(root / "then"))
    with pytest.MonkeyPatch().context() as at_then:
        at_then.setattr(frozen, "rules_folder", lambda: root / "then")
        frozen.freeze(pack, root)
    shutil.rmtree(root / "then")
    return rules_with(root, "1.1.0")


def test_an_old_version_brings_the_vocabulary_it_was_written_for(of_then: Path) -> None:
    old, now = load_pack("sample@1.0.0", of_then), load_pack("sample", of_then)
    assert old.vocabulary.digest != now.vocabulary.digest == load_vocabulary().digest
    record = {**HOUSEHOLD, "listed_then": True, "incomes": {2022: {"net": 100}}}
    found = Engine(old).evaluate(record, as_of=DAY)
    assert said(found) == "YES"
    assert found.receipt.vocabulary_digest == old.vocabulary.digest


def test_commands_read_records_by_the_vocabulary_of_the_version(
    of_then: Path, tmp_path: Path
) -> None:
    path = tmp_path / "record.yaml"
    path.write_text(
        yaml.safe_dump({"listed_then": True, "size": 1, "incomes": {2022: {"net": 100}}}), "utf-8"
    )
    given = ("--rules", of_then, "--as-of", DAY)
    result = run("evaluate", path, "--pack", "sample@1.0.0", *given, "--format", "json")
    assert result.exit_code == 0, result.output
    (flag,) = (f for f in json.loads(result.stdout)["findings"] if f["rule"] == "focus_household")
    assert flag["verdict"] == "YES"
    refused = run("evaluate", path, "--pack", "sample", *given)
    assert refused.exit_code == 2
    assert "unknown_key" in refused.output
    apart = run("evaluate", path, "--pack", "sample@1", "--pack", "zhengzhou", *given)
    assert apart.exit_code == 2
    assert "事实词典不同" in apart.output

    people, out = tmp_path / "people.jsonl", tmp_path / "out.csv"
    people.write_text(
        json.dumps({"listed_then": True, "size": 1, "incomes": {"2022": {"net": 100}}}), "utf-8"
    )
    done = run("batch", people, "-o", out, "--pack", "sample@1.0.0", *given)
    assert done.exit_code == 0, done.output
    assert "focus_household" in out.read_text("utf-8")
    assert "unknown_key" not in done.output


def test_a_receipt_is_replayed_under_the_version_it_names(tmp_path: Path) -> None:
    root = rules_with(tmp_path / "rules")
    record, receipt = tmp_path / "record.yaml", tmp_path / "receipt.json"
    record.write_text(yaml.safe_dump(HOUSEHOLD), "utf-8")
    given = ("--rules", root, "--pack", "sample", "--as-of", DAY, "--format", "json")
    receipt.write_text(run("evaluate", record, *given).stdout, "utf-8")
    rules_with(root, "1.1.0", "9000")
    assert run("replay", receipt, record, "--rules", root).exit_code == 1
    rules_with(root, "1.0.0", "8000")
    moved_on(root)
    assert run("replay", receipt, record, "--rules", root).exit_code == 0


# -- damage ----------------------------------------------------------------------------------------


def packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(held.getvalue())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = rules_with(tmp_path_factory.mktemp("whole"))
    frozen.freeze(load_pack("sample", root), root)
    return root


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no archive",
        packed({"../../evil.yaml": b"a: 1"}),
        packed({"/etc/evil.yaml": b"a: 1"}),
        packed({"pack.yaml": b"id: sample"}),
        gzip.compress(b"\0" * (65 * 1024 * 1024)),
        gzip.compress(b"x" * 5000),
    ],
    ids=["empty", "text", "above", "absolute", "other", "bomb", "no-tar"],
)
def test_an_archive_that_is_not_what_was_frozen_is_refused(
    body: bytes, whole: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(whole, tmp_path / "rules")
    for archive in (root / "versions").rglob("*.tar.gz"):
        kept = archive.read_bytes()
        archive.write_bytes(body)
        with pytest.raises(PackError) as caught:
            load_pack("sample@1.0.0", root)
        assert {p.code for p in caught.value.problems} == {"version_damaged"}
        assert [p.code for p in frozen.check_versions(load_pack("sample", root), root)] == [
            "version_damaged"
        ]
        archive.write_bytes(kept)
    assert load_pack("sample@1.0.0", root)
    assert not (tmp_path / "evil.yaml").exists()


@given(st.data())
def test_a_flipped_byte_never_gives_another_pack(whole: Path, data: st.DataObject) -> None:
    one = frozen.frozen_versions(whole, "sample")["1.0.0"]
    body = bytearray(one.archive.read_bytes())
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    kept = one.archive.read_bytes()
    codes: set[str] = set()
    try:
        one.archive.write_bytes(bytes(body))
        assert frozen.load_frozen(one).digest == one.digest
    except PackError as error:
        codes = {p.code for p in error.problems}
    finally:
        one.archive.write_bytes(kept)
    assert codes <= {"version_damaged"}


@pytest.mark.parametrize(
    "name", ["sample@", "sample@@1", "../sample@1.0.0", "sample@1.0.0/x", "@1.0.0", "sample@../1"]
)
def test_names_that_are_none(name: str, whole: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        load_pack(name, whole)
    assert {p.code for p in caught.value.problems} <= {"bad_pack_name", "unknown_version"}


# -- commands --------------------------------------------------------------------------------------


def test_packs_lists_the_versions(tmp_path: Path) -> None:
    root = moved_on(tmp_path)
    listed = json.loads(run("packs", "--rules", root, "--format", "json").stdout)
    assert {p["id"]: p["versions"] for p in listed}["sample"] == ["1.0.0", "1.1.0"]
    held = io.StringIO()
    shown = catalogue.packs([load_pack("sample", root)], "en", {"sample": ["1.0.0", "1.1.0"]})
    Console(file=held, width=200).print(shown)
    assert "versions that can be loaded sample@: 1.0.0, 1.1.0" in held.getvalue()


def test_freeze_and_check_on_the_command_line(tmp_path: Path) -> None:
    root = rules_with(tmp_path)
    done = run("packs", "freeze", "--rules", root)
    assert (done.exit_code, "sample@1.0.0" in done.stdout) == (0, True)
    assert "早已固定" in run("packs", "freeze", "sample", "--rules", root).stdout
    rules_with(root, line="9000")
    checked = run("check", "--rules", root)
    assert checked.exit_code == 1
    assert "version_not_raised" in checked.stdout
    assert run("packs", "freeze", "sample", "--rules", root).exit_code == 2
    assert run("packs", "freeze", "sample@1.0.0", "--rules", root).exit_code == 2
    rules_with(root, "1.0.1", "9000")
    assert "version_not_raised" not in run("check", "--rules", root).stdout


def test_two_versions_stand_on_the_sides_of_a_diff_but_not_in_one_comparison(
    tmp_path: Path,
) -> None:
    root = moved_on(tmp_path)
    told = run(
        "diff", "sample@1.0.0", "sample", "--rules", root, "--lang", "en", "--format", "json"
    )
    (flag,) = (
        c for c in json.loads(told.stdout)["concepts"] if c["concept"] == "low_income_listing"
    )
    assert flag["pairs"][0]["differs"] == ["line", "condition"]
    refused = run("compare", "sample", "sample@1.0.0", "--rules", root)
    assert refused.exit_code == 2
    assert "packs_apart" in refused.output


def test_the_digest_of_the_index_is_that_of_receipts(whole: Path) -> None:
    one = frozen.frozen_versions(whole, "sample")["1.0.0"]
    pack = load_pack("sample", whole)
    facts = (rules_folder() / "vocabulary" / "facts.yaml").read_bytes()
    assert (one.digest, one.facts) == (pack.digest, hashlib.sha256(facts).hexdigest())
