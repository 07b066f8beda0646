"""Pictures beside the recording: real encoder, real files, a real kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from insula.edge.config import parse
from insula.edge.errors import ConfigError, SinkError
from insula.edge.privacy import crypt
from insula.edge.protocols import Sink
from insula.edge.sinks.video import BLANK, VideoRecorder, video_file
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.stream import FRAME_SLOTS, StreamWriter
from insula.edge.testing import ManualClock, memory_stream
from insula.edge.types import StreamInfo
from insula.sensors.recording_video import RecordedVideo
from insula.sensors.recording_xdf import read_xdf

av = pytest.importorskip("av", reason="PyAV is not installed")

CAMERA = StreamInfo("camera", "Video", 30.0, ("RGB",), ("uint8",), "uint8", (48, 60, 3))
T0 = 1000.0
CHILD = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_sinks_video import CAMERA, T0, picture
from insula.edge.sinks.video import VideoRecorder
from insula.edge.testing import ManualClock, memory_stream
writer, reader = memory_stream(CAMERA)
import numpy as np
recorder = VideoRecorder(Path(sys.argv[1]), clock=ManualClock(T0))
recorder.open({"camera": reader})
for k in range(100000):
    writer.push(picture(k), np.array([T0 + k / 30]))
    recorder.poll()
    os.write(1, b".")
"""


def picture(k: int) -> np.ndarray:
    """A grey that says which frame it is."""
    return np.full((48, 60, 3), 16 + 8 * (k % 28), np.uint8)


def number(image: np.ndarray) -> float:
    return (float(image.mean()) - 16) / 8


class Bench:
    """A camera, its pictures and its recording, on a clock of their own."""

    def __init__(self, folder: Path, take: int = 1, writer: StreamWriter | None = None) -> None:
        self.clock = ManualClock(T0)
        self.xdf = folder / ("session.xdf" if take == 1 else f"session-{take}.xdf")
        self.writer = writer or memory_stream(CAMERA)[0]
        self.video = VideoRecorder(self.xdf, before_s=60.0 if take == 1 else 0.0, clock=self.clock)
        self.recorder = XdfRecorder(path=str(self.xdf), sync=False, clock=self.clock)

    def open(self) -> None:
        self.video.open({"camera": self.writer.reader()})
        for name, times in self.video.frame_times.items():
            self.recorder.add_tap(name, times)
        self.recorder.open({"camera": self.writer.reader()})

    def push(self, *numbers: int) -> None:
        for k in numbers:
            self.writer.push(picture(k), np.array([T0 + k / 30 + 1e-4 * (k % 3)]))  # not on whole ms
            self.clock.t = T0 + k / 30 + 0.01
            self.video.poll()
            self.recorder.poll()

    def close(self) -> None:
        self.video.close()
        self.recorder.close()


def recorded(*xdfs: Path) -> RecordedVideo:
    track = next(t for t in read_xdf(*xdfs, dejitter=False) if t.info.name == "camera.video")
    return RecordedVideo(track, [video_file(xdf, "camera") for xdf in xdfs])


def test_every_picture_is_there_with_its_own_time_and_can_be_looked_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert isinstance(bench.video, Sink)
    bench.open()
    bench.push(*range(90))
    bench.close()
    video = recorded(bench.xdf)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == list(range(90))
    taken = np.array([T0 + k / 30 + 1e-4 * (k % 3) for k in range(90)])
    np.testing.assert_allclose([frame.t for frame in frames], taken - taken[0], rtol=0, atol=1e-9)
    assert [round(number(frame.image)) for frame in frames] == [k % 28 for k in range(90)]
    for k in (3, 70, 5, 6, 89, 0):  # frame-exact, forwards and backwards
        found = video.at(taken[k] - taken[0] + 0.01)
        assert found is not None
        assert (found.index, round(number(found.image))) == (k, k % 28)
        assert found.image.flags.c_contiguous  # a width that FFmpeg pads
    assert video.at(-1.0) is None
    video.close()
    with av.open(str(video_file(bench.xdf, "camera"))) as container:  # any player
        stamps = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    np.testing.assert_allclose(stamps, taken - taken[0], rtol=0, atol=6e-4)


def test_a_pause_begins_with_a_black_picture(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.open()
    bench.push(*range(10))
    bench.clock.t += 1.5  # the shutter: nothing reaches the ring
    bench.video.poll()
    bench.push(*range(90, 95))
    bench.close()
    track = next(t for t in read_xdf(bench.xdf, dejitter=False) if t.info.name == "camera.video")
    assert track.data[:, 0].tolist() == list(range(16))
    assert track.data[:, 1].tolist() == [*range(10), BLANK, *range(90 - 80, 95 - 80)]
    video = recorded(bench.xdf)
    assert video.at(2.0) is None
    assert len(list(video.frames())) == 15
    with av.open(str(video_file(bench.xdf, "camera"))) as container:
        black = [frame.to_ndarray(format="rgb24").mean() < 2 for frame in container.decode(video=0)]
    assert black == [False] * 10 + [True] + [False] * 5
    video.close()


def test_frames_that_came_too_fast_are_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.open()
    for k in range(FRAME_SLOTS + 20):
        bench.writer.push(picture(k), np.array([T0 + k / 30]))
    bench.push(FRAME_SLOTS + 20)
    bench.close()
    kept = bench.recorder.recorded()["camera.video"]
    assert kept.lost > 0
    assert kept.samples + kept.lost == FRAME_SLOTS + 21


def test_takes_are_one_video_without_what_lay_between(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.open()
    first.push(*range(10))
    first.close()
    for k in range(10, 15):
        first.writer.push(picture(k), np.array([T0 + k / 30]))
    second = Bench(tmp_path, 2, first.writer)
    second.clock.t = T0 + 14.5 / 30
    second.open()
    second.push(*range(15, 25))
    second.close()
    video = recorded(first.xdf, second.xdf)
    assert [frame.index for frame in video.frames()] == [*range(10), *range(15, 25)]
    found = video.at(20.5 / 30)
    assert found is not None
    assert round(number(found.image)) == 20
    video.close()


def test_what_a_kill_leaves_plays(tmp_path: Path) -> None:
    xdf = tmp_path / "session.xdf"
    command = [sys.executable, "-c", CHILD, str(xdf), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        written = sum(len(child.stdout.read(1)) for _ in range(137))
        child.send_signal(signal.SIGKILL)
        written += len(child.stdout.read())
    with av.open(str(video_file(xdf, "camera"))) as container:
        shown = [round(number(frame.to_ndarray(format="rgb24"))) for frame in container.decode(video=0)]
    assert shown == [k % 28 for k in range(len(shown))]
    assert written - len(shown) <= 15  # 0.3 s of its clock and the cluster that was begun


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    video_file(tmp_path / "session.xdf", "camera").write_text("precious")
    with pytest.raises(SinkError, match="exists already"):
        VideoRecorder(tmp_path / "session.xdf").open({"camera": memory_stream(CAMERA)[1]})


def test_pictures_need_the_mode_that_permits_them() -> None:
    raw = {"sensors": {"cam": {"driver": "simulated_face"}}, "session": {"video": True}}
    with pytest.raises(ConfigError, match=r"video = true needs \[privacy\] mode = 'full'"):
        parse(raw)
    assert parse({**raw, "privacy": {"mode": "full"}}).video


def test_an_encrypted_session_has_encrypted_pictures(tmp_path: Path) -> None:
    key = crypt.new_key()
    writer, reader = memory_stream(CAMERA)
    xdf = tmp_path / "session.xdf"
    recorder = VideoRecorder(xdf, sealer=lambda: crypt.Sealer(key), clock=ManualClock(T0))
    recorder.open({"camera": reader})
    for k in range(30):
        writer.push(picture(k), np.array([T0 + k / 30]))
    recorder.poll()
    recorder.close()
    plain = video_file(xdf, "camera")
    assert not plain.exists()
    sealed = crypt.sealed_name(plain)
    assert b"matroska" not in sealed.read_bytes()
    assert crypt.unseal(sealed, plain, key)
    with av.open(str(plain)) as container:
        shown = [round(number(f.to_ndarray(format="rgb24"))) for f in container.decode(video=0)]
    assert shown == [k % 28 for k in range(30)]
