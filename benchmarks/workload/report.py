"""The results as tables, and the goals beside the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

Rounds = dict[str, list[dict[str, Any]]]

NAMES: Final = {
    "plain": "plain Python function",
    "cel": "Google CEL (C++), one map expression",
    "cel_rust": "CEL (Rust), one map expression",
    "zen": "GoRules ZEN",
    "durable_rules": "durable_rules, member rules precomputed",
    "ours: polars, plan": "ours, polars: the plan alone",
    "ours: polars, answers": "ours, polars: `evaluate_population`",
    "ours: polars, table": "ours, polars: and its wide table",
    "ours: DuckDB, plan": "ours, DuckDB: the plan alone",
    "ours: DuckDB, answers": "ours, DuckDB: `evaluate_population`",
    "floor": "reading and writing the Parquet alone",
    "in memory": "`evaluate_population`",
}
GROUPED, OFFSETS = "polars, group_by and join", "polars, sorted offsets"
ROW_PEERS: Final = (
    "cel",
    "cel_rust",
    "zen",
    "durable_rules",
    "OpenFisca-core",
    "PolicyEngine-core",
)
BEGIN, END = "<!-- workload: written by workload/run.py -->", "<!-- workload: end -->"


def markdown(results: dict[str, Any]) -> str:
    """Every table there are results for."""
    lines: list[str] = []
    for part, write in _PARTS.items():
        if part in results:
            lines += [*write(results[part]), ""]
    return "\n".join([*_goals(results), "", *lines])


def into(page: Path, text: str) -> None:
    """Put the tables between the marks of a page."""
    whole = page.read_text("utf-8")
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")


def failures(results: dict[str, Any]) -> list[str]:
    """What did not run."""
    found = []
    for part, body in results.items():
        rows = body.get("rounds") or {w: list(b.values()) for w, b in body["ways"].items()}
        for engine, rounds in rows.items():
            found += [f"{part}: {engine}: {r['failed']}" for r in rounds if "failed" in r]
    return found


def _name(engine: str) -> str:
    return NAMES.get(engine, engine.replace("ours: ", "ours: "))


def _on(body: dict[str, Any]) -> str:
    it = body["machine"]
    said = f"{it['cores']} cores, Python {it['python']}, load average {it['load_average']} at the start"
    return f"{said}, commit {it['commit']}" if it.get("commit") else said


def _mid(rounds: Rounds, engine: str, key: str) -> float:
    return median(r[key] for r in rounds[engine])


def _best(rounds: Rounds, engine: str) -> float:
    """Times the plain function in the best round."""
    return float(min(r["against_plain"] for r in rounds[engine]))


def _whole(rounds: Rounds) -> Rounds:
    """The engines that ran."""
    return {e: r for e, r in rounds.items() if r and not any("failed" in x for x in r)}


def _against(rounds: Rounds, engine: str, other: str, key: str = "best") -> float | None:
    """The ratio of two engines within a round, median over rounds: of the best times of a round (what else the
    machine does only adds to them), or of another figure."""
    if engine not in rounds or other not in rounds:
        return None
    pairs = zip(rounds[engine], rounds[other], strict=False)
    found = [a[key] / b[key] for a, b in pairs if a.get("households") == b.get("households")]
    return median(found) if found else None


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def _failed(rounds: Rounds, columns: int) -> Iterator[str]:
    for engine, found in rounds.items():
        told = next((r["failed"] for r in found if "failed" in r), "")
        if told:
            yield f"| {_name(engine)} | {told} |" + " |" * (columns - 2)


def _one(body: dict[str, Any]) -> Iterator[str]:
    rounds = _whole(body["rounds"])
    count = max(map(len, rounds.values()))
    yield f"**One household**, a dict in, 60 outcomes out; {count} rounds; {_on(body)}."
    yield ""
    yield "| | µs on the wall's clock | µs of CPU | × plain function (CPU) | in its best round |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for engine in sorted(rounds, key=lambda e: _mid(rounds, e, "against_plain")):
        ratio = _mid(rounds, engine, "against_plain")
        wall, busy = (_mid(rounds, engine, key) for key in ("us", "cpu_us"))
        best = _times(_best(rounds, engine))
        yield f"| {_bold(engine)} | {wall:,.0f} | {busy:,.0f} | {_times(ratio)} | {best} |"
    yield from _failed(body["rounds"], 5)


def _columns(body: dict[str, Any]) -> Iterator[str]:
    rounds = _whole(body["rounds"])
    households = next(iter(rounds.values()))[0]["households"]
    yield f"**{households:,} households, columns in memory**; {_on(body)}."
    yield ""
    yield (
        "| | s, median | best | of CPU | × polars, group_by | by CPU | × polars, offsets | by CPU"
        " | × plain function (CPU) | peak MB |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for engine in sorted(rounds, key=lambda e: _mid(rounds, e, "seconds")):
        yield (
            f"| {_bold(engine)} | {_mid(rounds, engine, 'seconds'):.2f} |"
            f" {min(r['best'] for r in rounds[engine]):.2f} |"
            f" {_mid(rounds, engine, 'busy'):.2f} |"
            f" {_times(_against(rounds, engine, GROUPED))} |"
            f" {_times(_against(rounds, engine, GROUPED, 'busy'))} |"
            f" {_times(_against(rounds, engine, OFFSETS))} |"
            f" {_times(_against(rounds, engine, OFFSETS, 'busy'))} |"
            f" {_mid(rounds, engine, 'against_plain'):.3f} |"
            f" {_mid(rounds, engine, 'peak_mb'):,.0f} |"
        )
    yield from _failed(body["rounds"], 10)


def _files(body: dict[str, Any]) -> Iterator[str]:
    rounds = _whole(body["rounds"])
    most = max(r[0]["households"] for r in rounds.values())
    yield f"**{most:,} households, Parquet to Parquet**; {_on(body)}."
    yield ""
    yield (
        "| | households | s, median | best | µs a household | × polars, group_by"
        " | × polars, offsets | peak MB | MB written |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"

    def each(engine: str) -> float:
        return _mid(rounds, engine, "seconds") / rounds[engine][0]["households"]

    for engine in sorted(rounds, key=each):
        yield (
            f"| {_bold(engine)} | {rounds[engine][0]['households']:,} |"
            f" {_mid(rounds, engine, 'seconds'):.1f} |"
            f" {min(r['best'] for r in rounds[engine]):.1f} |"
            f" {each(engine) * 1e6:.2f} |"
            f" {_times(_against(rounds, engine, GROUPED))} |"
            f" {_times(_against(rounds, engine, OFFSETS))} |"
            f" {_mid(rounds, engine, 'peak_mb'):,.0f} |"
            f" {_mid(rounds, engine, 'out_mb'):,.1f} |"
        )
    yield from _failed(body["rounds"], 9)


def _packs(body: dict[str, Any]) -> Iterator[str]:
    ways = body["ways"]
    known = [r for found in ways.values() for r in found.values() if "rules" in r]
    rules = f", {known[0]['rules']} rules" if known else ""
    yield f"**Our five packs{rules}, over synthetic households**; {_on(body)}."
    yield ""
    yield "| | households | s | µs a household | peak MB |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for way, found in ways.items():
        for count, row in found.items():
            if "failed" in row:
                yield f"| {_name(way)} | {int(count):,} | {row['failed']} | | |"
                continue
            each = row["seconds"] / row["households"] * 1e6
            yield (
                f"| {_name(way)} | {int(count):,} | {row['seconds']:,.1f} | {each:,.1f} |"
                f" {row['peak_mb']:,.0f} |"
            )


_PARTS: Final[dict[str, Callable[[dict[str, Any]], Iterator[str]]]] = {
    "one": _one,
    "columns": _columns,
    "files": _files,
    "packs": _packs,
}


def _bold(engine: str) -> str:
    return f"**{_name(engine)}**" if engine.startswith("ours") else _name(engine)


# -- goals ------------------------------------------------------------------------------------------


def _goals(results: dict[str, Any]) -> Iterator[str]:
    yield "| goal | figure | |"
    yield "| --- | ---: | --- |"
    for goal, figure, reached in _goal_rows(results):
        yield f"| {goal} | {figure} | {'reached' if reached else '**missed**'} |"


def _goal_rows(results: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    if "one" in results:
        yield from _goals_of_one(_whole(results["one"]["rounds"]))
    if "columns" in results:
        yield from _goals_of_columns(_whole(results["columns"]["rounds"]))
    if "files" in results:
        yield from _goals_of_files(_whole(results["files"]["rounds"]))
    if "packs" in results:
        yield from _goals_of_packs(results["packs"]["ways"])


def _goals_of_one(rounds: Rounds) -> Iterator[tuple[str, str, bool]]:
    peers = {p: _best(rounds, p) for p in ROW_PEERS if p in rounds}
    for given, engine in (
        ("a dict given", "ours: verdicts"),
        ("record checked before", "ours: verdicts, record checked before"),
    ):
        ratio = _mid(rounds, engine, "against_plain")
        goal = f"verdicts of one household ≤ 5 × plain function, {given}"
        yield goal, f"{_times(ratio)} ×", ratio <= 5
        if peers:
            first = min(peers, key=lambda p: peers[p])
            yield (
                f"… ahead of every peer ({_name(first)}: {_times(peers[first])} ×), {given}",
                f"{_times(ratio)} ×",
                ratio < peers[first],
            )
    for given, more in (("a dict given", ""), ("record checked before", ", record checked before")):
        took = _mid(rounds, f"ours: determination, explained{more}", "cpu_us")
        goal = f"determination with all explanations ≤ 300 µs of CPU, {given}"
        yield goal, f"{took:,.0f} µs", took <= 300
    questioned = "ours: determination, missing and contested read, record checked before"
    if questioned in rounds:
        took = _mid(rounds, questioned, "cpu_us")
        goal = "… with missing facts and contested readings, without the worded lines, record checked before"
        yield goal, f"{took:,.0f} µs", took <= 300


def _goals_of_columns(rounds: Rounds) -> Iterator[tuple[str, str, bool]]:
    for ours in ("ours: polars, answers", "ours: polars, plan"):
        if ours not in rounds:
            continue
        what = f"{rounds[ours][0]['households']:,} in memory, {_name(ours).removeprefix('ours, ')}:"
        for peer, least in (("PolicyEngine-core", 2.0), ("OpenFisca-core", 5.0)):
            ratio = _against(rounds, peer, ours)
            if ratio is not None:
                yield f"{what} ≥ {least:g} × faster than {peer}", f"{ratio:.1f} ×", ratio >= least
        for peer in (GROUPED, OFFSETS):
            ratio = _against(rounds, ours, peer)
            if ratio is not None:
                yield f"{what} ≤ 1.5 × {peer}", f"{ratio:.2f} ×", ratio <= 1.5
        memory = _mid(rounds, ours, "peak_mb")
        yield f"{what} ≤ 1 GB", f"{memory:,.0f} MB", memory <= 1024


def _goals_of_files(rounds: Rounds) -> Iterator[tuple[str, str, bool]]:
    ours = "ours: batch, polars"
    if ours not in rounds:
        return
    most = max(r[0]["households"] for r in rounds.values())
    for peer in (GROUPED, OFFSETS):
        if peer not in rounds:
            continue
        # where ours was tried with fewer households, by the household
        mine, theirs = (
            _mid(rounds, e, "seconds") / rounds[e][0]["households"] for e in (ours, peer)
        )
        ratio = mine / theirs
        yield f"{most:,} Parquet to Parquet ≤ 1.5 × {peer}", f"{_times(ratio)} ×", ratio <= 1.5


def _goals_of_packs(ways: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    million = str(1_000_000)
    for way in ("batch", "in memory"):
        found = {c: r for c, r in ways.get(way, {}).items() if "failed" not in r}
        what = "five packs" + (" in memory" if way == "in memory" else ", Parquet to Parquet")
        if million in found:
            took = found[million]["seconds"]
            yield f"{what}, 1,000,000 households < 60 s", f"{took:,.0f} s", took < 60
        elif found:
            count, row = list(found.items())[-1]
            took = row["seconds"] * 1_000_000 / int(count)
            said = f"{row['seconds']:,.0f} s for {int(count):,}"
            yield f"{what}, 1,000,000 households < 60 s", said, took < 60
        if len(found) > 1:
            (few, first), *_, (many, last) = found.items()
            grown = int(many) / int(few)
            time, memory = last["seconds"] / first["seconds"], last["peak_mb"] / first["peak_mb"]
            said = (
                f"{grown:,.0f} × the households: {time:,.0f} × the time, {memory:.1f} × the memory"
            )
            yield f"{what}: time and memory linear or better", said, max(time, memory) <= grown
