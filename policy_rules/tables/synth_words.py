"""Values as people write them into cells: one fact, many ways. Each way is one the readers understand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import permutations
from typing import Any, Final

import numpy as np

from policy_rules.facts.dictionary import CodeList
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.synth_draws import Array, Draws

#: Ways of writing, the plain one first; a row takes way 0 most of the time.
WAYS: Final = 8
_PLAIN: Final = 0.8
_FULL: Final = str.maketrans("0123456789.", "０１２３４５６７８９．")
_SEPARATORS: Final = (",", "，", "、", ";", "；", "/", " ", "|")

Words = Callable[[Any, int], str]


def ways(draws: Draws, name: str) -> Array:
    """For each row the way its cell is written."""
    bits = draws.bits(f"way {name}")
    plain = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53 < _PLAIN
    return np.where(plain, 0, (bits % np.uint64(WAYS)).astype(np.int64))


def worded(values: pl.Series, way: Array, words: Words) -> pl.Series:
    """The texts of values, each written its way; what is not recorded stays null."""
    cells = pl.DataFrame({"value": values, "way": way})
    kinds = cells.unique(maintain_order=True)
    texts = [None if v is None else words(v, w) for v, w in kinds.iter_rows()]
    kinds = kinds.with_columns(pl.Series("text", texts, pl.String))
    joined = cells.join(kinds, ["value", "way"], "left", nulls_equal=True, maintain_order="left")
    return joined.get_column("text")


def truth(value: bool, way: int) -> str:
    """是 or 否, now and then a mark."""
    return (("否", "是"), ("否", "是"), ("×", "√"))[2 if way == 5 else 0][value]


def figure(unit: str, scale: int = 1) -> Words:
    """Numbers in millionths, in yuan (or ``scale`` yuan), with or without separators and units."""

    def words(value: int, way: int) -> str:
        exact = Decimal(value) / 1_000_000 / scale
        text = f"{exact.normalize():f}"
        match way:
            case 1 if scale == 1:
                return f"{exact:.2f}"
            case 2 if scale == 1:
                return f"{exact:,f}" if exact == exact.to_integral() else text
            case 3:
                return text.translate(_FULL)
            case 4 if unit and scale == 1:
                return f"{text}{unit}"
            case 5:
                return f" {text} "
        return text

    return words


def whole(value: int, way: int) -> str:
    """Whole numbers, some in full width."""
    return str(value).translate(_FULL) if way == 3 else str(value)


def day(plain: str) -> Words:
    """Days written ``plain`` (a strftime-like text of Y, M, D) or another way."""
    forms = (plain, "Y-M-D", "Y/m/d", "YMD", "Y年m月d日", "Y.M.D", plain, "Y-M-D")

    def words(value: int, way: int) -> str:
        form = forms[way]
        year, month, date = value // 10_000, value // 100 % 100, value % 100
        parts = {
            "Y": f"{year:04}",
            "M": f"{month:02}",
            "D": f"{date:02}",
            "m": f"{month}",
            "d": f"{date}",
        }
        return "".join(parts.get(c, c) for c in form)

    return words


def month(value: int, way: int) -> str:
    """A month of a day, ``YYYYMM`` and its variants."""
    year, at = value // 10_000, value // 100 % 100
    return (f"{year}{at:02}", f"{year}-{at:02}", f"{year}年{at}月", f"{year}/{at}")[way % 4]


def spelled(codes: CodeList, empty: str = "") -> Words:
    """Codes by their label, now and then by another spelling of real exports; ``none`` as ``empty``."""
    found: dict[str, list[str]] = {code: [label.zh] for code, label in codes.values.items()}
    for spelling, code in codes.spellings.items():
        if not spelling.isascii() and spelling not in found[code]:
            found[code].append(spelling)

    def words(value: str, way: int) -> str:
        if value == "none" and way < 6:
            return empty
        told = found[value]
        return told[way % len(told)]

    return words


def several(codes: CodeList, bits: Mapping[str, int], empty: str = "") -> Words:
    """Sets of codes in any order with mixed separators."""
    one = spelled(codes, "无")

    def words(value: int, way: int) -> str:
        held = [one(code, way if way % 3 else 0) for code, bit in bits.items() if value & bit]
        if not held or (value == bits.get("none") and way < 5):
            return empty
        orders: Sequence[tuple[str, ...]] = (
            list(permutations(held)) if len(held) < 6 else [tuple(held)]
        )
        # the order goes with the way; a part with a separator in it stays whole under another
        return _separator(held, way).join(orders[(way * 7 + value) % len(orders)])

    return words


def _separator(held: Sequence[str], way: int) -> str:
    mark = _SEPARATORS[way]
    return mark if not any(mark in part for part in held) else ";"


def identities(born: pl.Series, sex: pl.Series, home: Array, draws: Draws) -> pl.Series:
    """Identity numbers of nobody: their region begins with 99, which no number has; the check digit fits.

    Null where the birth date or the sex is not recorded.
    """
    day = born.fill_null(19000101).to_numpy().astype(np.int64)
    man = (sex == "male").fill_null(False).to_numpy().astype(np.int64)
    body = (99 * 10**4 + home % 10**4) * 10**11 + day * 1000
    body = body + draws.between("identity", 0, 499) * 2 + man
    total = np.zeros(len(body), np.int64)
    for i, weight in enumerate((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)):
        total += body // 10 ** (16 - i) % 10 * weight
    check = pl.Series(list("10X98765432")).gather((total % 11).astype(np.uint32))
    number = pl.Series(body).cast(pl.String) + check
    known = born.is_not_null() & sex.is_not_null()
    return pl.DataFrame({"n": number, "k": known}).select(pl.when("k").then("n")).to_series()
