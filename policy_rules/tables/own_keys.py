"""Numbers of households, members and items by column, as :class:`~policy_rules.tables.identity.Pseudonyms`
gives them one by one.
"""

from __future__ import annotations

from typing import Final

from policy_rules.tables.frames_layout import pl
from policy_rules.tables.identity import Pseudonyms, compact, identity_like
from policy_rules.tables.sheets import blank
from policy_rules.text import Text

__all__ = ["NeedsRecords", "numbers_of", "references"]

#: Digits (and strokes) too few for an identity number: such a text is its own reference.
_NUMBER: Final = r"^[0-9-]{1,14}$"
#: A letter among the first characters that neither an identity number nor `1.23E+17` has.
_NAME: Final = r"^[0-9-]{0,13}[A-DF-WYZa-df-wyz_][0-9A-Za-z_-]*$"
_LARGEST: Final = 10**14 - 1


class NeedsRecords(Exception):
    """These sheets are read record by record; ``text`` says why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


def references(cells: pl.Series, names: Pseudonyms) -> pl.Series:
    """The reference each cell gives, as text; empty for what is no number.

    Raises :class:`NeedsRecords` where identity numbers stand for households or people and no key is
    given: they are counted in the order in which all sheets are read.
    """
    cells = cells.alias("c")
    if cells.dtype == pl.Categorical or cells.dtype == pl.Enum:
        cells = cells.cast(pl.String)
    if cells.dtype == pl.Null:
        return pl.repeat("", cells.len(), dtype=pl.String, eager=True)
    if cells.dtype == pl.String and _plain_numbers(cells) is not None:
        return cells.fill_null("") if cells.null_count() else cells
    c = pl.col("c")
    if cells.dtype == pl.String:
        sure = c.str.contains(_NUMBER) | c.str.contains(_NAME)
    elif cells.dtype.is_integer():
        sure = c.is_between(0, _LARGEST)
    else:
        sure = pl.lit(None)
    frame = cells.to_frame()
    found = frame.select(
        pl.when(sure.fill_null(False)).then(c.cast(pl.String, strict=False)).alias("c"),
        odd=~sure.fill_null(False) & c.is_not_null(),
    )
    texts, odd = found.get_column("c"), found.get_column("odd")
    if odd.any():
        rows = odd.arg_true()
        others = cells.gather(rows)
        if cells.dtype.is_nested():
            raise NeedsRecords("编号列里是列表", "a number is a list")
        distinct = others.unique()
        read = [_reference(cell, names) for cell in distinct.to_list()]
        table = pl.DataFrame([distinct, pl.Series("r", read, dtype=pl.String)])
        told = others.to_frame().join(table, on="c", how="left", maintain_order="left")
        texts = texts.scatter(rows, told.get_column("r"))
    return texts.fill_null("")


def _reference(cell: object, names: Pseudonyms) -> str:
    if blank(cell):
        return ""
    if not names.keyed and identity_like(compact(cell)):
        raise NeedsRecords("用证件号码作编号", "identity numbers stand for households or people")
    return names.reference(cell)


def numbers_of(cells: pl.Series) -> pl.Series | None:
    """The same as whole numbers, null for none; None where some reference is no number written plainly."""
    if cells.dtype == pl.Null:
        return cells.cast(pl.Int64)
    if cells.dtype.is_integer():
        found = cells.cast(pl.Int64, strict=False)
    elif cells.dtype.is_float():
        found = cells.cast(pl.Int64, strict=False)
        if (found != cells).any():
            return None
    elif cells.dtype == pl.String:
        plain = _plain_numbers(cells)
        if plain is None:  # a blank cell is an empty one
            filled = pl.when(cells.str.contains(r"\S")).then(cells)
            plain = _plain_numbers(pl.select(filled).to_series())
        return plain
    else:
        return None
    if found.null_count() > cells.null_count() or not found.is_between(0, _LARGEST).all():
        return None
    return found


def _plain_numbers(cells: pl.Series) -> pl.Series | None:
    """Texts as whole numbers where all that are there are written in the one plain way (0, or up to 14 digits
    that begin with another); else None."""
    size = cells.str.len_bytes()
    if size.len() == size.null_count():
        return cells.cast(pl.Int64)
    least, most = size.min(), size.max()
    if least == 0 or not isinstance(most, int) or most > len(_LEAST):
        return None
    numbers = cells.cast(pl.Int64, strict=False)
    if numbers.null_count() > cells.null_count():
        return None
    # no sign, stroke or nought before it: as many digits as characters
    return numbers if (numbers >= _LEAST.gather(size - 1)).all() else None


#: The least number of so many digits and one more.
_LEAST: Final = pl.Series([0, *(10**i for i in range(1, 14))], dtype=pl.Int64)
