"""The microphone driver against PortAudio and a real sound server."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from faults import read_some, seconds_to_loss, seconds_to_return
from pulse import NullSink
from scipy.signal import fftconvolve

from insula.edge.clock import now
from insula.edge.errors import SensorUnavailable
from insula.sensors import portaudio
from insula.sensors.microphone import Microphone, probe
from insula.sensors.simulated_voice import Voice


def record(microphone: Microphone, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and samples of the next ``seconds``."""
    times, sound = [], []
    while sum(map(len, sound)) < seconds * 16000:
        for block in microphone.read(0.1):
            assert block.times is not None
            times.append(block.times)
            sound.append(block.data[:, 0])
    return np.concatenate(times), np.concatenate(sound)


def best_match(sound: np.ndarray, piece: np.ndarray) -> float:
    """Correlation of ``piece`` with the place in ``sound`` that it fits best."""
    start = int(np.abs(fftconvolve(sound, piece[::-1], mode="valid")).argmax())
    return float(np.corrcoef(sound[start : start + len(piece)], piece)[0, 1])


def test_what_is_played_is_recorded_with_even_times(null_sink: NullSink) -> None:
    """In pieces of 0.25 s: on a busy machine the player may be late, which puts silence between them."""
    voice = Voice(0)(0, 4 * 16000)[:, 0]
    microphone = Microphone()
    microphone.open()
    record(microphone, 0.5)
    player = threading.Thread(target=null_sink.play, args=(voice.tobytes(), 16000))
    player.start()
    times, sound = record(microphone, 5.5)
    player.join(5.0)
    assert microphone.overflows == 0
    microphone.close()
    steps = np.diff(times)
    assert steps.min() > 0
    assert steps.max() < 2 / 16000
    assert -0.05 < now() - times[-1] < 0.3
    likeness = [best_match(sound, voice[at : at + 4000]) for at in range(8000, 40000, 4000)]
    assert np.median(likeness) > 0.95


def test_a_sound_server_that_dies_is_a_loss_and_its_return_is_used(null_sink: NullSink) -> None:
    microphone = Microphone()
    microphone.open()
    assert read_some(microphone, 10, 4.0)
    null_sink.stop()
    took_s, words = seconds_to_loss(microphone)
    assert took_s < 1.0
    assert "microphone" in words
    microphone.close()
    with pytest.raises(SensorUnavailable, match="insula devices"):
        microphone.open()
    null_sink.start()
    assert seconds_to_return(microphone) < 3.0
    microphone.close()


def test_devices_are_listed_by_name_and_open_by_part_of_it(null_sink: NullSink) -> None:
    names = [str(f.options["device"]) for f in probe() if not f.why_not]
    assert "pulse" in names
    microphone = Microphone(device="Puls")
    (info,) = microphone.open()
    microphone.close()
    assert info.sensor_id == "microphone:pulse"


def test_an_unknown_device_names_those_there_are(null_sink: NullSink) -> None:
    with pytest.raises(SensorUnavailable, match=r"no microphone 'theremin': there is .*pulse"):
        Microphone(device="theremin").open()


def test_a_device_that_appears_later_is_found(null_sink: NullSink) -> None:
    null_sink.stop()
    microphone = Microphone(device="pulse")
    with pytest.raises(SensorUnavailable):
        microphone.open()
    null_sink.start()
    microphone.open()
    assert read_some(microphone, 5, 4.0)
    microphone.close()


def test_a_device_of_another_rate_is_resampled(null_sink: NullSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """The null sink converts everything, so the device's own rate is forced on the driver."""
    monkeypatch.setattr(portaudio, "_possible_rate", lambda sd, index, wanted, channels, own: 48000)
    tone = (0.4 * np.sin(2 * np.pi * 500 * np.arange(32000) / 16000)).astype(np.float32)
    microphone = Microphone()
    microphone.open()
    player = threading.Thread(target=null_sink.play, args=(tone.tobytes(), 16000))
    player.start()
    times, sound = record(microphone, 3.0)
    player.join(5.0)
    microphone.close()
    assert np.diff(times).max() < 2 / 16000
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.fft.rfftfreq(len(sound), 1 / 16000)[spectrum.argmax()] == pytest.approx(500.0, abs=2.0)


def test_two_channels_have_the_names_that_were_given(null_sink: NullSink) -> None:
    microphone = Microphone(channels=["voice", "loudspeaker"])
    (info,) = microphone.open()
    blocks = [block for _ in range(20) for block in microphone.read(0.2)]
    microphone.close()
    assert info.ch_names == ("voice", "loudspeaker")
    assert {block.data.shape[1] for block in blocks} == {2}
