"""Bad inputs of the second reading, of saved cases and of snapshots, with what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mutants

from policy_rules.errors import PackError
from policy_rules.packs.loader import load_folder
from policy_rules.testing.cases import Runner, load_cases
from policy_rules.testing.second_reading import differences, load_second_reading
from policy_rules.testing.snapshot import read


def _differs(tmp: Path) -> None:
    told = "rules:\n  focus_household: {force: may}\n"
    pack = load_folder(mutants.written(tmp, told=told))
    raise PackError(list(differences(pack, load_second_reading(pack))))


def _unargued(tmp: Path) -> None:
    folder = mutants.written(tmp)
    (folder / "cases.yaml").write_text(
        "cases:\n  - {id: found, record: {size: 2}, as_of: 2023-06-30, argued: false}\n", "utf-8"
    )
    pack = load_folder(folder)
    (case,) = load_cases(pack)
    raise PackError(list(Runner(pack).run(case)))


def _no_snapshot(tmp: Path) -> None:
    (tmp / "snapshot.json").write_text('{"format": 9}', "utf-8")
    read(tmp / "snapshot.json")


PRODUCED: dict[str, tuple[Callable[[Path], object], str]] = {
    "second_reading_differs": (
        _differs,
        "sample/second_reading.yaml:2:3: second_reading_differs: "
        "`rules.focus_household` 复读结果为 force: may，规则包为 force: must",
    ),
    "case_unargued": (
        _unargued,
        "sample/cases.yaml:2:5: case_unargued: 案例 `found` 是保存下来的反例：请对照条款原文确定应有结论，"
        "写入 `expect` 后删去 `argued: false`",
    ),
    "bad_snapshot": (
        _no_snapshot,
        "snapshot.json: bad_snapshot: 此文件不是格式为 `1` 的快照：`9`",
    ),
}
