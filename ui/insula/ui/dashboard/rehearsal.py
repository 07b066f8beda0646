"""A scripted session without an engine: for tests, screenshots and the benchmark of the window (Qt-free).

Every number and picture in it is made up by formulas of time, and every stream says that it is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from insula.edge.health import HealthEvent, NodeState
from insula.edge.types import (
    EXPRESSIONS,
    AffectEstimate,
    AffectState,
    Chunk,
    Clue,
    Contribution,
    Face,
    Marker,
    Measure,
    Modality,
    StreamInfo,
    VideoFrame,
)
from insula.models.face.blendshapes import ACTION_UNITS
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.presenter import Presenter, Record
from insula.ui.dashboard.rehearsal_face import draw_face
from insula.ui.dashboard.series import FloatArray
from insula.ui.dashboard.view import Session, VideoView

EEG_NAMES = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
STREAMS = (
    StreamInfo("camera", "Video", 30.0, ("rgb",), ("",), "uint8", (480, 640, 3), simulated=True),
    StreamInfo("microphone", "Audio", 16000.0, ("mono",), ("",), simulated=True),
    StreamInfo("wrist", "EDA", 32.0, ("EDA",), ("microsiemens",), simulated=True),
    StreamInfo("headset", "EEG", 250.0, EEG_NAMES, ("microvolts",) * 8, simulated=True),
)
STREAM_OF: dict[Modality, str] = {"face": "camera", "voice": "microphone", "eda": "wrist", "eeg": "headset"}
RATES_HZ: dict[Modality, float] = {"face": 30.0, "voice": 4.0, "eda": 4.0, "eeg": 2.0}
SCR_EVERY_S = 11.0

Fault = tuple[Modality, float, float, str]
FAULTS: tuple[Fault, ...] = (
    ("face", 21.0, 27.0, "no face in the picture"),
    ("eda", 38.0, 45.0, "wrist lost: cable pulled, trying again"),
    ("eeg", 4.0, 9.0, "muscle artefacts in 6 of 8 channels"),
)


def valence(t: float) -> float:
    """Return the scripted valence at ``t`` s."""
    return 0.42 * math.sin(t / 9.0) + 0.16 * math.sin(t / 2.3)


def arousal(t: float) -> float:
    """Return the scripted arousal at ``t`` s."""
    return 0.38 * math.sin(t / 7.0 + 1.0) + 0.1 * math.sin(t / 1.7)


def eda(t: FloatArray) -> FloatArray:
    """Return skin conductance in µS: a slow drift and a response every few seconds."""
    since = np.mod(t, SCR_EVERY_S)
    response = np.exp(-since / 4.0) - np.exp(-since / 0.7)
    return np.asarray(3.2 + 0.3 * np.sin(t / 23.0) + 0.9 * response)


class Stage(Protocol):
    """What a rehearsal is played to: a presenter, or the rings of a session."""

    def add_stream(self, info: StreamInfo) -> None:
        """Take a stream."""

    def take(self, record: Record) -> None:
        """Take a record."""

    def take_chunk(self, stream: str, chunk: Chunk) -> None:
        """Take samples."""

    def stream_seen(self, stream: str, pushed: int, last_t: float | None) -> None:
        """Take how far a stream has come."""


class Rehearsal:
    """Plays the script from ``start`` (s on the clock) on; ``faults`` say when what is not measured."""

    def __init__(self, start: float, faults: tuple[Fault, ...] = FAULTS) -> None:
        self.sent: list[Command] = []
        self._start = self._done = start
        self._faults = faults
        self._rng = np.random.default_rng(7)
        self._session = Session(name="rehearsal", started=start, folder="", free_bytes=211_000_000_000)
        self._noise = np.zeros(len(EEG_NAMES))
        self._frames = 0

    takes_commands = True

    def poll(self, presenter: Presenter) -> None:
        """Hand over what the script holds between the last call and now."""
        self.play(presenter, presenter.clock())

    def play(self, presenter: Stage, now: float) -> None:
        """Hand over what the script holds between the last call and ``now`` (s)."""
        if self._done == self._start:
            for info in STREAMS:
                presenter.add_stream(info)
            presenter.take(self._session)
        self._samples(presenter, self._done, now)
        for modality, rate in RATES_HZ.items():
            self._every(rate, now, lambda t, m=modality: presenter.take(self._estimate(m, t)))  # type: ignore[misc]
        self._every(20.0, now, lambda t: presenter.take(self._state(t)))
        self._health(presenter, now)
        self._done = now

    def frame(self, video: VideoView) -> VideoFrame | None:
        """Draw the frame asked for."""
        index = self._frames if video.index is None else video.index
        t = index / 30.0
        image = draw_face(t, valence(t), arousal(t), away=bool(self._fault("face", t)))
        return VideoFrame(image, self._start + t, index)

    def send(self, command: Command) -> None:
        """Do what the engine would do with a command, at the next poll."""
        self.sent.append(command)

    def close(self) -> None:
        """Nothing to let go of."""

    # -- inside --------------------------------------------------------------------------------------

    def _every(self, rate: float, now: float, act: Callable[[float], None]) -> None:
        first = math.floor((self._done - self._start) * rate + 1e-9) + 1
        last = math.floor((now - self._start) * rate + 1e-9)
        for k in range(first, last + 1):
            act(self._start + k / rate)

    def _fault(self, modality: Modality, t: float) -> str:
        if modality == "voice" and math.sin(t / 2.9) < -0.35:
            return "no speech"
        return next((why for m, t0, t1, why in self._faults if m == modality and t0 <= t < t1), "")

    def _estimate(self, modality: Modality, at: float) -> AffectEstimate:
        t = at - self._start
        stream = STREAM_OF[modality]
        sample = round(t * 30.0) if modality == "face" else -1
        reason = self._fault(modality, t)
        if reason:
            return AffectEstimate(modality, stream, at, 0.1, reason=reason, sample=sample, simulated=True)
        shift = {"face": 0.0, "voice": 0.17, "eda": -0.19, "eeg": 0.1}[modality]
        sd = {"face": 0.11, "voice": 0.2, "eda": 0.24, "eeg": 0.38}[modality]
        wave = 0.07 * math.sin(0.9 * t + 40 * shift) + 0.04 * math.sin(3.3 * t + 9 * shift)
        va = modality in ("face", "voice")
        return AffectEstimate(
            modality,
            stream,
            at,
            quality=0.86 + 0.1 * math.sin(t / 5 + shift * 20),
            valence=Measure(valence(t) + shift + wave, sd) if va else None,
            arousal=Measure(arousal(t) + shift - wave, sd),
            expression=_expression(t) if va else None,
            indices=_indices(modality, t),
            va_source="native" if va else "mapped",
            clues=self._clues(modality, t),
            faces=(Face((232.0, 108.0, 176.0, 232.0), 0.97),) if modality == "face" else (),
            sample=sample,
            simulated=True,
        )

    def _clues(self, modality: Modality, t: float) -> tuple[Clue, ...]:
        if modality == "eda":
            return (Clue("wrist", "scr_onset", t % SCR_EVERY_S, "s"),)
        if modality == "voice":
            return (
                Clue("microphone", "pitch", 170.0 + 45.0 * math.sin(3.1 * t), "Hz", 0.8 * math.sin(3.1 * t)),
                Clue("microphone", "voice activity", 0.9),
            )
        if modality == "eeg":
            blinks = (Clue("headset", f"electrode {name}: blink", 0.8) for name in ("Fp1", "Fp2"))
            return tuple(blinks) if t % 8.0 < 1.0 else ()
        return self._face_clues(t)

    def _face_clues(self, t: float) -> tuple[Clue, ...]:
        v, a = valence(t), arousal(t)
        shown = {
            1: max(0.0, a), 2: max(0.0, a - 0.1), 4: max(0.0, -v), 5: max(0.0, a), 7: max(0.0, 0.6 * v),
            12: max(0.0, 1.5 * v), 14: 0.1, 15: max(0.0, -1.2 * v), 17: max(0.0, -0.6 * v), 20: 0.05,
            23: 0.08, 25: 0.2 + 0.2 * a, 26: max(0.0, 0.4 * a),
        }  # fmt: skip
        units = (
            Clue("camera", f"AU{n:02d} {ACTION_UNITS[n][0]}", min(x, 1.0), "0…1", 6 * (x - 0.15))
            for n, x in shown.items()
        )
        angles = zip(("head yaw", "head pitch", "head roll"), (9 * math.sin(t / 1.9), 4.0, 1.0), strict=True)
        sight = (("gaze yaw", 5 * math.sin(t / 0.8)), ("gaze pitch", 2.0))
        return (*units, *(Clue("camera", name, angle, "°") for name, angle in (*angles, *sight)))

    def _state(self, at: float) -> AffectState:
        t = at - self._start
        weights: dict[Modality, float] = {"face": 0.55, "voice": 0.25, "eda": 0.13, "eeg": 0.07}
        missing = {m: self._fault(m, t) for m in STREAM_OF}
        total = sum(w for m, w in weights.items() if not missing[m])
        parts = tuple(
            Contribution(m, not missing[m], missing[m], 0.0 if missing[m] else weights[m] / total, 0.08, 0.9)
            for m in STREAM_OF
        )
        seen = not (missing["face"] and missing["voice"])
        wide = 0.09 + 0.12 * bool(missing["face"]) + 0.05 * bool(missing["voice"])
        return AffectState(
            at,
            valence=Measure(valence(t), wide) if seen else None,
            arousal=Measure(arousal(t), wide * 1.1),
            expression=_expression(t) if seen else None,
            contributions=parts,
            age_newest_s=0.06,
            age_oldest_s=0.4,
            va_source="native",
            simulated=True,
            disagreement=None if missing["face"] or missing["voice"] else 0.7 + 0.6 * math.sin(t / 4.0),
        )

    def _samples(self, presenter: Stage, begin: float, end: float) -> None:
        for info in STREAMS[1:]:
            first = math.ceil((begin - self._start) * info.sfreq - 1e-6)
            last = math.ceil((end - self._start) * info.sfreq - 1e-6)
            t = np.arange(first, last) / info.sfreq
            modality = next(m for m, stream in STREAM_OF.items() if stream == info.name)
            if info.type == "EDA":  # the others lose their meaning, this one loses its cable
                gone = np.array([bool(self._fault(modality, s)) for s in t], dtype=bool)
                t = t[~gone]
            if len(t):
                chunk = Chunk(self._wave(info, t), t + self._start, first)
                presenter.take_chunk(info.name, chunk)
            presenter.stream_seen(info.name, last, float(t[-1]) + self._start if len(t) else None)
        self._frames = math.floor((end - self._start) * 30.0)
        presenter.stream_seen("camera", self._frames, self._start + self._frames / 30.0)

    def _wave(self, info: StreamInfo, t: FloatArray) -> FloatArray:
        if info.type == "EDA":
            return eda(t)[:, None]
        if info.type == "Audio":
            speech = np.clip(np.sin(t / 2.9) + 0.35, 0, 1) * (0.55 + 0.45 * np.sin(t * 23.0))
            return (0.25 * speech * self._rng.standard_normal(len(t)) + 0.0006)[:, None]
        alpha = 14.0 + 9.0 * np.sin(t / 3.0)
        phase = 2 * np.pi * 10.0 * t
        rhythm = np.stack([alpha * (0.3 + 0.1 * k) * np.sin(phase + 0.5 * k) for k in range(8)], axis=1)
        noise = self._rng.standard_normal((len(t), 8)) * 9.0
        burst = np.array([40.0 if self._fault("eeg", s) else 0.0 for s in t])
        return rhythm + noise + burst[:, None] * self._rng.standard_normal((len(t), 8))

    def _health(self, presenter: Stage, now: float) -> None:
        reason = self._fault("eda", now - self._start)
        state = NodeState.LOST if reason else NodeState.RUNNING
        presenter.take(HealthEvent(now, "wrist", "sensor", state, reason.removeprefix("wrist lost: ")))
        commands, self.sent = self.sent, []
        for command in commands:
            self._obey(presenter, command)

    def _obey(self, presenter: Stage, command: Command) -> None:
        session = self._session
        if command.name == "marker":
            presenter.take(Marker(command.t, command.text))
            return
        since = session.recording_since
        if command.name == "record":
            since = command.t if command.on else None
        self._session = Session(
            name=session.name,
            started=session.started,
            recording_since=since,
            free_bytes=session.free_bytes,
            private=command.on if command.name == "privacy" else session.private,
            muted=command.on if command.name == "mute" else session.muted,
            ended=command.name == "stop" or session.ended,
        )
        presenter.take(self._session)


def _indices(modality: Modality, t: float) -> tuple[tuple[str, Measure], ...]:
    if modality == "eda":
        return (("stress", Measure(0.45 + 0.25 * math.sin(t / 8.0), 0.07)),)
    if modality == "eeg":
        return (("workload", Measure(0.55 + 0.18 * math.sin(t / 12.0 + 2.0), 0.1)),)
    return ()


def _expression(t: float) -> tuple[float, ...]:
    v, a = valence(t), arousal(t)
    scores = np.array(
        [0.9, 4 * v, 2.5 * a, -3 * v - a, -2 * v + 1.5 * a - 0.6, -2 * v - 0.8, a - 2 * v - 0.7, -1.4]
    )
    assert len(scores) == len(EXPRESSIONS)
    return tuple(float(s) for s in scores - np.log(np.exp(scores).sum()))
