"""No text of an input becomes a formula in a file a spreadsheet program opens."""

from __future__ import annotations

from pathlib import Path

import attacked
import pytest

LABELS = attacked.FORMULAS[:6]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packs, households, columns and cells all named to run as formulas."""
    folder = attacked.house(tmp_path_factory.mktemp("formulas"), LABELS)
    texts = attacked.FORMULAS
    records = [
        # half the households have a value that cannot be read, so that there are problems to write
        attacked.family(i, id=text, **{"=note": text}, **({"size": text} if i % 2 else {}))
        for i, text in enumerate(texts)
    ]
    attacked.population(folder, [*records, attacked.family(99, members=[{"id": "=m1"}])])
    attacked.people(folder, texts)
    return folder


BOOKS = [name for name, (_, output) in attacked.WRITERS.items() if output.endswith(".xlsx")]


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", [n for n in BOOKS if not n.startswith("synth")])
def test_no_text_of_a_workbook_runs(house: Path, name: str, lang: str) -> None:
    result, path = attacked.run(house, name, lang)
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    wrong, found = attacked.in_workbook(path)
    assert wrong == []
    if name != "template":
        assert found  # the texts are there, and harmless
    attacked.remove(path)


@pytest.mark.parametrize("name", ["batch-csv", "batch-wide", "batch-carried-csv"])
def test_no_text_of_a_csv_runs(house: Path, name: str) -> None:
    result, path = attacked.run(house, name)
    assert result.exit_code in (0, 1), result.output
    assert attacked.in_csv(path) == []
    problems = path.with_name(f"{path.name}.problems.csv")
    assert attacked.in_csv(problems) == []
    assert problems.stat().st_size > 900
    attacked.remove(path)
