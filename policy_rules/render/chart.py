"""Coverage as a picture: how far each target is reached, in grey as well as in colour.

Needs ``matplotlib`` (extra ``chart``). Chinese is drawn with an installed font that has it, as outlines;
where there is none, an SVG keeps its text as text, for the reader's own fonts, and a PNG speaks English.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final, Literal

import attrs

from policy_rules.errors import EvaluationError, Lang, Place, Problem
from policy_rules.render.coverage_words import (
    CAUTION,
    counts_text,
    name_of,
    said,
    short_text,
    value_text,
    wanted_text,
)
from policy_rules.tables.coverage import Coverage, TargetCoverage
from policy_rules.tables.coverage_plan import FigureCoverage
from policy_rules.verdict import Verdict

#: Bars of one picture; what does not fit is told below it.
MOST_BARS: Final = 40
#: Fonts with Chinese, as systems have them.
FONTS: Final = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans SC", "Microsoft YaHei",
    "PingFang SC", "Hiragino Sans GB", "SimHei", "SimSun", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Sans CJK HK", "Noto Sans CJK KR", "Noto Serif CJK SC",
    "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip
_CERTAIN, _POSSIBLE, _EDGE, _LINE = "#3b3b3b", "#dcdcdc", "#6e6e6e", "#b02318"
_WIDTH, _ROW, _AROUND = 12.0, 0.62, 1.9
Kind = Literal["svg", "png"]


@attrs.frozen
class Bar:
    """One figure as a bar: from 0 to ``low`` certain, to ``high`` possible, in hundredths of the figure
    to reach, which stands at 1."""

    found: TargetCoverage
    figure: FigureCoverage
    low: float
    high: float


def chart(report: Coverage, kind: Kind, lang: Lang = "zh") -> bytes:
    """The picture as a file of ``kind``.

    A bar a target: the part of the figure that is certainly reached (dark) and the part that may be,
    for all that is recorded (hatched); the line is the figure. Targets to keep low, trends, and those of
    which nothing is known are left out and counted. Raises
    :class:`~policy_rules.errors.EvaluationError` where matplotlib is missing.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure as Picture
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[chart]`", got="`matplotlib`")
        ) from error
    font = chinese_font()
    if lang == "zh" and font is None and kind == "png":
        lang = "en"
    settings: Any = {
        "font.sans-serif": [f for f in (font, "DejaVu Sans") if f],
        "font.family": "sans-serif",
        "svg.fonttype": "path" if font else "none",
        "svg.hashsalt": "policy-rules",  # the same picture each time
        "hatch.linewidth": 0.6,
        "axes.unicode_minus": False,
    }
    bars, left = _bars(report)
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        if font is None:  # the text is not drawn here, but by whoever shows the picture
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
        height = max(len(bars), 1) * _ROW + _AROUND
        picture = Picture(figsize=(_WIDTH, height), dpi=110, facecolor="white")
        _draw(picture, report, bars, left, lang, height)
        stream = io.BytesIO()
        nothing = {"Date": None} if kind == "svg" else {"Software": None}
        picture.savefig(stream, format=kind, metadata=nothing)
    return stream.getvalue()


def chinese_font() -> str | None:
    """The name of an installed font that has Chinese; None where there is none."""
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in FONTS if name in known), None)


def _bars(report: Coverage) -> tuple[list[Bar], int]:
    """The bars in the order of the report, the figure of each target that is to be reached next."""
    found: list[Bar] = []
    left = 0
    for target in report.targets:
        if not target.figures:
            continue
        figure = _next(target.figures, report.as_of.year)
        bar = _bar(target, figure)
        if bar is None or len(found) >= MOST_BARS:
            left += 1
        else:
            found.append(bar)
    return found, left


def _next(figures: Sequence[FigureCoverage], year: int) -> FigureCoverage:
    later = [f for f in figures if f.year >= year]
    return min(later, key=lambda f: f.year) if later else max(figures, key=lambda f: f.year)


def _bar(found: TargetCoverage, figure: FigureCoverage) -> Bar | None:
    goal, value = figure.figure, figure.value
    if (
        goal is None
        or goal.value <= 0
        or found.target.comparator in ("<", "<=", "rising", "falling")
    ):
        return None
    if value.low == -math.inf and value.high == math.inf:
        return None
    if figure.gap.unknown.count >= figure.population + figure.unsure > 0 and value.low == 0:
        return None  # nothing is known of anybody
    low, high = (
        v if v in (math.inf, -math.inf) else float(Fraction(v) / Fraction(goal.value))
        for v in (value.low, value.high)
    )
    return Bar(found, figure, max(0.0, low), max(0.0, high))


_EDGE_OF_PICTURE: Final = 1.25


def _draw(
    picture: Any, report: Coverage, bars: list[Bar], left: int, lang: Lang, height: float
) -> None:
    zh = lang == "zh"
    axes = picture.add_axes((0.33, 0.85 / height, 0.34, 1 - _AROUND / height))
    drawn = {bar.found.target.id for bar in bars}
    for at, bar in enumerate(bars):
        low, high = min(bar.low, _EDGE_OF_PICTURE), min(bar.high, _EDGE_OF_PICTURE)
        axes.barh(at, low, height=0.46, color=_CERTAIN, edgecolor=_CERTAIN)
        axes.barh(
            at, high - low, left=low, height=0.46, color=_POSSIBLE, edgecolor=_EDGE, hatch="////", linewidth=0.6
        )  # fmt: skip
        for color, width in (
            ("white", 5.0),
            (_LINE, 2.2),
        ):  # a white edge, so that it stands out in grey
            ends = [at - 0.36, at + 0.36]
            axes.plot([1, 1], ends, color=color, linewidth=width, solid_capstyle="butt")
        if bar.low > _EDGE_OF_PICTURE:  # it goes on beyond the picture
            axes.plot([_EDGE_OF_PICTURE - 0.025], [at], marker=">", color="white", markersize=6)
        _label(axes, at, bar, bar.found.target.parent in drawn, lang)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, _EDGE_OF_PICTURE)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=9, length=3)
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel(
        "达到目标值的比例；竖线为目标值"
        if zh
        else "part of the figure reached; the line is the figure",
        fontsize=9,
    )
    title = report.pack.document.title[lang]
    day = f"评估日 {report.as_of}" if zh else f"as of {report.as_of}"
    picture.text(
        0.012, 1 - 0.32 / height, _cut(title, 46 if zh else 100), fontsize=13, weight="bold"
    )
    picture.text(0.012, 1 - 0.62 / height, day, fontsize=9.5, va="center")
    _legend(picture, height, lang)
    note = [CAUTION[lang]]
    if left:
        note.append(
            f"另有 {left} 个目标未画(无资料、求少或看走势)，见表。"
            if zh
            else f"{left} targets are not drawn (nothing known, to be kept low, or trends): see the table."
        )
    picture.text(0.012, 0.16 / height, "\n".join(note), fontsize=8, color="#444444", va="bottom")


def _legend(picture: Any, height: float, lang: Lang) -> None:
    """What the two kinds of bar and the line stand for, at the top on the right."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    zh = lang == "zh"
    handles: list[Any] = [
        Patch(facecolor=_CERTAIN, edgecolor=_CERTAIN, label="确定已达到的部分" if zh else "certainly reached"),
        Patch(
            facecolor=_POSSIBLE, edgecolor=_EDGE, hatch="////", label="资料不足、可能达到" if zh else "may be: facts missing"
        ),
        Line2D([], [], color=_LINE, linewidth=2.2, label="目标值" if zh else "figure to reach"),
    ]  # fmt: skip
    picture.legend(
        handles=handles,
        loc="center right",
        bbox_to_anchor=(0.99, 1 - 0.62 / height),
        ncols=3,
        frameon=False,
        fontsize=9,
        handlelength=1.6,
        columnspacing=1.4,
    )


def _label(axes: Any, at: int, bar: Bar, part: bool, lang: Lang) -> None:
    """Name and demand on the left, value and verdict on the right; a part whose whole is drawn too is
    called one."""
    target, figure = bar.found.target, bar.figure
    label = name_of(bar.found, lang) if part else target.label[lang]
    name = _cut(label, 24 if lang == "zh" else 48)
    place = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    bold = figure.verdict is Verdict.NO and figure.due
    axes.text(
        -0.02, at - 0.16, name, ha="right", va="center", fontsize=10,
        weight="bold" if bold else "normal", **place,
    )  # fmt: skip
    axes.text(
        -0.02, at + 0.22, wanted_text(target, figure, lang), ha="right", va="center", fontsize=8,
        color="#444444", **place,
    )  # fmt: skip
    value = value_text(target, figure.value, lang)
    counts = counts_text(target, figure, lang)
    plain = figure.denominator is None and figure.levels is None
    first = value if plain else f"{value}  ({counts})"
    axes.text(1.02, at - 0.16, _cut(first, 60), ha="left", va="center", fontsize=10, **place)
    short = short_text(target, figure, lang)
    more = (f"，还差 {short}" if lang == "zh" else f", short of it: {short}") if short else ""
    axes.text(
        1.02, at + 0.22, f"{said(figure, lang)}{more}", ha="left", va="center", fontsize=8.5,
        color="#444444", **place,
    )  # fmt: skip


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
