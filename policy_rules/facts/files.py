"""Record files: YAML or JSON, with the place of every value."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from policy_rules.errors import Place, Problems, RecordError
from policy_rules.yamldoc import Document, parse_yaml, read_yaml


def read_record_file(path: Path) -> Document:
    """A record file with positions; JSON is read by JSON's rules."""
    if path.suffix.lower() != ".json":
        return read_yaml(path, error=RecordError)
    problems = Problems()
    name = str(path)
    try:
        raw = path.read_bytes()
        data = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse)
    except OSError as failure:
        problems.add("cannot_read", Place(name), detail=failure.strerror or type(failure).__name__)
    except json.JSONDecodeError as failure:
        problems.add("bad_json", Place(name, failure.lineno, failure.colno), detail=failure.msg)
    except (ValueError, RecursionError) as failure:
        problems.add("bad_json", Place(name), detail=str(failure).splitlines()[0])
    problems.raise_if_any(RecordError)
    try:
        # JSON is YAML but for tabs and escapes: read a second time for the positions, and for
        # duplicate keys, which JSON's own reader silently drops
        document = parse_yaml(raw, name, RecordError)
    except RecordError as failure:
        if any(p.code == "duplicate_key" for p in failure.problems):
            raise
        return Document(name, data, {}, {}, set(), hashlib.sha256(raw).hexdigest())
    document.data = data
    return document


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
