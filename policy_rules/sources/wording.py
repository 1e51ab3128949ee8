"""The wording of an official text, normalised for offsets and fingerprints.

White space is dropped (copies differ in it) and compatibility forms are folded (full-width digits
and letters); nothing else is touched. Offsets count the characters that remain.
"""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

from policy_rules.errors import NotFoundError, Place, Problem


def normalise(text: str) -> str:
    """The text as offsets and fingerprints see it."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if not c.isspace() and c.isprintable())


def fingerprint(wording: str) -> str:
    """16 hex digits of the SHA-256 of the normalised wording."""
    return hashlib.sha256(normalise(wording).encode()).hexdigest()[:16]


def read_text(path: Path) -> str:
    """The normalised text of a file; raises :class:`~policy_rules.errors.NotFoundError`."""
    try:
        return normalise(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        got = f"0x{error.object[error.start]:02X}"
        raise NotFoundError(Problem("not_utf8", Place(str(path)), got=got)) from error
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise NotFoundError(Problem("cannot_read", Place(str(path)), detail=detail)) from error
