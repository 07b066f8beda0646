"""Measures one network on one engine in a process of its own, so that memory is that network's alone.

A provider whose library crashes takes only that process with it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.engines import choice
from insula.edge.errors import ConfigError, EngineError
from insula.edge.machine import resident_mb

_WARM_UP = 20

Feed = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What one network costs on one engine, and what it answers.

    ``memory_mb`` is what the process grew by loading and running it (``None`` where that is not measured);
    ``cpu_ms`` processor time a run, of all threads. ``answers`` are the first output's, (items, …).
    """

    provider: str
    load_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    memory_mb: float | None
    answers: npt.NDArray[np.float64]


def measure(model: bytes, use: str, feeds: Sequence[Feed], runs: int) -> Trial:
    """Load ``model`` on ``use`` in a new process and run it; raises ``EngineError`` when it cannot."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            found = pool.submit(_measure, model, use, [dict(feed) for feed in feeds], runs).result()
        except BrokenProcessPool as error:
            raise EngineError(f"{use} crashed on this model") from error
    if isinstance(found, str):
        raise EngineError(found)
    return found


def _measure(model: bytes, use: str, feeds: Sequence[Feed], runs: int) -> Trial | str:
    """The body of the process; a refusal comes back as its words: what providers raise cannot travel."""
    before = resident_mb()
    began = time.perf_counter()
    try:
        engine = choice.load(model, use)
    except (EngineError, ConfigError) as error:
        return str(error)
    load_s = time.perf_counter() - began
    answers = [next(iter(engine.run(feed).values()))[0] for feed in feeds]
    for i in range(_WARM_UP):
        engine.run(feeds[i % len(feeds)])
    spent, cpu = [], time.process_time()
    for i in range(runs):
        began = time.perf_counter()
        engine.run(feeds[i % len(feeds)])
        spent.append(1e3 * (time.perf_counter() - began))
    cpu_ms = 1e3 * (time.process_time() - cpu) / runs
    after = resident_mb()
    memory = None if before is None or after is None else after - before
    p50, p99 = (float(value) for value in np.percentile(spent, (50, 99)))
    return Trial(engine.provider, load_s, p50, p99, cpu_ms, memory, np.stack(answers).astype(np.float64))
