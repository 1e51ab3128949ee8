"""Sentences about versions of packs: frozen ones, those of the repository, and asking several at once."""

from __future__ import annotations

from typing import Final

VERSIONS: Final[dict[str, dict[str, str]]] = {
    "unknown_version": {
        "en": "there is no version {got} of the pack {detail}; there is {expected}",
        "zh": "规则包 {detail} 没有 {got} 这一版本；现有 {expected}",
    },
    "version_frozen": {
        "en": "version {got} is frozen with another content ({detail}); raise the version above {expected} to freeze this one",
        "zh": "版本 {got} 已经固定，内容与现在不同（{detail}）；要固定现在的内容，请先把版本号提高到 {expected} 以后",
    },
    "version_not_raised": {
        "en": "the pack differs from its frozen version {got}: its version must be above {expected}",
        "zh": "规则包与已固定的版本 {got} 不同：版本号应高于 {expected}",
    },
    "version_damaged": {
        "en": "what is kept of version {got} is damaged, or was changed",
        "zh": "版本 {got} 的存档已损坏或被改动",
    },
    "packs_apart": {
        "en": "{got} cannot be asked together: {detail}; ask one at a time, or compare them with `diff` or `impact`",
        "zh": "{got} 不能一并判定：{detail}；请逐个判定，或用 `diff`、`impact` 比较",
    },
    "no_repository": {
        "en": "there is no git repository at {got}: {detail}",
        "zh": "{got} 不在 git 仓库中：{detail}",
    },
    "unknown_base": {
        "en": "the repository has no commit {got}; where the clone is shallow, fetch it first: {expected}",
        "zh": "仓库中没有提交 {got}；浅克隆须先取回：{expected}",
    },
}
