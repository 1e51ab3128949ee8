"""What frozen versions and the repository say of what went wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import made_up

from policy_rules import PackError, load_pack
from policy_rules.diff.git import diff_repository
from policy_rules.packs.registry import load_together
from policy_rules.packs.versions import check_versions, freeze


def rules_with(root: Path, version: str = "1.0.0", line: str = "8000") -> Path:
    """A rules folder with the made-up pack in it."""
    for name, text in made_up.texts(line).items():
        path = root / "sample" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("version: 1.0.0", f"version: {version}"), "utf-8")
    return root


def _frozen(root: Path) -> Path:
    freeze(load_pack("sample", rules_with(root)), root)
    return root


def _frozen_again(tmp: Path) -> None:
    rules_with(_frozen(tmp), line="9000")
    freeze(load_pack("sample", tmp), tmp)


def _not_raised(tmp: Path) -> None:
    rules_with(_frozen(tmp), line="9000")
    raise PackError(tuple(check_versions(load_pack("sample", tmp), tmp)))


def _damaged(tmp: Path) -> None:
    archive = _frozen(tmp) / "versions" / "sample" / "1.0.0.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-20])
    load_pack("sample@1.0.0", tmp)


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def _no_base(tmp: Path) -> None:
    rules_with(tmp / "rules")
    git(tmp, "init", "-q")
    diff_repository("no-such-branch", tmp / "rules")


PRODUCED: dict[str, tuple[Callable[[Path], object], str]] = {
    "unknown_version": (
        lambda tmp: load_pack("guangxi@1.0.7"),
        "unknown_version: 规则包 `guangxi` 没有 `1.0.7` 这一版本；现有 1.0.0；是否想写 `1.0.0`？",
    ),
    "version_frozen": (
        _frozen_again,
        "；要固定现在的内容，请先把版本号提高到 `1.0.0` 以后",
    ),
    "version_not_raised": (
        _not_raised,
        "sample/pack.yaml: version: version_not_raised: 规则包与已固定的版本 `1.0.0` 不同：版本号应高于 `1.0.0`",
    ),
    "version_damaged": (
        _damaged,
        "1.0.0.tar.gz: version_damaged: 版本 `sample@1.0.0` 的存档已损坏或被改动",
    ),
    "packs_apart": (
        lambda tmp: load_together(["zhengzhou", "zhengzhou@1.0"]),
        "packs_apart: `zhengzhou@1.0.1, zhengzhou@1.0.0` 不能一并判定：是同一规则包的不同版本；"
        "请逐个判定，或用 `diff`、`impact` 比较",
    ),
    "no_repository": (
        lambda tmp: diff_repository("HEAD", rules_with(tmp / "rules")),
        ".git`",
    ),
    "unknown_base": (
        _no_base,
        "--git: unknown_base: 仓库中没有提交 `no-such-branch`；浅克隆须先取回：`git fetch --depth=1 origin …`",
    ),
}
