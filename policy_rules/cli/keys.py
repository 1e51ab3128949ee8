"""The secret key: from a file or the environment, never typed on the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from policy_rules.errors import NotFoundError, Place, Problem

#: The variable that holds the key where no file is named.
VARIABLE: Final = "POLICY_RULES_KEY"
#: Characters a key must have: numbers of people can be tried out against a short one.
LEAST: Final = 16
_LONGEST: Final = 4_096

KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help=f"存放密钥的文件(或用环境变量 {VARIABLE})：记录摘要和代替身份证号的编号由它算出，密钥相同则编号相同；"
        "不给密钥时人和户按出现顺序编号，换文件不能对应，摘要用公开密钥 "
        "file with the secret key (or the variable) for digests and for pseudonyms of identity numbers; "
        "without one people are numbered as they appear and digests use a public key",
        show_default=False,
    ),
]


def secret(file: Path | None) -> bytes | None:
    """The key of a file, else of the environment; None where neither gives one.

    White space around it is no part of it. Raises :class:`~policy_rules.errors.NotFoundError`
    (``cannot_read``, ``weak_key``), which never repeats what was given: it may be the key itself.
    """
    if file is None:
        given, place = os.environ.get(VARIABLE, "").strip().encode(), Place(path=VARIABLE)
        if not given:
            return None
    else:
        place = Place(path="--key")
        try:
            with file.open("rb") as stream:
                given = stream.read(_LONGEST + 1).removeprefix(b"\xef\xbb\xbf").strip()
        except (OSError, ValueError) as error:
            detail = "give the path of a file that holds the key"
            raise NotFoundError(Problem("cannot_read", place, detail=detail)) from error
    if not LEAST <= len(given) <= _LONGEST:
        raise NotFoundError(Problem("weak_key", place, expected=str(LEAST)))
    return given
