"""The JSON Schema (2020-12) of a record, generated from the dictionary."""

from __future__ import annotations

import math
from typing import Any

from policy_rules.facts.dictionary import SUBJECTS, FactSpec, RecordSpec, Vocabulary
from policy_rules.facts.record import MAX_ITEMS

_YEAR = r"(?!0000)[0-9]{4}"
_MONTH = r"(0[1-9]|1[0-2])"
_DAY = r"(0[1-9]|[12][0-9]|3[01])"


def record_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema of every kind of record; ``kind`` tells which, a household where absent.

    It accepts what :func:`policy_rules.facts.record.read_record` accepts, but for what a schema
    cannot say: that months have as many days as they do, and that member ids differ.
    """
    kinds = [k for k in SUBJECTS if k != "member" and k in vocabulary.records]
    specs = [s for record in vocabulary.records.values() for s in record.facts.values()]
    years = sorted({s.item or "" for s in specs if s.kind == "by_year"})
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policy_rules record",
        "type": "object",
        "properties": {"kind": {"enum": kinds}},
        "allOf": [
            {
                "if": _kind_is(kind),
                "then": {"$ref": f"#/$defs/{kind}_record"},
            }
            for kind in kinds
        ],
        "$defs": {
            "external": _nullable(
                {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": {"type": ["boolean", "null"]},
                    },
                }
            ),
            **{f"{kind}_record": _record(vocabulary.records[kind]) for kind in kinds},
            **{name: _item(spec) for name, spec in vocabulary.records.items()},
            **{f"{name}_by_year": _object(vocabulary.records[name], {}) for name in years},
        },
    }
    return _with_codes(schema, vocabulary)


def _kind_is(kind: str) -> dict[str, Any]:
    test: dict[str, Any] = {"properties": {"kind": {"const": kind}}}
    if kind != "household":
        test["required"] = ["kind"]
    return test


def _record(spec: RecordSpec) -> dict[str, Any]:
    meta = {
        "kind": {"const": spec.name},
        "id": {"type": ["string", "integer", "null"]},
        "as_of": {"type": ["string", "null"], "pattern": f"^{_YEAR}-{_MONTH}-{_DAY}$"},
        "region": {"type": ["string", "integer", "null"]},
        "external": {"$ref": "#/$defs/external"},
    }
    return _object(spec, meta)


def _item(spec: RecordSpec) -> dict[str, Any]:
    return _object(
        spec,
        {"id": {"type": ["string", "integer", "null"]}, "external": {"$ref": "#/$defs/external"}},
    )


def _object(spec: RecordSpec, meta: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = dict(meta)
    for path, fact in spec.facts.items():
        *groups, last = path.split(".")
        properties = tree
        for group in groups:
            entry = properties.setdefault(
                group, {"type": ["object", "null"], "properties": {}, "additionalProperties": False}
            )
            properties = entry["properties"]
        properties[last] = _fact(fact)
    return {
        "type": "object",
        "title": f"{spec.label.zh} {spec.label.en}",
        "properties": tree,
        "additionalProperties": False,
    }


def _fact(fact: FactSpec) -> dict[str, Any]:
    schema = _nullable(_SHAPES[fact.kind](fact))
    schema["title"] = f"{fact.label.zh} {fact.label.en}"
    schema["description"] = f"{fact.question.zh} {fact.question.en}"
    if fact.unit:
        schema["x-unit"] = fact.unit
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    kinds = schema["type"]
    return {**schema, "type": [*(kinds if isinstance(kinds, list) else [kinds]), "null"]}


def _number(fact: FactSpec) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer" if fact.kind == "int" else "number"}
    if fact.lo != -math.inf:
        schema["minimum"] = _plain(fact.lo)
    if fact.hi != math.inf:
        schema["maximum"] = _plain(fact.hi)
    return schema


def _plain(value: Any) -> int | float:
    return value if isinstance(value, int) else float(value)


def _list(fact: FactSpec) -> dict[str, Any]:
    items = {
        "type": "array",
        "items": {"anyOf": [{"$ref": f"#/$defs/{fact.item}"}, {"type": "null"}]},
        "maxItems": MAX_ITEMS,
    }
    return {
        "type": ["array", "object"],
        "items": items["items"],
        "maxItems": MAX_ITEMS,
        "properties": {"items": items, "complete": {"type": "boolean"}},
        "required": ["items"],
        "additionalProperties": False,
    }


def _date(pattern: str) -> dict[str, Any]:
    # a bare year may stand as a number
    bounds = {"minimum": 1000, "maximum": 9999}
    return {"type": ["string", "integer"], "pattern": pattern, **bounds}


_SHAPES: dict[str, Any] = {
    "bool": lambda fact: {"type": "boolean"},
    "int": _number,
    "number": _number,
    "money": _number,
    "share": _number,
    "date": lambda fact: _date(f"^{_YEAR}(-{_MONTH}(-{_DAY})?)?$"),
    "year_month": lambda fact: _date(f"^{_YEAR}(-{_MONTH})?$"),
    "code": lambda fact: {"type": "string", "x-codes": fact.codes},
    "codes": lambda fact: {"type": "array", "items": {"type": "string"}, "x-codes": fact.codes},
    "text": lambda fact: {"type": ["string", "integer"]},
    "list": _list,
    "by_year": lambda fact: {
        "type": "object",
        "patternProperties": {
            r"^(199\d|20\d\d|2100)$": {
                "anyOf": [{"$ref": f"#/$defs/{fact.item}_by_year"}, {"type": "null"}]
            }
        },
        "additionalProperties": False,
    },
    "record": lambda fact: {"$ref": f"#/$defs/{fact.item}"},
}


def _with_codes(schema: dict[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:

    def fill(node: Any) -> Any:
        if isinstance(node, list):
            return [fill(n) for n in node]
        if not isinstance(node, dict):
            return node
        body = {k: fill(v) for k, v in node.items()}
        if "x-codes" in body:
            codes = list(vocabulary.codes[body["x-codes"]].values)
            if "items" in body:
                body["items"] = {"enum": codes}
            else:
                body["enum"] = [*codes, None]
                body.pop("type")
        return body

    filled: dict[str, Any] = fill(schema)
    return filled
