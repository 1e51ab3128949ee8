"""What came of putting the engines beside each other, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from policy_rules.errors import Lang
from policy_rules.testing.agreement.run import Agreement
from policy_rules.text import Text

_WORDS: Final = {
    "headline": Text(
        "{households:,} 户，{answers:,} 个判定，不一致 {count} 处；{seconds:.0f} 秒，每秒 {rate:.0f} 户",
        "{households:,} households, {answers:,} answers, {count} disagreements; {seconds:.0f} s, {rate:.0f} households a second",
    ),
    "left": Text(
        "没有跑完：{done}/{total} 批；用同一个 --state 文件可以接着跑",
        "not finished: {done} of {total} batches; go on with the same --state file",
    ),
    "engine": Text(
        "{engine}：{households:,} 户，{answers:,} 个判定，{seconds:.1f} 秒处理器时间",
        "{engine}: {households:,} households, {answers:,} answers, {seconds:.1f} s of a processor",
    ),
    "found": Text(
        "{engine} 与解释器不一致：{pack} 第 {batch} 批 {finding}（{as_of}）：应为 {expected}，得到 {got}",
        "{engine} differs from the interpreter: {pack}, batch {batch}, {finding} ({as_of}): expected {expected}, got {got}",
    ),
    "record": Text("    记录：{record}", "    record: {record}"),
    "rule": Text("    规则：{rule}", "    rule: {rule}"),
}


def agreement_lines(found: Agreement, lang: Lang) -> Iterator[str]:
    """A line an engine, the disagreements with their records, a line that counts."""

    def word(key: str, **values: Any) -> str:
        return _WORDS[key][lang].format(**values)

    data = found.as_dict()
    for engine, told in data["engines_told"].items():
        yield word("engine", engine=engine, **told)
    for one in found.found:
        yield word("found", **one)
        yield word("record", record=json.dumps(one["record"], ensure_ascii=False, default=str))
        if one["rule"]:
            yield word("rule", rule=json.dumps(one["rule"], ensure_ascii=False, default=str))
    if not found.complete:
        yield word("left", done=len(found.done), total=found.options.batches)
    answers = sum(t.answers for t in found.tallies.values())
    rate = found.households / found.seconds if found.seconds else 0.0
    yield word(
        "headline", households=found.households, answers=answers, count=found.count,
        seconds=found.seconds, rate=rate,
    )  # fmt: skip
