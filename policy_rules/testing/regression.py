"""Telling what moved since a snapshot, and recording a change that was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.testing.snapshot import Comparison, Example, Moved, Outcome

#: The heading of a pack's CHANGELOG.md under which accepted changes are recorded.
HEADING: Final = "## 已确认的判定变化 Accepted changes of findings"

_WORDS: Final[dict[str, dict[Lang, str]]] = {
    "same": {
        "zh": "{pack}：{rules} 条规则的判定与快照一致（{households} 户，{day}）",
        "en": "{pack}: {rules} rules answer as in the snapshot ({households} households, {day})",
    },
    "moved": {
        "zh": "{pack}：{rules} 条规则中 {moved} 条的判定有变化",
        "en": "{pack}: the findings of {moved} of {rules} rules moved",
    },
    "rule": {
        "zh": "{rule}：{count} 条判定有变化（{steps}）",
        "en": "{rule}: {count} findings moved ({steps})",
    },
    "gone": {"zh": "{rule}：规则已删除", "en": "{rule}: the rule is gone"},
    "new": {"zh": "{rule}：新增规则", "en": "{rule}: the rule is new"},
    "example": {
        "zh": "例：第 {record} 号虚拟{kind}{member} {before} → {after}，{facts}",
        "en": "example: synthetic {kind} {record}{member} {before} → {after}, {facts}",
    },
}
_KINDS: Final = {
    "household": "户", "village": "村", "township": "乡镇", "county": "县", "cooperative": "合作社",
    "enterprise": "企业", "project": "项目", "budget_unit": "预算单位",
}  # fmt: skip


def lines(found: Comparison, pack: Pack, lang: Lang) -> Iterator[str]:
    """What moved, rule by rule, with examples; one line that counts at the end."""
    for moved in found.moved:
        yield rule_line(moved, lang)
        for example in moved.examples:
            yield "    " + _WORDS["example"][lang].format(
                record=example.record,
                kind=_KINDS[example.kind] if lang == "zh" else example.kind,
                member=f" {example.member}" if example.member else "",
                before=told(example.before, example.after),
                after=told(example.after, example.before),
                facts=_facts(facts_of(found, pack, moved.rule, example)),
            )
    for key, names in (("gone", found.gone), ("new", found.new)):
        yield from (_WORDS[key][lang].format(rule=name) for name in names)
    count = len(found.moved) + len(found.gone) + len(found.new)
    yield _WORDS["same" if found.ok else "moved"][lang].format(
        pack=found.before.pack, rules=len(found.before.rules), moved=count,
        households=found.before.households, day=found.before.day,
    )  # fmt: skip


def rule_line(moved: Moved, lang: Lang) -> str:
    """How many findings of a rule moved, and from what to what."""
    steps = ", ".join(f"{a} → {b} {n}" for (a, b), n in moved.steps.items())
    return _WORDS["rule"][lang].format(rule=moved.rule, count=moved.count, steps=steps)


def as_dict(found: Comparison, pack: Pack) -> dict[str, Any]:
    """What moved as plain data; examples with their whole synthetic record."""
    recipe, seed = found.before.recipe, found.before.seed
    body = {
        "pack": found.before.pack,
        "before": {"version": found.before.version, "digest": found.before.digest},
        "now": {"version": found.now.version, "digest": found.now.digest},
        "as_of": str(found.before.day),
        "moved": [
            {
                "rule": m.rule,
                "count": m.count,
                "steps": [{"from": a, "to": b, "count": n} for (a, b), n in m.steps.items()],
                "examples": [
                    {
                        "record": recipe.record(e.kind, seed, e.record),
                        "member": e.member,
                        "before": list(e.before),
                        "after": list(e.after),
                        "facts": facts_of(found, pack, m.rule, e),
                    }
                    for e in m.examples
                ],
            }
            for m in found.moved
        ],
        "gone": list(found.gone),
        "new": list(found.new),
    }
    plain: dict[str, Any] = _numbers(body)
    return plain


def _numbers(value: Any) -> Any:
    """Decimals as JSON numbers: in print they have the digits they had."""
    if isinstance(value, Mapping):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    return float(value) if isinstance(value, Decimal) else value


def told(outcome: Outcome, other: Outcome) -> str:
    """An outcome in a few words: what sets it apart from the other comes along."""
    verdict, status, met, low, high, clauses = outcome
    parts = [verdict or status]
    if status != other[1] and verdict:
        parts.append(status)
    if met != other[2]:
        parts.append(f"met={met or '-'}")
    if (low, high) != other[3:5]:
        parts.append(f"{low or '-'}" if low == high else f"{low or '-'}..{high or '-'}")
    if clauses != other[5]:
        parts.append(f"[{clauses}]")
    return " ".join(parts)


def facts_of(found: Comparison, pack: Pack, rule: str, example: Example) -> dict[str, Any]:
    """What the rule reads of an example's synthetic record, by name; of the member it speaks of."""
    data = found.before.recipe.record(example.kind, found.before.seed, example.record)
    members = data.get("members") or []
    at = int(example.member.removeprefix("m")) - 1 if example.member else -1
    rows: dict[str, Mapping[str, Any]] = {example.kind: data}
    if 0 <= at < len(members):
        rows["member"] = members[at]
    result: dict[str, Any] = {}
    for spec in required_facts(pack, (rule,)):
        value: Any = rows.get(spec.record)
        if value is None or spec.path == "members":
            continue
        for key in spec.path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            result[f"{spec.record}.{spec.path}"] = value
    return result


def _facts(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in facts.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def recorded(changelog: str, found: Comparison, reason: str, day: str) -> str:
    """A pack's changelog with an accepted change under its heading, the latest first."""
    entry = [f"- {day} {found.before.version} → {found.now.version}：{reason}"]
    entry += [f"  - {rule_line(m, 'zh')}" for m in found.moved]
    entry += [f"  - {_WORDS['gone']['zh'].format(rule=name)}" for name in found.gone]
    entry += [f"  - {_WORDS['new']['zh'].format(rule=name)}" for name in found.new]
    text = "\n".join(entry)
    if HEADING in changelog:
        return changelog.replace(f"{HEADING}\n\n", f"{HEADING}\n\n{text}\n", 1)
    return f"{changelog.rstrip()}\n\n{HEADING}\n\n{text}\n"
