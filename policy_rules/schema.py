"""JSON Schema validation whose errors have our codes, places and nearest names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from policy_rules.errors import Problems, nearest, one_of, shown
from policy_rules.yamldoc import Document, Path_

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_SIGNS: Final = {
    "minimum": ">=",
    "maximum": "<=",
    "exclusiveMinimum": ">",
    "exclusiveMaximum": "<",
}


def _pattern(_: Any, pattern: str, instance: object, schema: object) -> Iterator[ValidationError]:
    # `$` of Python also stands before a last line break; that of JSON Schema does not
    if isinstance(instance, str) and (
        instance.endswith("\n") or re.search(pattern, instance) is None
    ):
        yield ValidationError(pattern)


_Validator: Final = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of a schema under ``policy_rules/schemas``; definitions are shared."""
    folder = resources.files("policy_rules") / "schemas"
    schema = json.loads((folder / f"{name}.json").read_text("utf-8"))
    common = json.loads((folder / "common.json").read_text("utf-8"))
    defs = {**common["$defs"], **schema.get("$defs", {})}
    schema = {**_inlined(schema, defs, ()), "$defs": defs}
    made: Draft202012Validator = _Validator(schema, format_checker=FormatChecker(("date",)))
    return made


def _inlined(node: Any, defs: dict[str, Any], open_: tuple[str, ...]) -> Any:
    """The schema with references replaced by what they name: following them took half the time of
    loading a pack. What refers to itself (a condition) stays a reference."""
    if isinstance(node, list):
        return [_inlined(item, defs, open_) for item in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if len(node) == 1 and name in defs and name not in open_:
        return _inlined(defs[name], defs, (*open_, name))
    return {k: v if k == "$defs" else _inlined(v, defs, open_) for k, v in node.items()}


def check(document: Document, name: str, problems: Problems, prefix: Path_ = ()) -> None:
    """Note everything in ``document``, or its part at ``prefix``, that does not fit the schema."""
    data = document.data
    for key in prefix:
        data = data[key]
    found = Problems()
    try:
        for error in validator(name).iter_errors(data):
            _note(error, (*prefix, *error.absolute_path), document, found)
    except RecursionError:
        found.add("too_deep", document.place(prefix))
    problems.found += dict.fromkeys(found.found)


def _note(error: ValidationError, path: Path_, document: Document, problems: Problems) -> None:
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    keyword = str(error.validator)
    value: Any = error.validator_value
    instance: Any = error.instance
    says = str(schema.get("description", ""))
    place = document.place(path)
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(instance))
        place = document.key_place(path)
    match keyword:
        case "additionalProperties":
            known = list(schema.get("properties", {}))
            for key in (k for k in instance if k not in known):
                problems.add(
                    "unknown_key",
                    document.key_place((*path, key)),
                    got=shown(key),
                    expected=", ".join(known),
                    nearest=nearest(key, known),
                )
        case "not" if "x-only-with" in schema or "x-not-with" in schema:
            code, other = (
                ("misplaced_key", schema["x-only-with"])
                if "x-only-with" in schema
                else ("conflicting_keys", schema["x-not-with"])
            )
            problems.add(code, document.key_place(path), got=shown(path[-1]), expected=other)
        case "required":
            for key in (k for k in value if k not in instance):
                problems.add("missing_key", place, expected=shown(key))
        case "dependentRequired":
            for key in (k for given, ks in value.items() if given in instance for k in ks):
                if key not in instance:
                    problems.add("missing_key", place, expected=shown(key))
        case "anyOf" | "oneOf" if all(set(branch) == {"required"} for branch in value):
            if isinstance(instance, dict):  # what is no mapping has every key, says JSON Schema
                branches = [branch["required"] for branch in value]
                _note_choice(path, branches, instance, document, problems)
        case "enum" | "const":
            allowed = [_written(a) for a in (value if keyword == "enum" else [value])]
            # signs are too short to be alike: the nearest to `=>` would be `>`
            word = isinstance(instance, str) and re.search(r"\w", instance)
            near = nearest(instance, allowed) if word else ""
            problems.add(
                "not_allowed", place, expected=one_of(allowed), got=kind(instance), nearest=near
            )
        case "type":
            problems.add("wrong_type", place, expected=says or _kinds(value), got=kind(instance))
        case "format":
            # what does not even look like a date is the pattern's to report
            if _DAY.match(instance):
                problems.add("bad_date", place, expected="2022-12-31", got=shown(instance))
        case "minItems" | "minLength" | "minProperties" if value == 1:
            problems.add("empty", place, expected=says)
        case "uniqueItems":
            twice = next(i for i, item in enumerate(instance) if item in instance[:i])
            problems.add("repeated_item", document.place((*path, twice)), got=kind(instance[twice]))
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            expected = f"{_SIGNS[keyword]} {value}"
            problems.add("out_of_range", place, expected=expected, got=shown(instance))
        case "maxProperties":
            keys = ", ".join(shown(k) for k in instance)
            problems.add("bad_form", place, expected=says, got=keys)
        case _:  # pattern, and the sizes of lists
            problems.add(
                "bad_form", place, expected=says or f"{keyword} {value}", got=kind(instance)
            )


def _note_choice(
    path: Path_,
    branches: Sequence[Sequence[str]],
    instance: Mapping[str, Any],
    document: Document,
    problems: Problems,
) -> None:
    """Several keys of which one is wanted: none stands there, a part of one, or too many."""
    place = document.place(path)
    whole = [keys for keys in branches if all(k in instance for k in keys)]
    begun = [keys for keys in branches if any(k in instance for k in keys)]
    if whole:
        first, second = whole[0][0], whole[1][0]
        where = document.key_place((*path, second))
        problems.add("conflicting_keys", where, got=shown(second), expected=shown(first))
    elif begun:
        for key in (k for k in begun[0] if k not in instance):
            problems.add("missing_key", place, expected=shown(key))
    else:
        names = " / ".join(shown(keys[0]) for keys in branches)
        problems.add("missing_key", place, expected=names)


def _written(value: object) -> str:
    """A value as it is written in YAML."""
    return shown(value)[1:-1]


_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def _kinds(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else types
    return " or ".join(_NAMES[t] for t in names)


def kind(value: Any) -> str:
    """What a value is, as a user would say it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"{shown(value)}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return shown(value)
