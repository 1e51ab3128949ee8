"""Record files: YAML or JSON, with the place of every value."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from policy_rules.errors import Place, Problems, RecordError, shown
from policy_rules.yamldoc import Document, json_number, parse_yaml, read_bytes, read_yaml


def read_record_file(path: Path) -> Document:
    """A record file with positions; JSON is read by JSON's rules.

    Raises :class:`~policy_rules.errors.RecordError`.
    """
    if path.suffix.lower() != ".json":
        return read_yaml(path, error=RecordError)
    name = str(path)
    problems = Problems()
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        twice.extend(key for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(found)

    raw = read_bytes(path, name, RecordError)
    data: Any = None
    try:
        text = raw.decode("utf-8-sig")
        # NaN and Infinity are let through: the fact they stand for refuses them, in its place
        data = json.loads(text, parse_float=json_number, object_pairs_hook=pairs)
    except UnicodeDecodeError:
        parse_yaml(raw, name, RecordError)  # says where
    except json.JSONDecodeError as failure:
        problems.add("bad_json", Place(name, failure.lineno, failure.colno), detail=failure.msg)
    except RecursionError:
        parse_yaml(raw, name, RecordError)  # says where
    except ValueError:  # a number of thousands of digits
        problems.add("bad_json", Place(name), detail="a number is written wrongly")
    problems.raise_if_any(RecordError)
    try:
        # JSON is YAML but for tabs and some escapes: read a second time for the positions
        document = parse_yaml(raw.replace(b"\t", b" "), name, RecordError)
    except RecordError as failure:
        if any(p.code != "bad_yaml" for p in failure.problems):
            raise
        for key in twice:
            problems.add("duplicate_key", Place(name), got=shown(key))
        problems.raise_if_any(RecordError)
        document = Document(name, data, {}, {}, set(), "")
    document.data, document.digest = data, hashlib.sha256(raw).hexdigest()
    return document
