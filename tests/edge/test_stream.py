from __future__ import annotations

import platform
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.edge.errors import DataError, RingError
from insula.edge.messages import MessageWriter
from insula.edge.stream import FRAME_SLOTS, StreamReader, StreamWriter
from insula.edge.testing import ManualClock, memory_stream, sample_times
from insula.edge.types import Drawn, StreamInfo

EEG = StreamInfo("eeg", "EEG", 250.0, ("Fp1", "Fp2"), ("microvolts",) * 2)
CAMERA = StreamInfo("cam", "Video", 30.0, ("rgb",), ("",), "uint8", (4, 6, 3))
EVENTS = StreamInfo("events", "Markers", 0.0, ("code",), ("",), "int32")


def numbered(first: int, n: int, channels: int = 2) -> npt.NDArray[np.float32]:
    """Samples that carry their own number, so that any loss shows."""
    return np.repeat(np.arange(first, first + n, dtype=np.float32)[:, None], channels, axis=1)


def push(writer: StreamWriter, first: int, n: int) -> None:
    writer.push(numbered(first, n), 1000 + np.arange(first, first + n) / 250)


def image(k: int) -> npt.NDArray[np.uint8]:
    return np.full((4, 6, 3), k % 256, np.uint8)


def test_new_samples_come_once_and_in_order() -> None:
    writer, reader = memory_stream(EEG)
    assert reader.read_new() == []
    push(writer, 0, 10)
    push(writer, 10, 5)
    (chunk,) = reader.read_new()
    assert (chunk.first, len(chunk), chunk.data.dtype) == (0, 15, np.float32)
    assert chunk.data[:, 1].tolist() == list(range(15))
    assert chunk.times == pytest.approx(1000 + np.arange(15) / 250, abs=1e-9)
    assert reader.read_new() == []
    assert reader.pushed == 15


def test_a_late_reader_starts_with_the_oldest_sample_kept() -> None:
    writer, _ = memory_stream(EEG, seconds=4)
    for k in range(0, 3000, 10):
        push(writer, k, 10)
    reader = writer.reader()
    (chunk,) = reader.read_new()
    assert (chunk.first, len(chunk), reader.overruns) == (2000, 1000, 0)


def test_overruns_are_counted_to_the_sample() -> None:
    writer, reader = memory_stream(EEG, seconds=4)
    for k in range(0, 2500, 10):
        push(writer, k, 10)
    (chunk,) = reader.read_new()
    assert (chunk.first, len(chunk), reader.overruns) == (1500, 1000, 1500)


@pytest.mark.parametrize("info", [EEG, CAMERA], ids=["samples", "frames"])
def test_numbers_and_times_alone_reach_beyond_what_is_kept(info: StreamInfo) -> None:
    writer, reader = memory_stream(info, seconds=1)
    for k in range(40):
        block = image(k) if info.is_video else numbered(10 * k, 10)
        writer.push(
            block, np.array([1000 + k / 30]) if info.is_video else sample_times(10, 250, 1000 + k / 25)
        )
        if k in (0, 39):
            (*_, last) = reader.read_new(data=False)
            assert last.data.shape == (len(last), 0)
    assert last.first + len(last) == reader.pushed
    assert reader.overruns == 0, "nothing was wanted, nothing is missing"


def test_gap_in_time_starts_a_new_chunk() -> None:
    writer, reader = memory_stream(EEG)
    push(writer, 0, 10)
    writer.push(numbered(10, 10), sample_times(10, 250, 1002.0))
    first, second = reader.read_new()
    assert (first.first, second.first) == (0, 10)
    assert second.times[0] - first.times[-1] > 1.9


def test_times_of_one_block_may_have_a_gap() -> None:
    writer, reader = memory_stream(EEG)
    times = np.concatenate((sample_times(5, 250), sample_times(7, 250, 1003.0)))
    writer.push(numbered(0, 12), times)
    assert [len(chunk) for chunk in reader.read_new()] == [5, 7]


@settings(deadline=None)
@given(
    steps=st.lists(st.floats(1e-4, 3), min_size=1, max_size=80),
    cuts=st.sets(st.integers(1, 79), max_size=5),
    sfreq=st.sampled_from([0.0, 1.0, 250.0]),
)
def test_any_rising_times_come_back(steps: list[float], cuts: set[int], sfreq: float) -> None:
    times = 1000 + np.cumsum(steps)
    info = StreamInfo("x", "EEG", sfreq, ("a", "b"), ("",) * 2)
    writer, reader = memory_stream(info)
    edges = sorted({0, len(times), *(c for c in cuts if c < len(times))})
    for a, b in pairwise(edges):
        writer.push(numbered(a, b - a), times[a:b])
    chunks = reader.read_new()
    back = np.concatenate([chunk.times for chunk in chunks])
    assert np.abs(back - times).max() <= 1e-6
    assert (np.diff(back) > 0).all()
    assert np.concatenate([chunk.data[:, 0] for chunk in chunks]).tolist() == list(range(len(times)))


@settings(deadline=None)
@given(
    blocks=st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from([0.0, 0.001, 0.1]), st.booleans()), max_size=12
    ),
    sfreq=st.sampled_from([0.0, 250.0]),
)
def test_the_short_cut_in_c_does_what_the_long_way_does(
    blocks: list[tuple[int, float, bool]], sfreq: float
) -> None:
    """Read-only arrays take the long way."""
    info = StreamInfo("x", "EEG", sfreq, ("a", "b"), ("",) * 2)
    quick, quick_reader = memory_stream(info, seconds=2)
    long, long_reader = memory_stream(info, seconds=2)
    pushed, t = 0, 1000.0
    for n, pause, read in blocks:
        times = t + pause + np.arange(1, n + 1) / 250
        frozen, data = times.copy(), numbered(pushed, n)
        frozen.flags.writeable = False
        quick.push(data, times)
        long.push(np.broadcast_to(data, data.shape), frozen)
        pushed, t = pushed + n, t + pause + n / 250
        if read:
            one, other = quick_reader.read_new(), long_reader.read_new()
            assert [chunk.first for chunk in one] == [chunk.first for chunk in other]
            for a, b in zip(one, other, strict=True):
                assert a.data.tolist() == b.data.tolist()
                assert a.times.tolist() == b.times.tolist()
        assert quick.newest == long.newest
        window, same = quick_reader.latest(0.5), long_reader.latest(0.5)
        assert (window is None) == (same is None)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 700), st.booleans()), max_size=25))
def test_got_and_overruns_are_everything_pushed(course: list[tuple[int, bool]]) -> None:
    writer, reader = memory_stream(EEG, seconds=2)
    pushed = got = 0
    for n, read in course:
        push(writer, pushed, n)
        pushed += n
        if read:
            for chunk in reader.read_new():
                assert chunk.data[:, 0].tolist() == list(range(chunk.first, chunk.first + len(chunk)))
                got += len(chunk)
            assert got + reader.overruns == pushed == reader.pushed


class TestRefusedBlocks:
    @pytest.mark.parametrize(
        "times",
        [[1000.0, 999.0], [1001.0, 1001.0], [np.nan, 1001.0], [1001.0, np.inf], [1000.036, 1000.04]],
        ids=["backward", "duplicate", "nan", "infinite", "not after the block before"],
    )
    def test_times_that_do_not_rise(self, times: list[float]) -> None:
        writer, reader = memory_stream(EEG)
        push(writer, 0, 10)
        with pytest.raises(DataError, match="eeg: time stamps do not rise"):
            writer.push(numbered(10, 2), np.array(times))
        assert reader.pushed == 10
        push(writer, 10, 2)
        assert writer.newest == 1000 + 11 / 250

    def test_wrong_shape(self) -> None:
        writer, _ = memory_stream(EEG)
        with pytest.raises(DataError, match=r"shape \(5, 3\) came, \(5, 2\) was announced"):
            writer.push(numbered(0, 5, channels=3), sample_times(5, 250))
        with pytest.raises(DataError, match="shape"):
            writer.push(numbered(0, 5), sample_times(4, 250))

    def test_wrong_type(self) -> None:
        writer, _ = memory_stream(EVENTS)
        with pytest.raises(DataError, match="float32 came, int32 was announced"):
            writer.push(numbered(0, 1, channels=1), np.array([1.0]))

    def test_wrong_frame_size(self) -> None:
        writer, _ = memory_stream(CAMERA)
        with pytest.raises(DataError, match="announced"):
            writer.push(np.zeros((4, 4, 3), np.uint8), np.array([1.0]))


def test_empty_block_is_nothing() -> None:
    writer, reader = memory_stream(EEG)
    writer.push(np.empty((0, 2), np.float32), np.empty(0))
    assert reader.pushed == 0


def test_block_larger_than_the_ring_is_cut() -> None:
    writer, reader = memory_stream(EEG, seconds=2)
    push(writer, 0, 1300)
    (chunk,) = reader.read_new()
    assert (chunk.first, len(chunk), reader.overruns) == (800, 500, 800)


class TestLatest:
    def test_newest_seconds(self) -> None:
        writer, reader = memory_stream(EEG)
        assert reader.latest(1.0) is None
        for k in range(0, 1000, 10):
            push(writer, k, 10)
        chunk = reader.latest(2.0)
        assert chunk is not None
        assert chunk.data[:, 0].tolist() == list(range(500, 1000))
        assert chunk.times == pytest.approx(1000 + np.arange(500, 1000) / 250)
        assert reader.latest(4.1) is None, "fewer than asked for"

    def test_copy_is_private(self) -> None:
        writer, reader = memory_stream(EEG, seconds=2)
        push(writer, 0, 500)
        chunk = reader.latest(2.0)
        assert chunk is not None
        push(writer, 500, 500)
        assert chunk.data[0, 0] == 0

    def test_too_old(self) -> None:
        writer, reader = memory_stream(EEG)
        push(writer, 0, 251)
        clock = ManualClock(1001.5)
        assert reader.latest(0.5, max_age_s=0.6, now=clock()) is not None
        clock.advance(0.2)
        assert reader.latest(0.5, max_age_s=0.6, now=clock()) is None

    def test_never_joined_over_a_gap(self) -> None:
        writer, reader = memory_stream(EEG)
        push(writer, 0, 500)
        writer.push(numbered(500, 100), sample_times(100, 250, 1003.0))
        assert reader.latest(1.0) is None
        chunk = reader.latest(0.4)
        assert chunk is not None
        assert chunk.first == 500

    def test_device_at_a_slightly_wrong_rate_is_no_gap(self) -> None:
        writer, reader = memory_stream(EEG)
        writer.push(numbered(0, 1000), 1000 + np.arange(1000) / 245)
        assert reader.latest(2.0) is not None

    def test_irregular_stream_by_time(self) -> None:
        writer, reader = memory_stream(EVENTS)
        for t in (1.0, 5.0, 5.5, 6.0):
            writer.push(np.array([[int(t * 10)]], np.int32), np.array([t]))
        chunk = reader.latest(1.0)
        assert chunk is not None
        assert chunk.data[:, 0].tolist() == [55, 60]
        assert chunk.times.tolist() == [5.5, 6.0]

    def test_frames_are_refused(self) -> None:
        _, reader = memory_stream(CAMERA)
        with pytest.raises(RingError, match="take latest_frame"):
            reader.latest(1.0)


class TestFrames:
    def test_newest_and_numbered_frames(self) -> None:
        writer, reader = memory_stream(CAMERA)
        assert reader.latest_frame() is None
        for k in range(100):
            writer.push(image(k), np.array([1000 + k / 30]))
        frame = reader.latest_frame(max_age_s=1.0, now=1000 + 99 / 30)
        assert frame is not None
        assert (frame.index, frame.t, frame.image[0, 0, 0]) == (99, 1000 + 99 / 30, 99)
        assert reader.latest_frame(max_age_s=0.1, now=1004.0) is None
        oldest = reader.frame(100 - FRAME_SLOTS)
        assert oldest is not None
        assert oldest.image.max() == 100 - FRAME_SLOTS
        assert reader.frame(100 - FRAME_SLOTS - 1) is None
        assert reader.frame(100) is None

    def test_every_frame_in_order(self) -> None:
        writer, reader = memory_stream(CAMERA)
        for k in range(40):
            writer.push(image(k), np.array([1000 + k / 30]))
        chunks = reader.read_new()
        assert [chunk.first for chunk in chunks] == list(range(8, 40))
        assert chunks[0].data.shape == (1, 4, 6, 3)
        assert reader.overruns == 8

    @pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="sets the GNU C library's thresholds")
    def test_several_at_a_time_use_memory_that_is_there_already(self) -> None:
        import resource

        info = StreamInfo("cam", "Video", 30.0, ("rgb",), ("",), "uint8", (480, 640, 3))
        writer, reader = memory_stream(info)
        faults = []
        for k in range(3, 60, 3):
            for i in range(k - 3, k):
                writer.push(drawn(i, info.shape), np.array([1000 + i / 30]))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            assert len(reader.read_new()) == 3
            faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        assert np.median(faults) < 100, "675 pages of frames are not fetched anew each time"

    def test_samples_are_refused(self) -> None:
        writer, reader = memory_stream(EEG)
        push(writer, 0, 1)
        with pytest.raises(RingError, match="carries samples"):
            reader.latest_frame()


def drawn(k: int, shape: tuple[int, ...] = (4, 6, 3)) -> Drawn:
    return Drawn(shape, lambda out: out.fill(k))


class TestDrawnInPlace:
    def test_it_comes_out_like_a_copied_one(self) -> None:
        writer, reader = memory_stream(CAMERA)
        for k in range(100):
            picture = drawn(k) if k % 2 else image(k)
            writer.push(picture, np.array([1000 + k / 30]))
        chunks = reader.read_new()
        assert [int(chunk.data.max()) for chunk in chunks] == list(range(68, 100))
        assert [int(chunk.data.min()) for chunk in chunks] == list(range(68, 100))
        assert [chunk.times[0] for chunk in chunks] == [1000 + k / 30 for k in range(68, 100)]
        assert reader.overruns == 68

    def test_readers_see_nothing_of_it_before_it_is_whole(self) -> None:
        writer, reader = memory_stream(CAMERA)
        for k in range(FRAME_SLOTS):
            writer.push(image(k), np.array([1000 + k / 30]))
        seen: list[tuple[int, bool, bool]] = []

        def half(out: npt.NDArray[np.uint8]) -> None:
            out[:2] = 99
            newest = reader.latest_frame()
            assert newest is not None
            seen.append((newest.index, reader.frame(0) is None, reader.frame(1) is None))

        writer.push(Drawn((4, 6, 3), half), np.array([1100.0]))
        assert seen == [(FRAME_SLOTS - 1, True, False)], "only the oldest frame has gone"

    def test_a_drawing_that_fails_is_no_frame_and_the_next_one_is(self) -> None:
        writer, reader = memory_stream(CAMERA)
        for k in range(FRAME_SLOTS):
            writer.push(image(k), np.array([1000 + k / 30]))

        def fails(out: npt.NDArray[np.uint8]) -> None:
            out[:2] = 99
            raise OSError("the decoder broke")

        with pytest.raises(OSError, match="the decoder broke"):
            writer.push(Drawn((4, 6, 3), fails), np.array([1100.0]))
        assert reader.pushed == FRAME_SLOTS
        assert writer.newest == 1000 + (FRAME_SLOTS - 1) / 30
        assert reader.frame(0) is None, "half overwritten"
        writer.push(drawn(40), np.array([1100.0]))
        chunks = reader.read_new()
        assert [int(chunk.data.max()) for chunk in chunks] == [*range(1, FRAME_SLOTS), 40]

    @pytest.mark.parametrize(
        ("picture", "times", "words"),
        [
            (drawn(1, (4, 4, 3)), [1.0], "shape"),
            (drawn(1, (4, 6)), [1.0], "shape"),
            (drawn(1), [], "shape"),
            (drawn(1), [1.0, 2.0], "shape"),
            (drawn(1), [np.nan], "do not rise"),
            (drawn(1), [np.inf], "do not rise"),
        ],
        ids=["size", "grey", "no time", "two times", "nan", "infinite"],
    )
    def test_what_does_not_fit_is_refused_undrawn(
        self, picture: Drawn, times: list[float], words: str
    ) -> None:
        writer, reader = memory_stream(CAMERA)
        with pytest.raises(DataError, match=words):
            writer.push(picture, np.array(times))
        assert reader.pushed == 0
        assert reader.frame(0) is None

    def test_samples_are_not_drawn(self) -> None:
        writer, _ = memory_stream(EEG)
        with pytest.raises(DataError, match="a picture came, float32 was announced"):
            writer.push(drawn(1, (2,)), np.array([1.0]))


class TestWaiting:
    def test_unseen_is_what_no_look_has_covered(self) -> None:
        writer, reader = memory_stream(EEG)
        assert not reader.wait(0.0)
        push(writer, 0, 5)
        assert reader.wait(0.0)
        reader.read_new()
        assert not reader.wait(0.0)
        push(writer, 5, 250)
        assert reader.wait(0.0)
        reader.latest(0.5)
        assert not reader.wait(0.0), "looking at the newest window counts as seeing"

    def test_push_wakes_a_sleeping_thread(self) -> None:
        writer, reader = memory_stream(EEG)
        woken: list[bool] = []
        thread = threading.Thread(target=lambda: woken.append(reader.wait(60.0)))
        thread.start()
        push(writer, 0, 1)
        thread.join(10.0)
        assert woken == [True]

    def test_end_wakes_a_sleeping_thread(self) -> None:
        writer, reader = memory_stream(EEG)
        woken: list[bool] = []
        thread = threading.Thread(target=lambda: woken.append(reader.wait(60.0)))
        thread.start()
        writer.end()
        thread.join(10.0)
        assert woken == [False]
        assert reader.ended


def test_threads_of_one_process_see_every_frame_whole() -> None:
    """Without a global lock (free-threaded Python) they really run at once."""
    info = StreamInfo("cam", "Video", 30.0, ("rgb",), ("",), "uint8", (64, 64, 3))
    writer, _ = memory_stream(info)
    wrong: list[int] = []
    unaccounted: list[int] = []

    def read(reader: StreamReader) -> None:
        got = 0
        while not reader.ended or reader.wait(0.0):
            for chunk in reader.read_new():
                got += len(chunk)
                if (chunk.data != chunk.first % 256).any():
                    wrong.append(chunk.first)
        unaccounted.append(reader.pushed - got - reader.overruns)

    threads = [threading.Thread(target=read, args=(writer.reader(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for k in range(3000):
        copied = np.full(info.shape, k % 256, np.uint8)
        writer.push(copied if k % 2 else drawn(k % 256, info.shape), np.array([1000 + k / 30]))
    writer.end()
    for thread in threads:
        thread.join(60.0)
    assert wrong == []
    assert unaccounted == [0, 0]


class TestProcesses:
    READ = """
import sys
from pathlib import Path
from insula.edge.stream import StreamReader
reader = StreamReader.attach(Path(sys.argv[1]))
print(reader.info.ch_names, flush=True)
got = 0
while not reader.ended or reader.wait(0):
    reader.wait(10.0)
    for chunk in reader.read_new():
        assert chunk.data[:, 0].tolist() == list(range(chunk.first, chunk.first + len(chunk)))
        got += len(chunk)
print(got, reader.overruns)
"""

    def test_another_process_gets_every_sample(self, tmp_path: Path) -> None:
        writer = StreamWriter(EEG, directory=tmp_path)
        assert writer.path == tmp_path / "eeg.ring"
        with subprocess.Popen(
            [sys.executable, "-c", self.READ, str(writer.path)], stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline().strip() == "('Fp1', 'Fp2')"
            for k in range(0, 2000, 10):
                push(writer, k, 10)
            writer.end()
            assert other.stdout.readline().strip() == "2000 0"
        writer.close()
        assert list(tmp_path.iterdir()) == []

    def test_a_feed_is_no_stream(self, tmp_path: Path) -> None:
        feed = MessageWriter(tmp_path / "feed.ring")
        with pytest.raises(RingError, match="holds no stream"):
            StreamReader.attach(tmp_path / "feed.ring")
        feed.close()

    def test_info_survives_the_file(self, tmp_path: Path) -> None:
        info = StreamInfo("Kamera µ", "Video", 30, ("rgb",), ("",), "uint8", (4, 6, 3), simulated=True)
        writer = StreamWriter(info, directory=tmp_path)
        assert writer.path is not None
        assert StreamReader.attach(writer.path).info == info
        writer.close()


class TestClosing:
    def test_reader_may_finish_after_the_writer(self) -> None:
        writer, reader = memory_stream(EEG)
        push(writer, 0, 5)
        writer.close()
        writer.close()
        assert reader.ended
        assert len(reader.read_new()[0]) == 5

    def test_use_after_close_is_said(self) -> None:
        writer, reader = memory_stream(EEG)
        reader.close()
        reader.close()
        with pytest.raises(RingError, match="this reader is closed"):
            reader.read_new()
        writer.close()
        with pytest.raises(RingError, match="this writer is closed"):
            push(writer, 0, 1)
        with pytest.raises(RingError, match="this writer is closed"):
            writer.reader()

    @pytest.mark.skipif(sys.platform != "linux", reason="counts file descriptors and mappings in /proc")
    def test_two_hundred_streams_leave_nothing(self, tmp_path: Path) -> None:
        def held() -> tuple[int, int]:
            mapped = Path("/proc/self/maps").read_text().count(str(tmp_path))
            return len(list(Path("/proc/self/fd").iterdir())), mapped

        before = held()
        for _ in range(200):
            writer = StreamWriter(EEG, directory=tmp_path, seconds=1)
            assert writer.path is not None
            readers = writer.reader(), StreamReader.attach(writer.path)
            push(writer, 0, 10)
            for reader in readers:
                assert len(reader.read_new()[0]) == 10
                reader.close()
            writer.close()
        assert held() == before
        assert list(tmp_path.iterdir()) == []
