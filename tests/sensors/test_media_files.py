"""Sound and video files: their own times, in step with each other, to the last sample."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from play import until_end

from insula.edge.errors import SensorUnavailable
from insula.edge.protocols import Sensor
from insula.edge.testing import ManualClock
from insula.edge.types import Block
from insula.sensors.audio_file import AudioFile
from insula.sensors.video_file import VideoFile


@pytest.fixture
def clip(shared_data: Path) -> Path:
    """A GRID clip: 75 frames at 25 fps, 44.1 kHz sound."""
    return sorted((shared_data / "video").glob("*.mpg"))[0]


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """Two seconds at 20 fps whose frame n is of grey level 10 + 5 n, with a click after 1 s."""
    import av

    path = tmp_path / "drawn.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=20)
        video.width, video.height, video.pix_fmt = 64, 48, "bgr0"
        audio = container.add_stream("pcm_s16le", rate=48000, layout="mono")
        for n in range(40):
            image = np.full((48, 64, 3), 10 + 5 * n, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="bgr0")
            container.mux(video.encode(frame))
            sound = np.zeros((1, 2400), np.int16)
            if n == 20:
                sound[0, 0] = 30000
            block = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
            block.sample_rate, block.pts = 48000, n * 2400
            container.mux(audio.encode(block))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def play(sensor: Sensor, most: int = 10_000) -> list[Block]:
    sensor.open()
    blocks = list(itertools.islice(until_end(sensor), most))
    sensor.close()
    return blocks


def test_every_frame_in_order_with_the_times_of_the_file(drawn: Path) -> None:
    blocks = play(VideoFile(path=str(drawn), realtime=False, epoch=100.0))
    assert [int(b.data[24, 32, 1]) for b in blocks] == [10 + 5 * n for n in range(40)]
    times = np.concatenate([b.times for b in blocks if b.times is not None])
    np.testing.assert_allclose(times, 100.0 + np.arange(40) / 20, atol=1e-6)


def test_sound_and_picture_of_one_epoch_stay_in_step(drawn: Path) -> None:
    blocks = play(AudioFile(path=str(drawn), realtime=False, epoch=100.0))
    sound = np.concatenate([b.data[:, 0] for b in blocks])
    times = np.concatenate([b.times for b in blocks if b.times is not None])
    assert len(sound) == 32000
    assert times[np.abs(sound).argmax()] == pytest.approx(101.0, abs=0.002)


@pytest.mark.parametrize("make", [VideoFile, AudioFile])
def test_real_time_neither_early_nor_late(make: type[VideoFile] | type[AudioFile], drawn: Path) -> None:
    clock = ManualClock(50.0)
    sensor = make(path=str(drawn), clock=clock, sleep=clock.advance)
    sensor.open()
    late = [clock() - b.times[-1] for b in until_end(sensor, 0.01) if b.times is not None]
    sensor.close()
    assert -1e-9 <= min(late) <= max(late) < 0.02
    assert clock() == pytest.approx(52.0, abs=0.06)


def test_a_loop_goes_on_in_time(drawn: Path) -> None:
    frames = play(VideoFile(path=str(drawn), realtime=False, loop=True, epoch=0.0), most=100)
    times = np.concatenate([b.times for b in frames if b.times is not None])
    np.testing.assert_allclose(np.diff(times), 0.05, atol=1e-3)
    sound = play(AudioFile(path=str(drawn), realtime=False, loop=True, epoch=0.0), most=250)
    starts = [b.times[0] for b in sound if b.times is not None]
    assert starts[100] == pytest.approx(times[40], abs=1e-3)


def test_grid_clip_plays_completely(clip: Path) -> None:
    frames = play(VideoFile(path=str(clip), realtime=False))
    assert len(frames) == 75
    assert all(b.data.shape == (288, 360, 3) and b.data.dtype == np.uint8 for b in frames)
    sound = np.concatenate([b.data for b in play(AudioFile(path=str(clip), realtime=False))])
    assert len(sound) / 16000 == pytest.approx(2.98, abs=0.03)
    assert 0.005 < sound.std() < 0.3


@pytest.mark.parametrize(
    ("suffix", "rate", "channels"), [("wav", 44100, 2), ("flac", 8000, 1), ("ogg", 48000, 2)]
)
def test_any_rate_becomes_16_khz_mono(tmp_path: Path, suffix: str, rate: int, channels: int) -> None:
    path = tmp_path / f"tone.{suffix}"
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    soundfile.write(path, np.repeat(tone[:, None], channels, axis=1), rate)
    sound = np.concatenate([b.data[:, 0] for b in play(AudioFile(path=str(path), realtime=False))])
    assert len(sound) == 16000
    spectrum = np.abs(np.fft.rfft(sound))
    assert spectrum.argmax() == 1000
    assert sound[1000:-1000].std() == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


def test_what_is_no_media_file_says_so(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a film")
    with pytest.raises(SensorUnavailable, match=r"notes\.mp4 cannot be read"):
        VideoFile(path=str(text)).open()
    wav = tmp_path / "notes.wav"
    wav.write_text("not a sound")
    with pytest.raises(SensorUnavailable, match=r"notes\.wav cannot be read"):
        AudioFile(path=str(wav)).open()


def test_a_file_without_the_track_says_so(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.zeros(1600), 16000)
    with pytest.raises(SensorUnavailable, match="no video track"):
        VideoFile(path=str(path)).open()
    soundfile.write(path, np.zeros(0), 16000)
    with pytest.raises(SensorUnavailable, match="no sound"):
        AudioFile(path=str(path)).open()


def test_a_cut_off_file_plays_to_the_cut(clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mpg"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    assert 10 < len(play(VideoFile(path=str(cut), realtime=False))) < 75


def test_damaged_packets_leave_a_gap_and_the_rest_keeps_its_times(clip: Path, tmp_path: Path) -> None:
    whole = play(VideoFile(path=str(clip), realtime=False, epoch=0.0))
    broken = tmp_path / "broken.mpg"
    data = bytearray(clip.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 40_000] = np.random.default_rng(1).bytes(40_000)
    broken.write_bytes(data)
    rest = play(VideoFile(path=str(broken), realtime=False, epoch=0.0))
    times = np.concatenate([b.times for b in rest if b.times is not None])
    assert 20 < len(rest) <= 75
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(2.96, abs=0.05)
    np.testing.assert_array_equal(rest[0].data, whole[round(times[0] * 25)].data)
