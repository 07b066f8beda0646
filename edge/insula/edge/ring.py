"""A ring in shared memory: one writer that never waits, any number of readers that never disturb it.

``Ring`` is the untyped layer (items of ``item`` bytes); ``insula.edge.stream`` puts samples, frames and
times on it. A reader takes what it wants and asks afterwards whether it was still intact (``valid``): a
sequence lock turned round, with the writer's ``reserve`` counter saying what may be dirty. The header
operations run in C where the library was built, else in numpy where that is safe (:func:`core`).
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge import ring_file
from insula.edge.errors import RingError
from insula.edge.ring_layout import CHEAD, ENDED, GENERATION, RECORD, Geometry
from insula.edge.ring_native import NativeCore, NativeUnavailable, library
from insula.edge.ring_numpy import NumpyCore

Core = NativeCore | NumpyCore
Records = npt.NDArray[np.void]
"""Chunk records, a structured array with ``first``, ``n``, ``t`` and ``step``."""


@dataclass(frozen=True, slots=True)
class CoreStatus:
    """Which core a ring uses: ``name`` ("c", "numpy" or "" for none) and why."""

    name: str
    reason: str


@cache
def core(*, shared: bool = True) -> CoreStatus:
    """Which core serves rings here: ``shared`` between processes, or private to this one."""
    try:
        library()
        problem = ""
    except NativeUnavailable as error:
        problem = str(error)
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return choose(problem, machine=platform.machine(), gil=gil, shared=shared)


def choose(problem: str, *, machine: str, gil: bool, shared: bool) -> CoreStatus:
    """Choose the core: C without a ``problem``, else numpy where stores stay in order, else none."""
    if not problem:
        return CoreStatus("c", "C11 atomics")
    if machine.lower() in {"x86_64", "amd64"} and gil:
        return CoreStatus("numpy", f"{problem}; {machine} keeps the order of stores by itself")
    if gil and not shared:
        return CoreStatus("numpy", f"{problem}; inside one process the GIL keeps the order")
    place = f"between processes on {machine}" if gil else "without the GIL"
    todo = "install a C compiler, then Insula again"
    return CoreStatus("", f"{problem}, and the numpy ring is unsafe {place}: {todo}")


def _core_class(shared: bool) -> type[Core]:
    status = core(shared=shared)
    if not status.name:
        raise RingError(f"no ring possible: {status.reason}")
    return NativeCore if status.name == "c" else NumpyCore


class Ring:
    """One ring, as its writer or as a reader. The writer's methods are not for readers."""

    def __init__(self, raw: memoryview, geometry: Geometry, core_class: type[Core]) -> None:
        self.geometry = geometry
        self._cap, self._mirror = geometry.cap, geometry.mirror
        whole = np.frombuffer(raw, np.uint8)
        at = geometry.rec_off
        self._records = whole[at : at + geometry.ccap * RECORD.itemsize].view(RECORD)
        self._bytes = whole[geometry.data_off : geometry.total]
        head = raw[: geometry.data_off]
        self._u64, self._f64 = head.cast("Q"), head.cast("d")
        self.peek = head[CHEAD : CHEAD + 8].cast("Q")
        """Chunks committed, cheap and without order: for "is there nothing new?" only."""
        self._ended = raw[ENDED : ENDED + 4].cast("I")
        self._generation = raw[GENERATION : GENERATION + 8].cast("Q")
        self._file: ring_file.RingFile | None = None
        self.core = core_class(raw, whole.ctypes.data)

    @classmethod
    def create(cls, geometry: Geometry, path: Path | None = None, *, core: type[Core] | None = None) -> Ring:
        """A new ring: private memory without ``path``, else a file others can attach (or take over)."""
        core_class = core or _core_class(shared=path is not None)
        if path is None:
            return cls(ring_file.private(geometry), geometry, core_class)
        file = ring_file.RingFile(path, geometry)
        ring = cls(file.memory, geometry, core_class)
        ring._file = file
        if file.taken_over:
            ring.core.takeover()
        return ring

    @classmethod
    def attach(cls, path: Path, *, core: type[Core] | None = None) -> Ring:
        """The ring of another process, mapped read-only."""
        core_class = core or _core_class(shared=True)
        memory, geometry = ring_file.attach(path)
        return cls(memory, geometry, core_class)

    @property
    def path(self) -> Path | None:
        """The ring's file, ``None`` for private memory and for readers."""
        return self._file.path if self._file else None

    @property
    def ended(self) -> bool:
        """Whether the writer has ended the stream."""
        return bool(self._ended[0])

    @property
    def generation(self) -> int:
        """How many writers have taken the ring over."""
        return self._generation[0]

    def items(self, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
        """The data area as ``(cap + mirror, *shape)``: shared memory, ask ``core.valid`` after use."""
        return self._bytes.view(dtype).reshape(-1, *shape)

    def write(
        self, items: npt.NDArray[np.generic], block: npt.NDArray[np.generic], t: float, step: float
    ) -> None:
        """Push ``block`` (at most ``cap`` items of the view ``items``) as one chunk."""
        n, cap, mirror = len(block), self._cap, self._mirror
        pos = self.core.begin(n) % cap
        end = pos + n
        if end <= cap:
            items[pos:end] = block
            if pos < mirror:
                items[cap + pos : cap + min(end, mirror)] = block[: mirror - pos]
        else:
            before = cap - pos
            items[pos:cap], items[: end - cap] = block[:before], block[before:]
            if pos < mirror:
                items[cap + pos : cap + mirror] = items[pos:mirror]
            again = min(end - cap, mirror)
            items[cap : cap + again] = items[:again]
        self.core.commit(n, t, step)

    def draw(
        self, items: npt.NDArray[np.generic], into: Callable[[npt.NDArray[Any]], None], t: float
    ) -> None:
        """Have ``into`` write one item in its place in the view ``items``; not for rings with a mirror."""
        into(items[self.core.begin(1) % self._cap])
        self.core.commit(1, t, 0.0)

    def record(self, k: int) -> tuple[int, int, float, float]:
        """``first``, ``n``, ``t`` and ``step`` of chunk ``k``; ask ``core.intact`` after use."""
        at = (self.geometry.rec_off + (k & (self.geometry.ccap - 1)) * RECORD.itemsize) // 8
        return self._u64[at], self._u64[at + 1], self._f64[at + 2], self._f64[at + 3]

    def taken(self, items: npt.NDArray[np.generic], first: int, n: int) -> npt.NDArray[np.generic]:
        """Private copy of the samples ``first … first + n``, unchecked."""
        pos = first % self._cap
        if pos + n <= len(items):
            return items[pos : pos + n].copy()
        return np.concatenate((items[pos : self._cap], items[: pos + n - self._cap]))

    def copy(self, items: npt.NDArray[np.generic], first: int, n: int) -> npt.NDArray[np.generic] | None:
        """Private copy of the samples ``first … first + n``, ``None`` if the writer has overwritten any."""
        taken = self.taken(items, first, n)
        return taken if self.core.valid(first) else None

    def records(self, start: int, stop: int) -> tuple[int, Records]:
        """Records of the chunks ``start … stop`` as far as they are intact: number of the first, records."""
        mask = self.geometry.ccap - 1
        start = max(start, stop - mask)
        if stop - start == 1:
            taken = self._records[start & mask : (start & mask) + 1].copy()
        else:
            taken = self._records[np.arange(start, stop) & mask]
        lost = self.core.fenced_chead() - mask - start
        return (start, taken) if lost <= 0 else (start + lost, taken[lost:])

    def wait(self, ready: Callable[[], bool], timeout_s: float) -> bool:
        """Sleep until ``ready()``, the writer ends or ``timeout_s`` is over; returns the last ``ready()``."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self.core.word()
            if ready():
                return True
            left = deadline - time.monotonic()
            if left <= 0 or self.ended:
                return False
            self.core.wait(seen, left)

    def end(self) -> None:
        """Mark the stream as ended and wake every waiter."""
        self.core.end()

    def close(self) -> None:
        """Remove the ring's file, if this is its writer; the memory goes with its last user."""
        if self._file:
            self._file.close()
            self._file = None
