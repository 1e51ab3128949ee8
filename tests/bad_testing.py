"""Bad inputs of the second reading and of snapshots, with what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mutants

from policy_rules.errors import PackError
from policy_rules.packs.loader import load_folder
from policy_rules.testing.second_reading import differences, load_second_reading
from policy_rules.testing.snapshot import read


def _differs(tmp: Path) -> None:
    told = "rules:\n  focus_household: {force: may}\n"
    pack = load_folder(mutants.written(tmp, told=told))
    raise PackError(list(differences(pack, load_second_reading(pack))))


def _no_snapshot(tmp: Path) -> None:
    (tmp / "snapshot.json").write_text('{"format": 9}', "utf-8")
    read(tmp / "snapshot.json")


PRODUCED: dict[str, tuple[Callable[[Path], object], str]] = {
    "second_reading_differs": (
        _differs,
        "sample/second_reading.yaml:2:3: second_reading_differs: "
        "`rules.focus_household` 复读结果为 force: may，规则包为 force: must",
    ),
    "bad_snapshot": (
        _no_snapshot,
        "snapshot.json: bad_snapshot: 此文件不是格式为 `1` 的快照：`9`",
    ),
}
