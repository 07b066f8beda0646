from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from insula.edge import ring_layout
from insula.edge.errors import RingError
from insula.edge.ring import Core, Ring, choose
from insula.edge.ring_layout import Geometry
from insula.edge.ring_native import NativeCore, NativeUnavailable, library
from insula.edge.ring_numpy import NumpyCore

CORES: list[type[Core]] = [NumpyCore]
try:
    library()
    CORES.append(NativeCore)
except NativeUnavailable:
    pass
both_cores = pytest.mark.parametrize("core", CORES)
SMALL = Geometry(item=8, cap=16, mirror=6, ccap=8)
I8 = np.dtype(np.int64)


def push(ring: Ring, *values: int, t: float = 1.0) -> None:
    ring.write(ring.items(I8, ()), np.array(values, I8), t, 0.1)


@both_cores
def test_what_was_written_is_read(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    push(ring, 10, 11, 12, t=2.5)
    assert (ring.core.head(), ring.core.chead()) == (3, 1)
    start, records = ring.records(0, 1)
    assert start == 0
    assert records[0].tolist() == (0, 3, 2.5, 0.1)
    copy = ring.copy(ring.items(I8, ()), 0, 3)
    assert copy is not None
    assert copy.tolist() == [10, 11, 12]


@both_cores
def test_overwritten_samples_are_refused(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    for k in range(6):
        push(ring, *range(3 * k, 3 * k + 3))
    assert ring.copy(ring.items(I8, ()), 1, 3) is None
    intact = ring.copy(ring.items(I8, ()), 2, 16)
    assert intact is not None
    assert intact.tolist() == list(range(2, 18))


@both_cores
def test_begun_but_uncommitted_samples_are_dirty_for_good(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    push(ring, *range(16))
    assert ring.core.valid(0)
    ring.core.begin(5)
    assert not ring.core.valid(4)
    ring.core.begin(1)
    assert not ring.core.valid(4), "a smaller begin does not make dirty samples clean"
    assert ring.core.valid(5)


@both_cores
def test_records_that_were_overwritten_are_left_out(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    for k in range(20):
        push(ring, k, t=float(k))
    start, records = ring.records(0, 20)
    assert start == 13, "one of the eight slots may be being written"
    assert records["t"].tolist() == list(range(13, 20))
    assert ring.records(2, 9)[1].tolist() == []


@both_cores
def test_takeover_marks_what_the_dead_writer_left(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    push(ring, 1, 2, 3)
    ring.core.begin(4)
    assert ring.core.takeover() == 4
    push(ring, 9)
    assert ring.core.head() == 8
    _, records = ring.records(0, 3)
    assert records["first"].tolist() == [0, 3, 7]
    assert np.isnan(records["step"]).tolist() == [False, True, False]
    assert ring.generation == 1


@both_cores
def test_end_wakes_and_is_seen(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    word = ring.core.word()
    ring.end()
    assert ring.ended
    assert ring.core.word() != word
    assert not ring.wait(lambda: False, 3600.0), "an ended ring does not keep anyone waiting"


@both_cores
def test_wait_returns_when_the_time_is_up(core: type[Core]) -> None:
    ring = Ring.create(SMALL, core=core)
    assert not ring.wait(lambda: False, 0.002)


class AgainstPlainList(RuleBasedStateMachine):
    """Any order of pushes and takeovers: the ring agrees with a list that forgets nothing."""

    @initialize(
        core=st.sampled_from(CORES),
        cap=st.integers(1, 20),
        mirror=st.floats(0, 1),
        ccap=st.sampled_from([2, 4, 16]),
    )
    def create(self, core: type[Core], cap: int, mirror: float, ccap: int) -> None:
        self.ring = Ring.create(Geometry(8, cap, int(mirror * cap), ccap), core=core)
        self.items = self.ring.items(I8, ())
        self.cap, self.values = cap, list[int]()

    @rule(n=st.integers(0, 20))
    def push(self, n: int) -> None:
        start = len(self.values)
        block = np.arange(start, start + min(n, self.cap))
        self.values += block.tolist()
        self.ring.write(self.items, block, 0.0, 0.0)

    @rule(n=st.integers(0, 20))
    def die_and_take_over(self, n: int) -> None:
        n = min(n, self.cap)
        at = self.ring.core.begin(n) % self.cap
        self.items[at : min(at + n, self.cap)] = -1
        self.ring.core.takeover()
        self.values += [-1] * n

    @invariant()
    def every_intact_window_holds_the_right_values(self) -> None:
        head = self.ring.core.head()
        assert head == len(self.values)
        for first in range(max(0, head - self.cap), head):
            for n in {1, head - first}:
                copy = self.ring.copy(self.items, first, n)
                assert copy is not None
                wanted = self.values[first : first + n]
                assert [c for c, w in zip(copy, wanted, strict=True) if w >= 0] == [
                    w for w in wanted if w >= 0
                ]
        if head > self.cap:
            assert self.ring.copy(self.items, head - self.cap - 1, 1) is None

    @invariant()
    def records_are_contiguous(self) -> None:
        _, records = self.ring.records(0, self.ring.core.chead())
        ends = records["first"] + records["n"]
        assert (records["first"][1:] == ends[:-1]).all()
        assert not len(records) or ends[-1] == len(self.values)


AgainstPlainList.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAgainstPlainList = AgainstPlainList.TestCase


def test_mirrored_windows_are_contiguous() -> None:
    ring = Ring.create(SMALL)
    items = ring.items(I8, ())
    for k in range(40):
        push(ring, *range(5 * k, 5 * k + 5))
        head = ring.core.head()
        for n in range(1, 7):
            first = head - n
            if first >= 0:
                assert items[first % 16 : first % 16 + n].tolist() == list(range(first, head))


def test_offsets_agree_with_the_c_header(tmp_path: Path) -> None:
    source = Path(ring_layout.__file__).with_name("_ring.h")
    fields = ("item", "cap", "mirror", "ccap", "rec_off", "data_off", "total")
    fields += ("reserve", "head", "chead", "word", "ended", "generation", "meta_len")
    program = tmp_path / "offsets.c"
    program.write_text(
        f'#include "{source}"\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {{'
        + "".join(f'printf("%zu ", offsetof(insula_ring, {f}));' for f in fields)
        + 'printf("%zu %zu", sizeof(insula_record), sizeof(insula_ring)); return 0; }'
    )
    try:
        subprocess.run(["cc", "-std=c11", program, "-o", tmp_path / "offsets"], check=True)
    except FileNotFoundError:
        pytest.skip("no C compiler")
    printed = subprocess.run([tmp_path / "offsets"], check=True, capture_output=True, text=True).stdout
    r = ring_layout
    expected = [r.ITEM, r.CAP, r.MIRROR, r.CCAP, r.REC_OFF, r.DATA_OFF, r.TOTAL]
    expected += [r.RESERVE, r.HEAD, r.CHEAD, r.WORD, r.ENDED, r.GENERATION, r.META_LEN]
    assert list(map(int, printed.split())) == [*expected, r.RECORD.itemsize, r.META]


def test_choice_of_core_and_its_reason() -> None:
    assert choose("", machine="aarch64", gil=True, shared=True).name == "c"
    assert choose("not built", machine="x86_64", gil=True, shared=True).name == "numpy"
    assert choose("not built", machine="aarch64", gil=True, shared=False).name == "numpy"
    for machine, gil in (("aarch64", True), ("x86_64", False)):
        status = choose("not built", machine=machine, gil=gil, shared=True)
        assert status.name == ""
        assert "unsafe" in status.reason
        assert "install a C compiler" in status.reason


@pytest.mark.parametrize(
    "sizes",
    [(0, 1, 0, 2), (8, 0, 0, 2), (8, 4, 5, 2), (8, 4, 0, 3), (8, 4, 0, 1)],
)
def test_impossible_geometry_is_refused(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(RingError, match="a ring"):
        Geometry(*sizes)


def test_big_endian_or_foreign_processes_see_the_same_bytes(tmp_path: Path) -> None:
    """A reader in plain ctypes, without our code: the layout is the contract."""
    ring = Ring.create(SMALL, tmp_path / "x.ring")
    push(ring, 7, 8)
    raw = (tmp_path / "x.ring").read_bytes()
    assert ctypes.c_uint64.from_buffer_copy(raw, ring_layout.HEAD).value == 2
    at = ctypes.c_uint64.from_buffer_copy(raw, ring_layout.DATA_OFF).value
    assert int.from_bytes(raw[at : at + 8], sys.byteorder) == 7
    ring.close()
