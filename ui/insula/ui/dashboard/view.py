"""What the live window shows at one instant: plain records the panels draw (Qt-free).

Arrays are read-only windows of the presenter's buffers: valid until the next record is taken in.
Whatever was not measured is ``None`` or NaN and has a ``reason`` in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from insula.edge.types import Contribution, Face, Measure
from insula.ui.dashboard.minute import Minute
from insula.ui.dashboard.series import FloatArray, Gap
from insula.ui.protocol.page import Progress


class Light(StrEnum):
    """The light of a sensor; every light has a shape and a word of its own besides its colour."""

    GOOD = "good"
    WEAK = "weak"
    ABSENT = "not measured"
    STARTING = "starting"
    STALLED = "stalled"
    LOST = "lost"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Lane:
    """Valence and arousal over time of the fused state or one modality.

    ``rows`` is ``(n, 4)``: valence, its sd, arousal, its sd; NaN where not measured.
    """

    key: str
    times: FloatArray
    rows: FloatArray
    gaps: tuple[Gap, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class IndexLane:
    """One named index in [0, 1] over time; ``rows`` is ``(n, 2)``: mean and sd."""

    name: str
    modality: str
    times: FloatArray
    rows: FloatArray
    now: Measure | None
    reason: str


@dataclass(frozen=True, slots=True)
class VoiceLane:
    """What was heard in the sound: ``times`` ``(n,)``, ``rows`` ``(n, 2)``: voice activity 0…1, pitch in Hz.

    Pitch is NaN where nobody spoke or none was found.
    """

    times: FloatArray
    rows: FloatArray


@dataclass(frozen=True, slots=True)
class SignalLane:
    """The last ``span_s`` seconds of a raw signal: ``times`` ``(n,)``, ``rows`` ``(n, n_channels)``.

    ``artefacts`` are stretches of single channels (by name) that are no brain signal, and why.
    """

    stream: str
    type: str
    modality: str
    ch_names: tuple[str, ...]
    unit: str
    span_s: float
    times: FloatArray
    rows: FloatArray
    marks: tuple[float, ...]
    reason: str
    simulated: bool
    artefacts: tuple[tuple[str, Gap], ...] = ()
    voice: VoiceLane | None = None


@dataclass(frozen=True, slots=True)
class SensorCard:
    """One stream of one sensor, as its light tells it."""

    stream: str
    type: str
    modality: str
    light: Light
    reason: str
    quality: float | None
    rate_hz: float | None
    nominal_hz: float
    age_s: float | None
    simulated: bool
    jitter_s: float | None = None
    drift_ppm: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker at time ``t``."""

    t: float
    text: str


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the event log; ``kind`` is "marker", "good", "bad" or "plain"."""

    t: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """An action unit of the face: FACS number, name, intensity 0…1, distance from the person's own rest."""

    number: int
    name: str
    value: float
    z: float | None = None


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the head points, in degrees: yaw to the image's right, pitch down, roll clockwise.

    ``gaze``: yaw and pitch of the eyes' line of sight, ``None`` when it was not measured.
    """

    yaw: float
    pitch: float
    roll: float
    gaze: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class VideoView:
    """Which frame to show, and the faces found on that very frame.

    ``index`` is ``None`` for "the newest frame there is": nothing was analysed lately.
    """

    stream: str | None
    index: int | None
    faces: tuple[Face, ...]
    reason: str
    simulated: bool
    units: tuple[Unit, ...] = ()
    pose: Pose | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """The newest fused state; every value is ``None`` when not measured, and ``reason`` says why.

    ``likely`` holds for each expression between which probabilities it lay nine tenths of the last seconds.
    ``disagreement`` is that of face and voice in standard deviations, ``None`` while not both speak.
    ``why`` is the state explained in one sentence; ``candidates`` are the expressions that are not excluded,
    empty when that is not known.
    """

    valence: Measure | None
    arousal: Measure | None
    expression: tuple[float, ...] | None
    contributions: tuple[Contribution, ...]
    reason: str
    age_s: float | None
    native: bool
    likely: tuple[tuple[float, float], ...] | None = None
    disagreement: float | None = None
    why: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """Where the person is at rest on the plane: means with their spread, ``since`` while being measured."""

    valence: Measure | None
    arousal: Measure | None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What the engine last said about the session.

    ``outside`` says for which people the models were not trained who are measured here, "" when for none.
    ``person`` is the pseudonym of who is measured, "" when nobody is named; ``minute`` the guided minute.
    """

    name: str = ""
    started: float | None = None
    recording_since: float | None = None
    folder: str = ""
    free_bytes: int | None = None
    private: bool = False
    muted: bool = False
    ended: bool = False
    protocol: Progress | None = None
    outside: str = ""
    person: str = ""
    minute: Minute | None = None


@dataclass(frozen=True, slots=True)
class LiveView:
    """Everything on the live window at time ``t`` (s)."""

    t: float
    session: Session
    simulated: bool
    silence: str
    now: Now
    fused: Lane
    modalities: tuple[Lane, ...]
    indices: tuple[IndexLane, ...]
    signals: tuple[SignalLane, ...]
    sensors: tuple[SensorCard, ...]
    marks: tuple[Mark, ...]
    events: tuple[Happening, ...]
    video: VideoView
    baseline: Baseline = Baseline(None, None)
