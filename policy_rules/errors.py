"""One error tree. An error is data first, text (zh, en) last.

Everything a user of the library can do wrong ends in a :class:`Problem`: a stable code, a place,
what was expected, what was got, and the nearest right name. Exceptions carry all problems found,
not the first one.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from policy_rules._messages import MESSAGES
from policy_rules._phrases import chinese, tight
from policy_rules._phrases import detail as in_chinese

Lang = Literal["zh", "en"]


@attrs.frozen
class Place:
    """Where something is wrong: file, line and column (from 1), and the path of the value.

    In a table ``sheet`` and ``header`` name the sheet and the column, ``line`` is the row.
    """

    file: str = ""
    line: int | None = None
    column: int | None = None
    path: str = ""
    sheet: str = ""
    header: str = ""

    def __str__(self) -> str:
        return safe(self._where())

    def _where(self) -> str:
        if self.sheet or self.header:
            row = "" if self.line is None else f":{self.line}"
            sheet = f"[{self.sheet}]" if self.sheet else ""
            return f"{self.file}{sheet}{row}" + (f":{self.header}" if self.header else "")
        parts = [self.file] if self.file else []
        parts += [str(n) for n in (self.line, self.column) if n is not None]
        where = ":".join(parts)
        if self.line is None and self.path:
            where = f"{where}: {self.path}" if where else self.path
        return where


@attrs.frozen
class Problem:
    """One thing wrong with an input.

    ``code`` is stable and documented in docs/errors.md; ``expected`` and ``got`` are what the user
    wrote or should write, never a name of a Python type; ``nearest`` is the nearest right name.
    """

    code: str
    place: Place
    expected: str = ""
    got: str = ""
    nearest: str = ""
    detail: str = ""

    def message(self, lang: Lang = "en") -> str:
        """The sentence for a person, without the place."""
        parts = {"expected": self.expected, "got": self.got, "detail": self.detail}
        if lang == "zh":
            parts = {k: chinese(v) for k, v in parts.items()}
            parts["detail"] = in_chinese(self.detail)
        text = MESSAGES[self.code][lang].format(path=self.place.path, **parts)
        if self.nearest:
            hint = MESSAGES["_nearest"][lang].format(nearest=self.nearest)
            text += ("; " if lang == "en" else "；") + hint
        return safe(tight(text) if lang == "zh" else text)

    def render(self, lang: Lang = "en") -> str:
        """``file:line:column: code: message``; without a place, the code comes first."""
        where = str(self.place)
        return (
            f"{where}: {self.code}: {self.message(lang)}"
            if where
            else f"{self.code}: {self.message(lang)}"
        )

    def as_dict(self) -> dict[str, object]:
        """The problem as plain data, for JSON."""
        given = attrs.asdict(self.place).items()
        place = {k: safe(v) if isinstance(v, str) else v for k, v in given if v not in ("", None)}
        body = {k: safe(getattr(self, k)) for k in ("expected", "got", "nearest", "detail")}
        return {
            "code": self.code,
            "place": place,
            **{k: v for k, v in body.items() if v},
            "message": {"zh": self.message("zh"), "en": self.message("en")},
        }


class PolicyRulesError(Exception):
    """Base of every error of this library; ``problems`` holds all that was found."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__(self.render())

    def render(self, lang: Lang = "en") -> str:
        """All problems, one a line."""
        return "\n".join(p.render(lang) for p in self.problems)

    def __reduce__(self) -> tuple[type[PolicyRulesError], tuple[tuple[Problem, ...]]]:
        return (type(self), (self.problems,))


class PackError(PolicyRulesError, ValueError):
    """A pack, overlay, vocabulary or cases file is wrong."""


class RecordError(PolicyRulesError, ValueError):
    """A household or entity record is wrong."""


class NotFoundError(PolicyRulesError, LookupError):
    """A pack, rule, clause or file that was asked for does not exist."""


class EvaluationError(PolicyRulesError, RuntimeError):
    """An evaluation could not be carried out."""


class EngineDisagreement(EvaluationError):
    """durable_rules and the reference interpreter gave different findings for one record."""


class EngineUnavailable(EvaluationError, ImportError):
    """The engine asked for cannot be loaded on this machine."""


class Problems:
    """Collects problems so that all of them are reported at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(
        self,
        code: str,
        place: Place,
        *,
        expected: str = "",
        got: str = "",
        nearest: str = "",
        detail: str = "",
    ) -> None:
        """Note one problem; ``code`` must be known to the message table."""
        if code not in MESSAGES:
            raise KeyError(code)
        self.found.append(Problem(code, place, expected, got, nearest, detail))

    def raise_if_any(self, kind: type[PolicyRulesError]) -> None:
        """Raise ``kind`` with everything found, in order of file, line and column."""
        if self.found:
            unique = dict.fromkeys(self.found)
            raise kind(sorted(unique, key=_order))

    def __bool__(self) -> bool:
        return bool(self.found)


def _order(problem: Problem) -> tuple[str, str, int, int]:
    place = problem.place
    return (place.file, place.sheet, place.line or 0, place.column or 0)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate most like ``name``, or an empty string; full-width letters are folded."""
    names = list(candidates)
    folded = unicodedata.normalize("NFKC", name).strip().lower()
    by_fold = {unicodedata.normalize("NFKC", n).lower(): n for n in names}
    hit = difflib.get_close_matches(folded, list(by_fold), n=1, cutoff=0.6)
    if hit:
        return by_fold[hit[0]]
    tails = {key.rsplit(".", 1)[-1]: value for key, value in by_fold.items()}
    hit = difflib.get_close_matches(folded.rsplit(".", 1)[-1], list(tails), n=1, cutoff=0.75)
    return tails[hit[0]] if hit else ""


def shown(value: object, limit: int = 60) -> str:
    """What the user wrote, in backticks, shortened."""
    text = "null" if value is None else str(value)
    if isinstance(value, bool):
        text = "true" if value else "false"
    text = "".join(c if c.isprintable() else "·" for c in text)
    return f"`{text[:limit]}…`" if len(text) > limit else f"`{text}`"


def safe(text: str) -> str:
    """A text as any terminal or file takes it: no control characters, no halves of characters.

    A file's name, a header, an option or a household's number may hold them.
    """
    if text.isprintable():
        return text
    return "".join("·" if unicodedata.category(c)[0] == "C" and c != "\n" else c for c in text)


def one_of(names: Iterable[object], limit: int = 12) -> str:
    """A choice, as a message has it; a long one is cut short."""
    listed = [shown(name) for name in names]
    if len(listed) <= 1:
        return "".join(listed)
    more = [f"… ({len(listed)} in all)"] if len(listed) > limit else []
    return "one of " + ", ".join([*listed[:limit], *more])
