"""The EDA modality: a live skin-conductance stream into a stress index, arousal and physiological clues.

The index is the calibrated probability of a stress task against rest. Arousal is *mapped* from it, as
``2 · index − 1`` with a standard deviation of at least ``AROUSAL_SD``: no open recording with rated arousal
was available, so the scale is a convention, and valence is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import DataError
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, Clue, Measure, Modality, StreamInfo
from insula.models.eda import pulse
from insula.models.eda.artefacts import Mark
from insula.models.eda.features import EDA_FEATURES, NAMES, WINDOW_S
from insula.models.eda.index import EDA_MODEL, PULSE_MODEL, Reading, StressIndex, StressModel, words
from insula.models.eda.pulse import LivePulse
from insula.models.eda.reader import Baseline, FeatureReader, Second

Array = npt.NDArray[np.float64]

AROUSAL_SD = 0.5
"""Half of the half-range: an index from sweat glands says little about felt arousal."""
MAX_BRIDGE_S = 5.0
"""A longer gap in the stream starts a new recording of the same person."""
LEAST_REST_S = 15
"""Clean seconds that make a rest."""
_UNITS = {"microsiemens": 1.0, "uS": 1.0, "µS": 1.0, "siemens": 1e6, "S": 1e6}


class EdaEstimator:
    """Estimator of streams of type EDA (first channel in microsiemens, 4–1000 Hz)."""

    modality: Modality = "eda"
    period_s = 1.0

    def __init__(self, *, engines: Loader = on_cpu) -> None:
        self._engines = engines
        self._model: StressModel | None = None
        self._pulse_model: StressModel | None = None
        self._pulse: LivePulse | None = None
        self._resting = False
        self._rest_us: list[float] = []
        self._rest_onsets = 0
        self._adopted: Array | None = None
        self._tonic_us: float | None = None

    def accepts(self, info: StreamInfo) -> str:
        """Return "" when the stream fits, else the reason why not."""
        if info.type.upper() not in {"EDA", "GSR"}:
            return f"{info.name} is of type {info.type}, not EDA"
        if info.units[0] not in _UNITS:
            return f"{info.name} is in {info.units[0]!r}; EDA must come in microsiemens"
        if not 4.0 <= info.sfreq <= 1000.0:
            return f"{info.name} runs at {info.sfreq:g} Hz; EDA needs 4–1000 Hz"
        return ""

    def join(self, beside: StreamReader) -> bool:
        """Use the first pulse wave there is: with it the index is the better one."""
        if self._pulse is not None or not pulse.fits(beside.info):
            return False
        self._pulse = LivePulse(beside)
        return True

    def start(self, info: StreamInfo) -> None:
        """Load the models and start a new person's baseline; raises ``ModelError`` when it is unusable."""
        self._info = info
        self._scale = _UNITS[info.units[0]]
        self._model = StressModel(EDA_MODEL, self._engines)
        self._pulse_model = StressModel(PULSE_MODEL, self._engines) if self._pulse is not None else None
        self._index = StressIndex(self._model, self._pulse_model)
        if self._adopted is not None:
            self._index.baseline = Baseline.known(self._adopted)
        self._restart()

    def learn(self, resting: bool) -> None:
        """The person rests from now on, or no longer does."""
        if resting:
            self._rest_us, self._rest_onsets = [], 0
        self._resting = resting

    def learned(self) -> dict[str, Any] | None:
        """Tonic level (µS) and responses a minute at rest."""
        seconds = len(self._rest_us)
        if seconds < LEAST_REST_S:
            return None
        return {
            "seconds": seconds,
            "tonic_us": round(float(np.median(self._rest_us)), 4),
            "responses_per_min": round(60.0 * self._rest_onsets / seconds, 3),
        }

    def adopt(self, rest: Mapping[str, Any]) -> None:
        """Measure against a rest learned earlier: no two minutes of waiting. Raises ``DataError``."""
        try:
            values = np.full(len(NAMES), np.nan)
            values[EDA_FEATURES.index("scr_per_min")] = float(rest["responses_per_min"])
            values[EDA_FEATURES.index("slope")] = 0.0
            self._tonic_us = float(rest["tonic_us"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the profile's skin conductance is malformed ({error!r})") from error
        self._adopted = values

    def _restart(self) -> None:
        self._reader = FeatureReader(self._info.sfreq)
        self._index.gap()
        self._second: Second | None = None
        self._reading: Reading | None = None
        self._newest_t, self._newest = -np.inf, -1
        self._followed, self._told_onset_s = 0, -np.inf

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """Follow what is new; ``None`` before the first whole second."""
        for chunk in reader.read_new():
            values = np.asarray(chunk.data[:, 0], np.float64) * self._scale
            self._take(values, float(chunk.times[0]))
            self._newest_t, self._newest = float(chunk.times[-1]), chunk.first + len(chunk) - 1
        if self._second is None or self._reading is None:
            return None
        return self._estimate(self._second, self._reading)

    def _take(self, values: Array, t0: float) -> None:
        """Follow a run of samples; a short gap before it counts as lost samples, a long one starts anew."""
        end = t0 + len(values) / self._info.sfreq
        if np.isfinite(self._newest_t):
            missing = round((t0 - self._newest_t) * self._info.sfreq) - 1
            if missing > MAX_BRIDGE_S * self._info.sfreq:
                self._restart()
            elif missing > 0:
                values = np.concatenate([np.full(missing, np.nan), values])
        self._followed += len(values)
        for second in self._with_pulse(self._reader.push(values), end):
            self._second = second
            if self._resting and second.marks == 0:
                self._rest_us.append(second.level_us)
            self._reading = self._index.step(second)

    def _with_pulse(self, seconds: list[Second], end: float) -> list[Second]:
        """Add the pulse's features; ``end`` is when the newest sample ends (s)."""
        if self._pulse is None or not seconds:
            return seconds
        followed_s = self._followed / self._info.sfreq
        rows = self._pulse.rows(np.array([end - followed_s + second.t_s for second in seconds]))
        return [
            second if second.values is None else replace(second, values=np.concatenate([second.values, row]))
            for second, row in zip(seconds, rows, strict=True)
        ]

    def _estimate(self, second: Second, reading: Reading) -> AffectEstimate:
        assert self._model is not None
        index: tuple[tuple[str, Measure], ...] = ()
        arousal = None
        reason = reading.reason
        if second.marks & (Mark.CONTACT | Mark.SATURATED | Mark.FLAT):
            reason = words(second.marks)
        elif not reading.baseline_ready:
            reason = f"gathering the baseline, {self._index.baseline.left_s} s left"
        elif reading.index is not None and reading.sd is not None:
            index = (("stress", Measure(reading.index, reading.sd)),)
            arousal = Measure(2 * reading.index - 1, float(np.hypot(AROUSAL_SD, 2 * reading.sd)))
        return AffectEstimate(
            modality="eda",
            stream=self._info.name,
            t=self._newest_t,
            quality=reading.quality,
            arousal=arousal,
            indices=index,
            reason="" if index else reason,
            va_source="mapped" if arousal else None,
            clues=self._clues(second, reading),
            sample=self._newest,
            model=reading.model or self._model.manifest.id,
            simulated=self._info.simulated,
        )

    def _clues(self, second: Second, reading: Reading) -> tuple[Clue, ...]:
        """Tonic level, responses a minute and conductance slope; z against the person's baseline."""
        name = self._info.name
        clues = [Clue(name, "tonic level", round(second.level_us, 4), "µS"), *self._onsets()]
        if self._tonic_us is not None:
            above = round(second.level_us - self._tonic_us, 4)
            clues.append(Clue(name, "tonic level above rest", above, "µS"))
        if second.values is None:
            recent = self._reader.responses
            clues.append(Clue(name, "responses so far", float(len(recent)), ""))
            return tuple(clues)
        assert self._model is not None
        own = self._index.baseline.mean(len(self._model.typical))
        for feature, label, unit in (("scr_per_min", "responses", "1/min"), ("slope", "slope", "µS/s")):
            i = EDA_FEATURES.index(feature)
            z = None
            if reading.baseline_ready and np.isfinite(own[i]):
                z = float((second.values[i] - own[i]) / self._model.typical[i])
            clues.append(Clue(name, f"{label} ({WINDOW_S} s)", float(second.values[i]), unit, z))
        rate = second.values[len(EDA_FEATURES) :][:1]
        if np.isfinite(rate).any():
            clues.append(Clue(name, f"pulse ({WINDOW_S} s)", float(rate[0]), "1/min"))
        return tuple(clues)

    def _onsets(self) -> list[Clue]:
        """Every response confirmed since the last estimate, by the age of its onset; once each."""
        now_s = self._followed / self._info.sfreq
        new = [scr.onset_s for scr in self._reader.responses if scr.onset_s > self._told_onset_s]
        self._told_onset_s = max([self._told_onset_s, *new])
        self._rest_onsets += len(new) if self._resting else 0
        return [Clue(self._info.name, "scr_onset", now_s - onset_s, "s") for onset_s in new]

    def close(self) -> None:
        """Release the models and the pulse."""
        for model in (self._model, self._pulse_model):
            if model is not None:
                model.close()
        if self._pulse is not None:
            self._pulse.reader.close()
        self._model = self._pulse_model = self._pulse = None
