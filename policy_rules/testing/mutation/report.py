"""The report of a mutation run: as data, Markdown, or lines for the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

import attrs

from policy_rules.errors import Lang
from policy_rules.testing.mutation.model import KINDS, PROVED, Fate, Mutant, Outcome
from policy_rules.testing.mutation.witness import Suggestion

FATES: Final[tuple[Fate, ...]] = ("killed", "survived", "equivalent", "timeout")
_WORDS: Final[dict[str, dict[Lang, str]]] = {
    "title": {"zh": "变异检验", "en": "Mutants"},
    "kind": {"zh": "种类", "en": "kind"},
    "file": {"zh": "文件", "en": "file"},
    "all": {"zh": "合计", "en": "all"},
    "mutants": {"zh": "变异数", "en": "mutants"},
    "killed": {"zh": "已察觉", "en": "noticed"},
    "survived": {"zh": "未察觉", "en": "survived"},
    "equivalent": {"zh": "等价", "en": "equivalent"},
    "timeout": {"zh": "超时", "en": "out of time"},
    "survivors": {"zh": "没有用例、性质、检查察觉的变异", "en": "Mutants nothing noticed"},
    "none": {"zh": "没有", "en": "None"},
    "interrupted": {
        "zh": "运行中断：只试了 {done}/{total} 个变异",
        "en": "Interrupted: {done} of {total} mutants were tried",
    },
    "second_reading": {
        "zh": "应写入 second_reading.yaml：从原文看 {rule} 的条款、力度等",
        "en": "to be told in second_reading.yaml: what the text says of {rule}",
    },
    "target_case": {
        "zh": "应有一个目标用例，测算 {rule}",
        "en": "to be told by a case of targets that measures {rule}",
    },
    "case": {
        "zh": "用例 {case} 改为 {change}（{as_of}）时 {rule}：现为 {now}，变异后 {mutant}",
        "en": "the case {case} with {change} ({as_of}): {rule} is {now}, of the mutant {mutant}",
    },
    "record": {
        "zh": "记录 {change}（{as_of}）时 {rule}：现为 {now}，变异后 {mutant}",
        "en": "the record {change} ({as_of}): {rule} is {now}, of the mutant {mutant}",
    },
    "nothing": {
        "zh": "试了 {tried} 条记录，没有找到能区分的",
        "en": "{tried} records tried, none tells them apart",
    },
    "undecided": {
        "zh": "求解器未判定（{why}）",
        "en": "the solver does not settle it ({why})",
    },
    "proved": {
        "zh": "求解器证明等价：{first}至{last}每一天，成员不超过 {members} 人、其他明细不超过 {items} 条，所采读法和其他 {readings} 种读法",
        "en": "proved to mean the same: every day of {first} to {last}, up to {members} members and {items} items of other lists, as read and under {readings} other readings",
    },
    "equivalents": {"zh": "求解器证明等价的变异", "en": "Mutants proved to mean the same"},
    "sole": {"zh": "独自察觉变异的用例", "en": "Cases that alone notice a mutant"},
    "idle": {"zh": "没有察觉任何变异的用例", "en": "Cases that notice no mutant"},
    "of": {
        "zh": "{pack}：{total} 个变异，已察觉 {killed}，等价 {equivalent}（求解器证明 {proved}），超时 {timeout}，未察觉 {survived}；{rate}；{seconds:.0f} 秒",
        "en": "{pack}: {total} mutants, {killed} noticed, {equivalent} equivalent ({proved} proved by the solver), {timeout} out of time, {survived} survived; {rate}; {seconds:.0f} s",
    },
}


def word(key: str, lang: Lang) -> str:
    """A word of reports."""
    return _WORDS[key][lang]


@attrs.frozen(slots=False)
class MutationReport:
    """What trying the mutants of a pack gave; ``outcomes`` by the number of the mutant."""

    pack: str
    version: str
    digest: str
    mutants: tuple[Mutant, ...]
    outcomes: Mapping[int, Outcome]
    suggestions: Mapping[int, Suggestion]
    wanted: int
    interrupted: bool
    every: bool
    seconds: float

    @cached_property
    def survivors(self) -> tuple[Mutant, ...]:
        """Mutants that nothing noticed, those out of time included."""
        open_ = ("survived", "timeout")
        return tuple(m for m in self.mutants if self.outcomes[m.number].fate in open_)

    @property
    def ok(self) -> bool:
        """Nothing survived, and the run came to its end."""
        return not self.survivors and not self.interrupted

    def counts(self, key: str) -> dict[str, Counter[str]]:
        """How many mutants met each fate, by ``kind`` or ``file``."""
        found: dict[str, Counter[str]] = {}
        for mutant in self.mutants:
            found.setdefault(getattr(mutant, key), Counter())[
                self.outcomes[mutant.number].fate
            ] += 1
        order = list(KINDS) if key == "kind" else sorted(found)
        return {name: found[name] for name in order if name in found}

    @property
    def totals(self) -> Counter[str]:
        """How many mutants met each fate."""
        return Counter(self.outcomes[m.number].fate for m in self.mutants)

    @property
    def proved(self) -> int:
        """How many of the equivalent ones the solver proved to be so."""
        return sum(o.detail == PROVED for o in self.outcomes.values())

    @property
    def rate(self) -> str:
        """The share noticed of those that are not equivalent."""
        open_ = len(self.mutants) - self.totals["equivalent"]
        return f"{100 * self.totals['killed'] / open_:.2f} %" if open_ else "-"

    def by_case(self) -> dict[str, tuple[int, int]]:
        """For each case: how many mutants it notices, and how many it alone notices."""
        found: dict[str, list[int]] = {}
        for mutant in self.mutants:
            cases = [b for b in self.outcomes[mutant.number].by if b.startswith("case ")]
            alone = len(self.outcomes[mutant.number].by) == 1
            for case in cases:
                told = found.setdefault(case.removeprefix("case "), [0, 0])
                told[0] += 1
                told[1] += alone
        return {name: (told[0], told[1]) for name, told in sorted(found.items())}

    def as_dict(self) -> dict[str, Any]:
        """Plain data; the same for the same pack and mutants but for ``seconds``."""
        body: dict[str, Any] = {
            "pack": self.pack,
            "version": self.version,
            "digest": self.digest,
            "mutants": len(self.mutants),
            **{fate: self.totals[fate] for fate in FATES},
            "equivalent_proved": self.proved,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 1),
            "kinds": {k: dict(v) for k, v in self.counts("kind").items()},
            "files": {k: dict(v) for k, v in self.counts("file").items()},
            "noticed_by": dict(sorted(self._noticed().items())),
            "survivors": [self._entry(m) for m in self.survivors],
            "equivalents": [
                {**self._entry(m), "why": self.outcomes[m.number].detail}
                for m in self.mutants
                if self.outcomes[m.number].fate == "equivalent"
            ],
        }
        if self.every:
            body["cases"] = {n: {"notices": a, "alone": b} for n, (a, b) in self.by_case().items()}
        return body

    def _noticed(self) -> Counter[str]:
        return Counter(
            self.outcomes[m.number].by[0].split(":")[0].split(" ")[0]
            for m in self.mutants
            if self.outcomes[m.number].by
        )

    def _entry(self, mutant: Mutant) -> dict[str, Any]:
        hint = self.suggestions.get(mutant.number)
        said = self.outcomes[mutant.number].solved
        return {
            "place": str(mutant.place),
            "kind": mutant.kind,
            "thing": mutant.thing,
            "was": mutant.was,
            "became": mutant.became,
            "fate": self.outcomes[mutant.number].fate,
            **({"suggestion": hint.as_dict()} if hint else {}),
            **({"solver": said.as_dict()} if said else {}),
        }

    # -- text -----------------------------------------------------------------------------------

    def headline(self, lang: Lang) -> str:
        """One line that counts."""
        totals: dict[str, Any] = {fate: self.totals[fate] for fate in FATES}
        return word("of", lang).format(
            pack=self.pack,
            total=len(self.mutants),
            rate=self.rate,
            seconds=self.seconds,
            proved=self.proved,
            **totals,
        )

    def lines(self, lang: Lang) -> Iterator[str]:
        """Every survivor with what would notice it, then one line that counts."""
        for mutant in self.survivors:
            yield f"{mutant.place}: {mutant.kind}: {mutant.thing}: `{mutant.was}` → `{mutant.became}`"
            if told := self._told(mutant, lang):
                yield f"    {told}"
        if self.interrupted:
            yield self._interruption(lang)
        yield self.headline(lang)

    def _told(self, mutant: Mutant, lang: Lang) -> str:
        """What would notice a survivor, and what the solver says of it."""
        hint, solver = self.suggestions.get(mutant.number), self.outcomes[mutant.number].solved
        told = [say(hint, lang)] if hint and not (solver and hint.kind == "none") else []
        if solver is not None and solver.settled == "undecided":
            told.append(word("undecided", lang).format(why=solver.why))
        return ("；" if lang == "zh" else "; ").join(told)

    def _interruption(self, lang: Lang) -> str:
        return word("interrupted", lang).format(done=len(self.mutants), total=self.wanted)

    def json(self) -> str:
        """The report as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1, default=str) + "\n"

    def markdown(self, lang: Lang) -> str:
        """The report as a page."""
        out = [f"# {word('title', lang)} {self.pack} {self.version}", "", self.headline(lang), ""]
        if self.interrupted:
            out += [self._interruption(lang), ""]
        for key in ("kind", "file"):
            fates = [f for f in FATES if self.totals[f] or f in ("killed", "survived")]
            out.append("| " + " | ".join([word(key, lang), *(word(f, lang) for f in fates)]) + " |")
            out.append("| --- |" + " ---: |" * len(fates))
            for name, count in self.counts(key).items():
                out.append(f"| {name} | " + " | ".join(str(count[f]) for f in fates) + " |")
            out.append("")
        out += [f"## {word('survivors', lang)}", ""]
        for mutant in self.survivors:
            out.append(
                f"- `{mutant.place}` {mutant.kind}, {mutant.thing}: `{mutant.was}` → `{mutant.became}`"
            )
            if told := self._told(mutant, lang):
                out.append(f"  {told}")
        if not self.survivors:
            out.append(word("none", lang))
        out += self._proved(lang)
        if self.every:
            by_case = self.by_case()
            out += ["", f"## {word('sole', lang)}", ""]
            out += [
                f"- {name}: {alone} / {count}" for name, (count, alone) in by_case.items() if alone
            ]
        return "\n".join(out) + "\n"

    def _proved(self, lang: Lang) -> Iterator[str]:
        """The mutants the solver proved to be equivalent, with the bounds."""
        proved = [m for m in self.mutants if self.outcomes[m.number].detail == PROVED]
        if proved:
            yield from ("", f"## {word('equivalents', lang)}", "")
        for mutant in proved:
            found = self.outcomes[mutant.number].solved
            assert found is not None
            assert found.days is not None
            yield f"- `{mutant.place}` {mutant.kind}, {mutant.thing}: `{mutant.was}` → `{mutant.became}`"
            yield "  " + word("proved", lang).format(
                first=found.days.first, last=found.days.last, members=found.bounds.members,
                items=found.bounds.items, readings=found.readings,
            )  # fmt: skip


def say(hint: Suggestion, lang: Lang) -> str:
    """A suggestion as a sentence."""
    if hint.kind == "none":
        return word("nothing", lang).format(tried=hint.tried)
    change = json.dumps(hint.change, ensure_ascii=False, default=str)
    return word(hint.kind, lang).format(
        case=hint.case, change=change, as_of=hint.as_of, rule=hint.rule, now=hint.now,
        mutant=hint.mutant,
    )  # fmt: skip
