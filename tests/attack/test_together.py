"""One engine asked from many sides at once: threads, coroutines, processes made by fork and by spawn."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import sys
import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import made_up
import pytest

from policy_rules import Engine
from policy_rules.testing.sampling import Sampler

DAY = "2023-06-30"
THREADS = 8
_engines: dict[str, Engine] = {}


def engine_of(name: str) -> Engine:
    """One engine a process."""
    if name not in _engines:
        _engines[name] = Engine(made_up.pack(), engine=name)
    return _engines[name]


def records(count: int) -> list[dict[str, Any]]:
    sampler, rng = Sampler(made_up.pack()), random.Random(7)
    return [sampler.record(rng) | {"id": f"h{i}"} for i in range(count)]


def answer(name: str, record: dict[str, Any]) -> str:
    """The digests of an answer: its result, and the record it is about."""
    found = engine_of(name).evaluate(record, as_of=DAY)
    missing = sum(len(f.missing) for f in found.findings)
    return f"{found.receipt.result_digest} {found.receipt.record_digest} {missing}"


def in_threads(name: str, each: int) -> None:
    given = records(60)
    expected = [answer(name, r) for r in given]
    engine = Engine(made_up.pack(), engine=name)  # nothing is compiled before all begin
    _engines[name] = engine
    barrier = threading.Barrier(THREADS)

    def work(seed: int) -> list[int]:
        rng = random.Random(seed)
        barrier.wait()
        drawn = (rng.randrange(len(given)) for _ in range(each))
        return [i for i in drawn if answer(name, given[i]) != expected[i]]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads change places as often as can be
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            wrong = [i for found in pool.map(work, range(THREADS)) for i in found]
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


@pytest.mark.parametrize("name", ["auto", "reference"])
def test_threads_share_an_engine(name: str) -> None:
    in_threads(name, 40)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["auto", "reference"])
def test_ten_thousand_evaluations_in_each_of_eight_threads(name: str) -> None:
    in_threads(name, 10_000)


def test_coroutines_share_an_engine() -> None:
    given = records(40)
    expected = [answer("auto", r) for r in given]

    async def every() -> Sequence[str]:
        return await asyncio.gather(*(asyncio.to_thread(answer, "auto", r) for r in given))

    assert list(asyncio.run(every())) == expected


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_made_after_an_evaluation_answer_alike(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"{method} is not on this system")
    given = records(12)
    expected = [answer("auto", r) for r in given]
    with warnings.catch_warnings():
        # a process of several threads is forked on purpose (Python 3.12 warns of it)
        warnings.simplefilter("ignore", DeprecationWarning)
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, context) as pool:
            found = list(pool.map(answer, ["auto"] * len(given), given))
    assert found == expected
    # and the parent goes on as before
    assert [answer("auto", r) for r in given] == expected
