"""Witnesses as worked cases of a pack: what a solver found once, a case keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from policy_rules.analysis.model import Nature, Witness, overlay_of
from policy_rules.analysis.vocabularies import known_part
from policy_rules.diff.compare import PackDiff, Pair
from policy_rules.diff.meaning import Meaning
from policy_rules.packs.model import Pack
from policy_rules.verdict import Verdict
from policy_rules.writing import replacing, writing


def case_of(
    name: str, witness: Witness, pack: Pack, rule: str, day: str, verdict: Verdict
) -> dict[str, Any]:
    """A witness as an entry of ``cases.yaml`` of a pack."""
    known = known_part(witness.record, pack.vocabulary)
    record = {k: v for k, v in known.items() if k != "as_of"}
    figures = witness.parameters.get(pack.id, {})
    overlay = overlay_of(pack.id, {n: v for n, v in figures.items() if n in pack.parameters})
    overlay.pop("pack", None)
    finding = f"{rule}@{witness.subject}" if witness.subject else rule
    return {
        "id": re.sub(r"\W+", "_", name.lower(), flags=re.ASCII),
        "record": record or {"id": "1"},
        "as_of": day,
        **({"overlay": overlay} if overlay else {}),
        "expect": {finding: verdict.value},
    }


def diff_cases(diff: PackDiff) -> dict[str, list[dict[str, Any]]]:
    """The cases of all witnesses of a comparison, by pack; one record may be a case of both."""
    found: dict[str, list[dict[str, Any]]] = {}
    for concept in diff.concepts:
        for pair in concept.pairs:
            for name, witness, meaning in _witnesses(pair):
                assert meaning.answer is not None
                sides = (
                    (diff.left, pair.left, witness.left),
                    (diff.right, pair.right, witness.right),
                )
                for (pack, profile, verdict), day in zip(sides, meaning.answer.days, strict=True):
                    if verdict is None:
                        continue
                    rule = profile.thing.id
                    case = case_of(f"{rule}_{name}", witness, pack, rule, str(day), verdict)
                    found.setdefault(pack.id, []).append(case)
    return {pack: list(_numbered(cases)) for pack, cases in found.items()}


def _witnesses(pair: Pair) -> Iterator[tuple[str, Witness, Meaning]]:
    meaning = pair.meaning
    if meaning is None:
        return
    other = pair.right.thing.id
    for witness in meaning.witnesses:
        yield f"{other}_{witness.kind}", witness, meaning
    hypothetical = meaning.hypothetical
    if hypothetical is not None and hypothetical.answer is not meaning.answer:
        for witness in hypothetical.witnesses:
            yield f"{other}_{witness.kind}_assumed", witness, hypothetical


def nature_cases(pack: Pack, natures: Iterable[Nature]) -> dict[str, list[dict[str, Any]]]:
    """A YES, a NO and a needless UNKNOWN of each rule, as far as there are any."""
    cases = [
        case_of(f"{n.rule}_{name}", w, pack, n.rule, str(w.record["as_of"]), w.left)
        for n in natures
        for name, w in (("yes", n.yes), ("no", n.no), ("open", n.beyond))
        if w is not None
    ]
    return {pack.id: list(_numbered(cases))}


def _numbered(cases: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Cases with ids of their own."""
    seen: dict[str, int] = {}
    for case in cases:
        seen[case["id"]] = count = seen.get(case["id"], 0) + 1
        yield case if count == 1 else {**case, "id": f"{case['id']}_{count}"}


def write_cases(folder: Path, cases: Mapping[str, list[dict[str, Any]]]) -> list[Path]:
    """Write a file of cases a pack, ``guangxi.yaml`` or ``yunnan_dongchuan.yaml``; gives the files.

    Raises :class:`~policy_rules.errors.EvaluationError` where a file cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for pack, some in cases.items():
        path = folder / f"{pack.replace('/', '_')}.yaml"
        text = yaml.safe_dump({"cases": some}, allow_unicode=True, sort_keys=False, width=110)
        with replacing(path) as beside:
            beside.write_text(text, "utf-8")
        written.append(path)
    return written
