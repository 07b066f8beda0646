"""What flows through Insula: small frozen records with units.

Times are float64 seconds on LSL's clock (``insula.edge.clock``). *Not measured* is always ``None``
together with a ``reason``; it is never 0, never "neutral" and never the previous value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from insula.edge.retime import Retimer

EXPRESSIONS: Final = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)
"""The eight expression classes (FER+ order), the order of every expression vector."""

Modality = Literal["face", "voice", "eda", "eeg"]
MODALITIES: Final[tuple[Modality, ...]] = ("face", "voice", "eda", "eeg")

VaSource = Literal["native", "mapped"]
"""Whether valence/arousal came from a head trained on them, or was derived from expressions or an index."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream carries, in LSL's terms.

    ``type`` is LSL's content type ("Video", "Audio", "EEG", "EDA", "PPG", "Temperature", "Markers" …).
    ``sfreq`` is the nominal rate in Hz, 0 for an irregular stream. ``units`` has one entry a channel
    ("microvolts", "microsiemens", …). For video, ``shape`` is ``(height, width, 3)`` and there is one
    channel; for samples it is ``()``. ``sensor_id`` becomes LSL's ``source_id``: the same device gives the
    same text at every start. ``simulated`` is true when no sensor was involved, and is shown wherever
    the stream is shown. ``limits`` are the ends of the sensor's range in the channels' unit, where known:
    a sample at or beyond one is *at the rail*. ``latency_s`` is the constant delay between the world and
    the read that was measured for this device and is taken off its times already.
    """

    name: str
    type: str
    sfreq: float
    ch_names: tuple[str, ...]
    units: tuple[str, ...]
    dtype: str = "float32"
    shape: tuple[int, ...] = ()
    sensor_id: str = ""
    manufacturer: str = ""
    simulated: bool = False
    limits: tuple[float, float] | None = None
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.name or not self.type:
            raise ValueError("a stream needs a name and a type")
        if len(self.ch_names) != len(self.units):
            raise ValueError(f"{self.name}: {len(self.ch_names)} channel names but {len(self.units)} units")
        if not (math.isfinite(self.sfreq) and self.sfreq >= 0):
            raise ValueError(f"{self.name}: sfreq must be 0 (irregular) or positive, not {self.sfreq}")
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise ValueError(f"{self.name}: limits are (lowest, highest), not {self.limits}")

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return len(self.ch_names)

    @property
    def is_video(self) -> bool:
        """Whether the stream carries frames instead of samples."""
        return bool(self.shape)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A frame that is made where it is wanted: ``into(out)`` fills ``out``, ``shape`` uint8 RGB, whole.

    A driver that converts or draws its pictures hands them over like this: the ring then has them made
    in their place, without a copy. ``into`` runs at most a few times, keeps no hold on ``out``, and may
    raise: the frame is then not pushed.
    """

    shape: tuple[int, ...]
    into: Callable[[npt.NDArray[np.uint8]], None]

    def array(self) -> npt.NDArray[np.uint8]:
        """The frame in an array of its own."""
        out = np.empty(self.shape, np.uint8)
        self.into(out)
        return out


@dataclass(frozen=True, slots=True)
class Block:
    """What one ``Sensor.read`` returned for one of its streams, before it is stamped.

    ``content`` is ``(n_samples, n_channels)`` in the stream's units, or one frame ``(height, width, 3)``
    uint8 RGB, made or yet to be drawn. ``times`` are ``(n_samples,)`` seconds on LSL's clock where the
    driver knows them better than "now" (an LSL inlet, a file); ``None`` asks the reader loop to stamp the
    block. A driver that smooths its times itself adds the ``retimer`` it did it with, so that jitter and
    drift are known.
    """

    stream: int
    content: npt.NDArray[np.generic] | Drawn
    times: npt.NDArray[np.float64] | None = None
    retimer: Retimer | None = None

    @property
    def data(self) -> npt.NDArray[np.generic]:
        """The content as an array; a frame is drawn for it each time."""
        return self.content.array() if isinstance(self.content, Drawn) else self.content


@dataclass(frozen=True, slots=True)
class Chunk:
    """Stamped samples: ``data`` ``(n_samples, n_channels)``, ``times`` ``(n_samples,)`` in s.

    ``first`` is the stream's running number of the first sample; a jump between two chunks is a gap.
    """

    data: npt.NDArray[np.generic]
    times: npt.NDArray[np.float64]
    first: int

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame: ``image`` ``(height, width, 3)`` uint8 RGB, ``t`` in s, ``index`` its running number."""

    image: npt.NDArray[np.uint8]
    t: float
    index: int


@dataclass(frozen=True, slots=True)
class Marker:
    """An event at time ``t`` (s), typed or triggered; ``source`` says by whom."""

    t: float
    text: str
    source: str = "operator"

    def __post_init__(self) -> None:
        if not math.isfinite(self.t):
            raise ValueError(f"a marker is set at a time, not at {self.t}")


@dataclass(frozen=True, slots=True)
class Measure:
    """A value with its standard deviation, in the same unit."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd >= 0):
            raise ValueError(f"a measure is finite with sd ≥ 0, not {self.mean} ± {self.sd}; absent is None")


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing an estimate rests on.

    ``z`` is the distance from the person's own baseline in its standard deviations, ``None`` before a
    baseline exists.
    """

    stream: str
    feature: str
    value: float
    unit: str = ""
    z: float | None = None

    def __post_init__(self) -> None:
        if self.z is not None and not math.isfinite(self.z):
            raise ValueError(f"{self.feature}: a z-score is finite, not {self.z}; unknown is None")


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a frame: ``box`` = x, y, width, height in pixels of the analysed frame."""

    box: tuple[float, float, float, float]
    score: float
    track: int = 0
    landmarks: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.box, self.score, *chain.from_iterable(self.landmarks)))):
            raise ValueError("a face has a place, a score and landmarks that are finite")


@dataclass(frozen=True, slots=True)
class AffectEstimate:
    """What one modality says about one moment.

    ``t`` is the capture time of the newest sample it rests on. ``valence`` and ``arousal`` are in
    [−1, 1]; ``expression`` holds natural-log probabilities in the order of :data:`EXPRESSIONS`;
    ``indices`` holds named indices in [0, 1] such as ``stress`` (EDA) or ``workload`` (EEG).
    An estimate that measured nothing has none of these and says why in ``reason``.
    ``quality`` is the signal's, 0…1. ``sample`` is the stream's running number of the newest sample or
    frame used, so that an overlay can be drawn on that very frame. ``faces`` lists every face in the frame,
    the one that was judged first. ``model`` is name and hash.
    """

    modality: Modality
    stream: str
    t: float
    quality: float
    valence: Measure | None = None
    arousal: Measure | None = None
    expression: tuple[float, ...] | None = None
    indices: tuple[tuple[str, Measure], ...] = ()
    reason: str = ""
    va_source: VaSource | None = None
    clues: tuple[Clue, ...] = ()
    faces: tuple[Face, ...] = ()
    sample: int = -1
    model: str = ""
    simulated: bool = False

    def __post_init__(self) -> None:
        if self.expression is not None and len(self.expression) != len(EXPRESSIONS):
            raise ValueError(f"expression needs {len(EXPRESSIONS)} log-probabilities")
        if self.expression is not None and not all(p < math.inf for p in self.expression):  # −∞ is p = 0
            raise ValueError(f"{self.modality}: expression holds what is no probability: {self.expression}")
        if not math.isfinite(self.t):
            raise ValueError(f"{self.modality}: an estimate speaks of a moment, not of {self.t}")
        if not self.measured and not self.reason:
            raise ValueError(f"{self.modality}: an estimate without a value must say why")
        if (self.valence or self.arousal) and self.va_source is None:
            raise ValueError(f"{self.modality}: valence/arousal must say whether it is native or mapped")
        if not 0.0 <= self.quality <= 1.0:
            raise ValueError(f"{self.modality}: quality is within 0…1, not {self.quality}")

    @property
    def measured(self) -> bool:
        """Whether the estimate carries any value."""
        return bool(self.valence or self.arousal or self.expression or self.indices)


@dataclass(frozen=True, slots=True)
class Contribution:
    """How one modality entered a state: its weight (0…1), age and quality, or the reason why not.

    Not measured and yet a weight: it has just gone, and its last value, ``age_s`` old, still counts.
    """

    modality: Modality
    measured: bool
    reason: str = ""
    weight: float = 0.0
    age_s: float | None = None
    quality: float = 0.0


@dataclass(frozen=True, slots=True)
class AffectState:
    """The fused state at time ``t``.

    Values as in :class:`AffectEstimate`. ``age_newest_s`` and ``age_oldest_s`` are the ages of the newest
    and the oldest estimate that entered it. Nothing measured at all: every value is ``None`` and
    ``reason`` says why. ``simulated`` is true when any contributing stream is simulated. ``disagreement`` is
    how far face and voice are apart on the axis where they differ most, in standard deviations of their
    difference: above 2 they contradict each other; ``None`` while not both speak. ``candidates`` are the
    expressions that cannot be excluded: the one shown is among them 9 times in 10; empty where nothing was
    calibrated.
    """

    t: float
    valence: Measure | None = None
    arousal: Measure | None = None
    expression: tuple[float, ...] | None = None
    indices: tuple[tuple[str, Measure], ...] = ()
    contributions: tuple[Contribution, ...] = ()
    reason: str = ""
    age_newest_s: float | None = None
    age_oldest_s: float | None = None
    va_source: VaSource | None = None
    simulated: bool = False
    clues: tuple[Clue, ...] = field(default=())
    disagreement: float | None = None
    candidates: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether any value is present."""
        return bool(self.valence or self.arousal or self.expression or self.indices)
