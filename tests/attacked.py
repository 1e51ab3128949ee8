"""A small house to attack: two packs, a population, and every command that writes a file."""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import made_up
import openpyxl
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app

#: Texts a spreadsheet program takes for a formula (or a command, through DDE) where they stand unguarded.
FORMULAS: Final = (
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "＝1+1",
    '=HYPERLINK("http://example.invalid?x="&A1,"x")',
    "=1+1\x00",
    "=1\x01+1\x1f",
    "|calc",
)
DAY: Final = "2023-06-30"


_NAMES: Final = (
    "重点帮扶户",
    "focus household",
    "公益性岗位",
    "某县低收入家庭帮扶办法(试行)",
    "a made-up county's rules",
    "某县",
)


def house(folder: Path, labels: Sequence[str] = _NAMES) -> Path:
    """Two packs, ``sample`` and ``other`` (another line), whose rules, documents and issuers are called so."""
    for name, line in (("sample", "8000"), ("other", "7000")):
        for file, text in made_up.texts(line).items():
            path = folder / "rules" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = text.replace("id: sample", f"id: {name}")
            for plain, label in zip(_NAMES, labels, strict=True):
                for key, end in (("zh", ","), ("en", "}")):
                    text = text.replace(f"{key}: {plain}{end}", f"{key}: {json.dumps(label)}{end}")
            path.write_text(text, "utf-8")
    return folder


def family(i: int, **facts: Any) -> dict[str, Any]:
    """A household of the packs' county, near the line of the two."""
    return {
        "id": f"h{i}",
        "region": f"990101{i % 3:03d}001",
        "type": "lifted",
        "size": 2,
        "incomes": {"2022": {"net": 13_000 + 1_000 * (i % 5)}},
        "members": [{"id": "m1", "labour": "ordinary"}, {"id": "m2"}],
        **facts,
    }


def population(folder: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    """A file of JSON lines."""
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return path


#: Every command that writes files, with what it writes; ``{house}`` stands for the house's folder.
_BATCH = "batch {house}/in.jsonl --as-of 2023-06-30 --rules {house}/rules"
_IMPACT = "impact other sample {house}/in.jsonl --as-of 2023-06-30 --rules {house}/rules"
_COVERAGE = "coverage {house}/in.jsonl --pack sample --as-of 2023-06-30 --rules {house}/rules"
WRITERS: Final[dict[str, tuple[str, str]]] = {
    "batch-csv": (f"{_BATCH} --pack sample", "o.csv"),
    "batch-wide": (f"{_BATCH} --pack sample --wide", "o.csv"),
    "batch-parquet": (f"{_BATCH} --pack sample", "o.parquet"),
    "batch-xlsx": (f"{_BATCH} --pack sample --all", "o.xlsx"),
    "batch-carried": (f"{_BATCH} --pack sample --carry =note --sheets =note", "c.xlsx"),
    "batch-carried-csv": (f"{_BATCH} --pack sample --carry =note", "c.csv"),
    "coverage-xlsx": (_COVERAGE, "coverage.xlsx"),
    "coverage-json": (_COVERAGE, "coverage.json"),
    "coverage-svg": (_COVERAGE, "coverage.svg"),
    "coverage-png": (_COVERAGE, "coverage.png"),
    "impact-xlsx": (_IMPACT, "impact.xlsx"),
    "impact-json": (_IMPACT, "impact.json"),
    "impact-md": (_IMPACT, "impact.md"),
    "impact-parquet": (_IMPACT, "impact.parquet"),
    "diff-xlsx": ("diff sample other --rules {house}/rules", "diff.xlsx"),
    "diff-html": ("diff sample other --rules {house}/rules", "diff.html"),
    "diff-docx": ("diff sample other --rules {house}/rules", "diff.docx"),
    "diff-md": ("diff sample other --rules {house}/rules", "diff.md"),
    "compare-xlsx": ("compare sample other --rules {house}/rules", "compare.xlsx"),
    "compare-html": ("compare sample other --rules {house}/rules", "compare.html"),
    "compare-json": ("compare sample other --rules {house}/rules", "compare.json"),
    "template": ("tables template --pack sample --rules {house}/rules", "template.xlsx"),
    "synth-csv": ("tables synth -n 60", "synth.csv"),
    "synth-xlsx": ("tables synth -n 60", "synth.xlsx"),
    "synth-jsonl": ("tables synth -n 60", "synth.jsonl"),
    "synth-folder": ("tables synth -n 60", "synth"),
    "site": ("site sample other --rules {house}/rules", "site"),
    "snapshot": ("snapshot sample -n 40 --rules {house}/rules", "snapshot.json"),
    "mutate-md": (
        "mutate sample --sample 9 --no-suggest --no-solve --rules {house}/rules",
        "mutants.md",
    ),
    "map": ("tables map {house}/people.csv", "problems.xlsx"),
    "freeze": ("packs freeze sample --rules {house}/rules", "rules/versions"),
    "cases": ("diff sample other --rules {house}/rules --save-case {house}/cases", "cases"),
}


def people(folder: Path, cells: Sequence[str] = ("=1+1",)) -> Path:
    """An export of one row a person, with mistakes; ``cells`` stand where they do not belong."""
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["户编号", "姓名", "与户主关系", "户类型", "家庭人口数", *cells])
        for i, cell in enumerate(cells):
            rows.writerow([f"h{i}", cell, "户主", cell, cell, *cells])
    return path


def run(folder: Path, name: str, lang: str = "zh") -> tuple[Result, Path]:
    """Run a writer; gives what came of it and the place it writes to."""
    command, output = WRITERS[name]
    args = command.format(house=folder).split()
    if name not in ("map", "freeze", "cases"):
        args += ["-o", str(folder / output)]
    if name == "map":
        args += ["--errors", str(folder / output)]
    return CliRunner().invoke(app, [*args, "--lang", lang]), folder / output


def remove(path: Path) -> None:
    """Take away what a writer wrote."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def left(folder: Path) -> set[str]:
    """Every file below a folder, hidden ones too."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


# -- formulas ----------------------------------------------------------------------------------------

_RISKY = re.compile(r"\A[\s\x00-\x20]*[=+\-@|＝＋－＠]")
_NUMBER = re.compile(r"-?[0-9][0-9.,/]*%?\Z|[-—–]+\Z")


def risky(text: str) -> bool:
    """Whether a spreadsheet program may take a text for a formula."""
    return bool(_RISKY.match(text)) and not _NUMBER.match(text)


def in_workbook(path: Path) -> tuple[list[str], list[str]]:
    """What is wrong with a workbook (formulas, links out of it), and the texts in it that look risky."""
    wrong: list[str] = []
    with zipfile.ZipFile(path) as book:
        for part in book.namelist():
            body = book.read(part)
            if part.startswith("xl/worksheets/") and re.search(rb"<(?:\w+:)?f[ >/]", body):
                wrong.append(f"{part}: a formula")
            if b'TargetMode="External"' in body or "externalLink" in part:
                wrong.append(f"{part}: a link out of the file")
    found: list[str] = []
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and risky(cell.value):
                    found.append(cell.value)
                    if cell.data_type != "s" or not cell.quotePrefix:
                        wrong.append(f"{sheet.title}!{cell.coordinate}: {cell.value!r}")
    return wrong, found


def in_csv(path: Path) -> list[str]:
    """Cells of a csv a spreadsheet program would run."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [cell for row in csv.reader(stream) for cell in row if risky(cell)]


Attempt = Callable[[], object]
