"""A Word document with Chinese fonts, headings, and tables whose heads repeat on every page.

Needs ``python-docx`` (extra ``reports``).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules.errors import Lang
from policy_rules.render.html.environment import missing_extra
from policy_rules.render.html.typography import chinese
from policy_rules.writing import repacked, write_whole

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell, _Row

#: Fonts every Windows, WPS and LibreOffice of an office has, or replaces by their like.
_FONTS: Final[dict[Lang, tuple[str, str]]] = {
    "zh": ("Times New Roman", "Arial"),
    "en": ("Calibri", "Calibri"),
}
_BODY_CHINESE, _HEAD_CHINESE = "宋体", "黑体"
_SHADE: Final = "E7ECF2"
#: A4 and A3 in millimetres.
A4: Final = (210, 297)
A3: Final = (297, 420)
_MARGIN: Final = 18
_CONTROL: Final = {i: None for i in range(32) if i not in (9, 10)}


def _docx() -> Any:
    try:
        import docx
    except ImportError as error:
        raise missing_extra("python-docx") from error
    return docx


class Paper:
    """A document in the making; texts go in as they are, with Chinese punctuation in Chinese ones."""

    def __init__(
        self,
        title: str,
        lang: Lang,
        day: date,
        *,
        size: tuple[int, int] = A4,
        landscape: bool = False,
    ) -> None:
        """``day`` stands for the time of writing in the file's properties: nothing here reads a clock."""
        self._document: Document = _docx().Document()
        self.lang = lang
        self._styles()
        self._page(size, landscape)
        about = self._document.core_properties
        about.title = self._text(title)
        about.author = about.last_modified_by = "policy_rules"
        about.comments = ""
        about.language = "zh-CN" if lang == "zh" else "en"
        about.created = about.modified = datetime(day.year, day.month, day.day)
        self.heading(title, 0)

    # -- what is written -------------------------------------------------------------------------

    def heading(self, text: str, level: int) -> None:
        """A heading; level 0 is the title of the document."""
        self._document.add_heading(self._text(text), level)

    def paragraph(
        self, text: str, style: str | None = None, *, bold: bool = False, keep: bool = False
    ) -> None:
        """A paragraph, ``List Bullet`` for one of a list; ``keep`` it on the page of what follows."""
        made = self._document.add_paragraph(style=style)
        made.add_run(self._text(text)).bold = bold
        made.paragraph_format.keep_with_next = keep

    def table(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        widths: Sequence[float],
        *,
        split: bool = False,
    ) -> None:
        """A table; ``widths`` are shares of the width of the page. Its head repeats on each page.

        ``split`` lets a row go on on the next page.
        """
        listed = list(rows)
        table = self._document.add_table(rows=1 + len(listed), cols=len(heads))
        table.style = "Table Grid"
        table.autofit = False
        total = sum(widths)
        columns = [round(self._width * w / total) for w in widths]
        for column, width in zip(table.columns, columns, strict=True):
            column.width = width
        for row, texts in zip(table.rows, [heads, *listed], strict=True):
            cells = row.cells
            for cell, text, width in zip(cells, texts, columns, strict=True):
                cell.width = width
                self._fill(cell, text, bold=texts is heads)
        self._mark(table.rows[0], "w:tblHeader")
        for row in table.rows[:1] if split else table.rows:
            self._mark(row, "w:cantSplit")
        self._document.add_paragraph().paragraph_format.space_after = 0

    def save(self, path: Path) -> None:
        """Write the file whole, the same bytes for the same content.

        Raises :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
        """
        held = io.BytesIO()
        self._document.save(held)
        write_whole(path, repacked(held.getvalue()))

    # -- how it looks ----------------------------------------------------------------------------

    def _text(self, text: str) -> str:
        plain = text.translate(_CONTROL)
        return str(chinese(plain)) if self.lang == "zh" else plain

    def _styles(self) -> None:
        docx = _docx()
        qn, points = docx.oxml.ns.qn, docx.shared.Pt
        body, head = _FONTS[self.lang]
        sizes = {"Normal": 10.5, "Title": 20, "Heading 1": 15, "Heading 2": 12.5, "Heading 3": 11}
        for name, size in {**sizes, "List Bullet": 10.5}.items():
            style = self._document.styles[name]
            of_text = name in ("Normal", "List Bullet")
            style.font.name = body if of_text else head
            style.font.size = points(size)
            style.font.italic = False
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            fonts.set(qn("w:ascii"), body if of_text else head)
            fonts.set(qn("w:hAnsi"), body if of_text else head)
            fonts.set(qn("w:eastAsia"), _BODY_CHINESE if of_text else _HEAD_CHINESE)
            if not of_text:
                style.font.color.rgb = docx.shared.RGBColor(0x1F, 0x2F, 0x45)
                style.paragraph_format.keep_with_next = True
        for language in self._document.styles.element.iter(qn("w:lang")):
            language.set(qn("w:val"), "en-US")
            language.set(qn("w:eastAsia"), "zh-CN")  # else punctuation is set as in Taiwan or Japan
        normal = self._document.styles["Normal"].paragraph_format
        normal.space_after, normal.line_spacing = points(4), 1.2

    def _page(self, size: tuple[int, int], landscape: bool) -> None:
        docx = _docx()
        mm, section = docx.shared.Mm, self._document.sections[0]
        wide, high = reversed(size) if landscape else size
        orient = docx.enum.section.WD_ORIENT
        section.orientation = orient.LANDSCAPE if landscape else orient.PORTRAIT
        section.page_width, section.page_height = mm(wide), mm(high)
        for side in ("left", "right", "top", "bottom"):
            setattr(section, f"{side}_margin", mm(_MARGIN))
        self._width = int(mm(wide - 2 * _MARGIN))
        foot = section.footer.paragraphs[0]
        foot.alignment = docx.enum.text.WD_ALIGN_PARAGRAPH.CENTER
        for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
            self._field(foot.add_run(), kind, text)

    @staticmethod
    def _field(run: Any, kind: str | None, text: str | None) -> None:
        """A piece of the field that shows the number of the page."""
        oxml = _docx().oxml
        piece = oxml.OxmlElement("w:instrText" if text else "w:fldChar")
        if text:
            piece.text = text
        else:
            piece.set(oxml.ns.qn("w:fldCharType"), kind)
        run._r.append(piece)

    def _fill(self, cell: _Cell, text: str, *, bold: bool) -> None:
        docx = _docx()
        lines = self._text(text).split("\n")
        for i, line in enumerate(lines):
            made = cell.paragraphs[0] if i == 0 else cell.add_paragraph()
            made.paragraph_format.space_before = docx.shared.Pt(1)
            made.paragraph_format.space_after = docx.shared.Pt(1)
            made.paragraph_format.line_spacing = 1.1
            run = made.add_run(line)
            run.font.size = docx.shared.Pt(9)
            run.bold = bold or line.startswith("●")
        if bold:
            shade = docx.oxml.OxmlElement("w:shd")
            for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
                shade.set(docx.oxml.ns.qn(f"w:{name}"), value)
            cell._tc.get_or_add_tcPr().append(shade)

    @staticmethod
    def _mark(row: _Row, name: str) -> None:
        """Give a row a property: ``w:tblHeader`` repeats it on every page, ``w:cantSplit`` keeps it whole."""
        docx = _docx()
        mark = docx.oxml.OxmlElement(name)
        mark.set(docx.oxml.ns.qn("w:val"), "true")
        row._tr.get_or_add_trPr().append(mark)
