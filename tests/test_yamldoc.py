"""YAML is read so that nothing a person wrote changes its meaning, and nothing hostile gets through."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules.errors import PackError, Problem
from policy_rules.yamldoc import MAX_DEPTH, Document, parse_yaml, read_yaml


def read(text: str | bytes) -> Any:
    return parse_yaml(text, "a.yaml").data


def problems(text: str | bytes) -> list[Problem]:
    with pytest.raises(PackError) as caught:
        parse_yaml(text, "a.yaml")
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("010", "010"),
        ("0", 0),
        ("-3", -3),
        ("+3", 3),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("5.", "5."),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2022-12-31", "2022-12-31"),
        ("0.1", Decimal("0.1")),
        ("11000.50", Decimal("11000.50")),
        ("-0.05", Decimal("-0.05")),
        ("530113", 530113),
        ('"530113"', "530113"),
        ("'true'", "true"),
        ("９", "９"),
        ("脱贫户", "脱贫户"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_scalar_is_what_was_written(written: str, value: object) -> None:
    found = read(f"a: {written}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_decimals_are_exact_and_huge_numbers_stay_text() -> None:
    assert read("a: 0.1")["a"] * 3 == Decimal("0.3")
    assert read("a: " + "9" * 5000)["a"] == "9" * 5000
    assert read("a: 0." + "9" * 5000)["a"] == "0." + "9" * 5000


def test_keys_are_text() -> None:
    assert read("2022: 1\nno: 2\nnull: 3\n") == {"2022": 1, "no": 2, "null": 3}


def test_every_value_and_key_has_its_place() -> None:
    document = parse_yaml('名: [a, "b", {深: c}]\nother:\n  - 脱贫户: yes\n    k: v\n', "a.yaml")
    places = {path: (p.line, p.column) for path in document.places if (p := document.place(path))}
    assert places[("名", 0)] == (1, 5)
    assert places[("名", 1)] == (1, 9)  # inside the quotes
    assert places[("名", 2, "深")] == (1, 17)
    assert places[("other", 0, "脱贫户")] == (3, 10)
    key = document.key_place(("other", 0, "k"))
    assert (key.line, key.column, key.path) == (4, 5, "other.0.k")


def test_a_place_that_is_not_there_is_that_of_what_holds_it() -> None:
    place = parse_yaml("a:\n  b: 1\n", "a.yaml").place(("a", "c", "d"))
    assert (place.line, place.column, place.path) == (2, 3, "a.c.d")


def test_flow_style_is_remembered() -> None:
    document = parse_yaml("a: {b: 1}\nc:\n  d: [1]\n", "a.yaml")
    assert document.flow == {("a",), ("c", "d")}


def test_every_duplicate_key_is_told() -> None:
    found = problems("a: 1\nb: {x: 1, x: 2}\na: 2\na: {c: [1, 2]}\nd: 1\n")
    assert [(p.code, p.place.line, p.got) for p in found] == [
        ("duplicate_key", 2, "`x`"),
        ("duplicate_key", 3, "`a`"),
        ("duplicate_key", 4, "`a`"),
    ]


@pytest.mark.parametrize(
    "value",
    ["!!python/object/apply:os.system [x]", "!!str 5", "!x 5", "! 5", "!!set {a}", "!!omap []"],
)
def test_tags_are_refused(value: str) -> None:
    assert {p.code for p in problems(f"a: {value}\n")} == {"unsafe_tag"}


def test_keys_that_are_no_text_are_refused() -> None:
    found = problems("[1, 2]: 3\n{a: b}: 4\n? - x\n: 5\n")
    assert [(p.code, p.place.line) for p in found] == [("key_not_text", n) for n in (1, 2, 3)]


def test_an_alias_is_a_copy() -> None:
    assert read("a: &x {k: [1]}\nb: *x\nc: [*x, *x]\n") == {
        "a": {"k": [1]},
        "b": {"k": [1]},
        "c": [{"k": [1]}, {"k": [1]}],
    }
    assert read("&k a: 1\nb: *k\n") == {"a": 1, "b": "a"}


@pytest.mark.parametrize("text", ["&a [*a]", "a: &x {b: {c: *x}}", "&a {? *a : 1}"])
def test_an_alias_within_itself_is_refused(text: str) -> None:
    assert {p.code for p in problems(text)} <= {"recursive_alias", "key_not_text"}


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [" + ",".join("x" * width) + "]"]
    for i in range(1, levels):
        lines.append(f"a{i}: &a{i} [" + ",".join([f"*a{i - 1}"] * width) + "]")
    return "\n".join(lines) + "\n"


def test_an_alias_bomb_is_bounded() -> None:
    began = time.process_time()
    assert [p.code for p in problems(bomb(40, 10))] == ["too_many_values"]
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "[" * 300 + "]" * 300,
        "".join(" " * i + "a:\n" for i in range(1000)),
        "a: &a [1]\n"
        + "".join(f"b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 200)).replace("*b0", "*a"),
    ],
    ids=["lists", "maps", "block", "keys", "closed", "indented", "aliases"],
)
def test_deep_nesting_is_bounded(text: str) -> None:
    began = time.process_time()
    assert [p.code for p in problems(text)] == ["too_deep"]
    assert time.process_time() - began < 5


def test_the_deepest_allowed_is_read() -> None:
    value = read("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


@pytest.mark.no_cover
def test_many_values_are_bounded_in_memory() -> None:
    assert [p.code for p in problems("[" + "1," * 1_200_000 + "]")] == ["too_many_values"]


def test_a_file_of_more_than_16_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# x\n" * (4 * 1024 * 1024) + b"#")
    with pytest.raises(PackError) as caught:
        read_yaml(path)
    assert [p.code for p in caught.value.problems] == ["file_too_large"]
    assert [p.code for p in problems(path.read_bytes())] == ["file_too_large"]


def test_a_byte_order_mark_is_passed_over() -> None:
    document = parse_yaml(b"\xef\xbb\xbfa: 1\n", "a.yaml")
    assert document.data == {"a": 1}
    assert document.place(("a",)).column == 4


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("a: 1\nb: 脱贫".encode("gbk"), (2, 4)),
        (b"\xff\xfea\x00", (1, 1)),
        ("名: ".encode() + b"\xc3", (1, 4)),
        ("a: \ud800", (1, 4)),
    ],
)
def test_what_is_not_utf8_is_told_with_its_place(raw: bytes | str, place: tuple[int, int]) -> None:
    (problem,) = problems(raw)
    assert (problem.code, problem.place.line, problem.place.column) == ("not_utf8", *place)


@pytest.mark.parametrize("raw", [b"a: \x00b", "a: 1\nb: x\x07y", b"\x00"])
def test_control_characters_are_refused_in_their_place(raw: bytes | str) -> None:
    (problem,) = problems(raw)
    assert problem.code == "bad_yaml"
    assert "控制字符" in problem.message("zh")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: b: c", (1, 5)),
        ("a: [1, 2", (2, 1)),
        ('a: "x', (2, 1)),
        ("a: 1\n\tb: 2", (2, 1)),
        ("a: *nowhere", (1, 4)),
        ("a: 1\n---\nb: 2\n", (2, 1)),
    ],
)
def test_bad_yaml_is_told_with_its_place(text: str, place: tuple[int, int]) -> None:
    (problem,) = problems(text)
    assert problem.code == "bad_yaml"
    assert problem.place.line is not None
    assert abs(problem.place.line - place[0]) <= 1


def test_an_empty_file_is_nothing() -> None:
    for text in ("", "# a remark\n", "---\n", "---\n...\n"):
        assert read(text) is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(PackError) as caught:
            read_yaml(path)
        assert [p.code for p in caught.value.problems] == ["cannot_read"]


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="ab-:[]{}&*!|>#?,'\"\n\t \\0名%@`~<=", max_size=60) | st.text() | st.binary()
)
def test_only_a_pack_error_ever_comes_out(text: str | bytes) -> None:
    found: list[Problem] = []
    try:
        assert isinstance(parse_yaml(text, "a.yaml"), Document)
    except PackError as error:
        found += error.problems
    assert all(p.message("zh") and p.message("en") for p in found)
