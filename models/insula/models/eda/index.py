"""The stress index of one person, second by second: shipped network, calibration, smoothing, reasons."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.engines.choice import Loader, on_cpu
from insula.models import manifest
from insula.models.eda.artefacts import WORDS
from insula.models.eda.calibration import Calibration
from insula.models.eda.ensemble import standardise
from insula.models.eda.features import NAMES
from insula.models.eda.inputs import PAST_S, select
from insula.models.eda.reader import GOOD_WINDOW, MIN_CLEAN, Baseline, Second

Array = npt.NDArray[np.float64]

EDA_MODEL = "eda-stress"
PULSE_MODEL = "eda-stress-pulse"


@dataclass(frozen=True, slots=True)
class Reading:
    """The index at the end of a second; ``index`` is ``None`` where nothing can be said, with the reason.

    A reading with both an index and a reason is provisional: the person's own baseline is not complete.
    ``model`` is the id of the one that judged.
    """

    t_s: int
    index: float | None
    sd: float | None
    quality: float
    reason: str
    features: Array | None
    baseline_ready: bool
    model: str = ""


class StressModel:
    """A shipped model with its preprocessing; raises ``ModelError`` when it is unusable."""

    def __init__(self, name: str, engines: Loader = on_cpu) -> None:
        self.manifest = manifest.load(name)
        pre = self.manifest.preprocess
        self.inputs: tuple[str, ...] = tuple(pre["inputs"])
        self._mean, self._sd = np.array(pre["mean"]), np.array(pre["sd"])
        self.typical = np.array(pre["baseline_sd"])
        self.smooth_s = float(pre["smooth_s"])
        self.calibration = Calibration(pre["gain"], pre["person_sd"])
        self._engine = engines(self.manifest.weights())

    def logits(self, values: Array, baseline: Array, past: Array) -> Array:
        """Member logits ``(m,)`` of one feature vector ``(f,)``."""
        raw = select(values[None], baseline[None], past[None], self.inputs)
        x = standardise(raw, self._mean, self._sd)
        out: Array = self._engine.run({"x": x.astype(np.float32)})["logits"][0].astype(np.float64)
        return out

    def close(self) -> None:
        """Release the engine."""
        self._engine.close()


class StressIndex:
    """Follows one person; ``gap`` starts a new recording of the same person, keeping the baseline.

    With a ``pulse`` model, that one judges every second whose pulse is usable and the EDA-only model the
    others.
    """

    def __init__(self, eda: StressModel, pulse: StressModel | None = None) -> None:
        self.baseline = Baseline()
        self._eda, self._pulse = eda, pulse
        self.gap()

    def gap(self) -> None:
        """Forget smoothing and past: the next second is not a continuation."""
        self._state: dict[str, Array] = {}
        self._past: deque[Array] = deque(maxlen=PAST_S)

    def step(self, second: Second) -> Reading:
        """Judge the next second."""
        good = second.values is not None and second.clean >= GOOD_WINDOW
        padded = None if second.values is None else _padded(second.values)
        past = self._past[0] if len(self._past) == PAST_S else _padded(np.zeros(0))
        self._past.append(_padded(np.zeros(0)) if padded is None else padded)
        self.baseline.step(second.marks == 0, padded if good else None)
        quality = round(second.clean, 4)
        if padded is None:
            reason = "the first 60 s window is filling"
            return Reading(second.t_s, None, None, quality, reason, None, self.baseline.ready)
        if second.clean < MIN_CLEAN:
            self._state.clear()
            reason = words(second.marks) or "too many artefacts in the last 60 s"
            return Reading(second.t_s, None, None, quality, reason, padded, self.baseline.ready)
        index, sd, model = self._judge(padded, past)
        reason = ""
        if not self.baseline.ready:
            reason = f"provisional: gathering the baseline, {self.baseline.left_s} s left"
        return Reading(second.t_s, index, sd, quality, reason, padded, self.baseline.ready, model)

    def _judge(self, values: Array, past: Array) -> tuple[float, float, str]:
        own = self.baseline.mean(len(NAMES))
        model = self._eda
        smoothed = self._smooth(self._eda, values, own, past)
        if self._pulse is not None and np.isfinite(values[NAMES.index("pulse_rate")]):
            model = self._pulse
            smoothed = self._smooth(self._pulse, values, own, past)
        p = model.calibration.probability(np.array(smoothed.mean()))
        sd = model.calibration.sd(p, np.array(smoothed.std()))
        return float(p), float(sd), model.manifest.id

    def _smooth(self, model: StressModel, values: Array, own: Array, past: Array) -> Array:
        logits = model.logits(values, own, past)
        before = self._state.get(model.manifest.name)
        keep = np.exp(-1.0 / model.smooth_s)
        now = logits if before is None else keep * before + (1 - keep) * logits
        self._state[model.manifest.name] = now
        return now


def words(marks: int) -> str:
    """Artefact marks in words, the gravest first."""
    return "; ".join(text for mark, text in WORDS.items() if marks & mark)


def _padded(values: Array) -> Array:
    """Feature vector with NaN for the pulse where there is none."""
    return np.concatenate([values, np.full(len(NAMES) - len(values), np.nan)])
