"""From EEG chunks to workload estimates: quality per electrode, rest baseline, index, named clues.

It gives no valence, arousal or emotion: on open data EEG does not show them across people
(docs/validity-eeg.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import ConfigError
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, Chunk, Clue, Measure, Modality, StreamInfo
from insula.models import manifest
from insula.models.eeg import montage, personal_index, quality
from insula.models.eeg.baseline import Baseline
from insula.models.eeg.indices import IndexClues
from insula.models.eeg.personal_index import PersonalIndex
from insula.models.eeg.workload import Reading, WorkloadReader, model_for

_TO_MICROVOLTS: Final = {"microvolts": 1.0, "uv": 1.0, "µv": 1.0, "μv": 1.0, "millivolts": 1e3, "volts": 1e6}
SFREQ_HZ = (128.0, 1000.0)
CHANNELS = (4, 64)
LEAST_BASELINE_S = 8.0
_GAP_PERIODS = 1.5
_N_ATTENDED = 3


def electrodes_of(info: StreamInfo) -> tuple[list[int], tuple[str, ...], float]:
    """Columns and names of a stream's electrodes, and the factor to µV."""
    columns = [i for i, name in enumerate(info.ch_names) if montage.is_electrode(name)]
    scale = _TO_MICROVOLTS[info.units[columns[0]].lower()]
    return columns, tuple(info.ch_names[i] for i in columns), scale


class EegEstimator:
    """An ``Estimator`` of the ``workload`` index from an EEG stream.

    Channels that are no electrode of the 10–20 family (accelerometers, "AUX") are left aside. The first
    ``baseline_s`` seconds of clean signal are taken as the person's rest, unless ``baseline`` is given; until
    then the estimate says how much is missing. The model's figures hold for 60 s; less is for demonstrations.
    ``period_s`` is shorter than the time between two blocks, so that a window (one every 0.25 s) is judged
    when it is complete.
    ``line_hz`` are the mains frequencies to remove. ``personal`` is the file of a model of this very person
    ('insula calibrate eeg'); its condition becomes an index of its own.
    """

    modality: Modality = "eeg"

    def __init__(
        self,
        *,
        period_s: float = 0.03,
        baseline: Baseline | None = None,
        baseline_s: float = 60.0,
        line_hz: Sequence[float] = (50.0, 60.0),
        personal: str = "",
        engines: Loader = on_cpu,
    ) -> None:
        self.period_s = period_s
        if baseline_s < LEAST_BASELINE_S:
            raise ConfigError(
                f"baseline_s is {baseline_s:g}; a rest baseline needs {LEAST_BASELINE_S:g} s or more"
            )
        self._baseline = baseline
        self._baseline_s = baseline_s
        self._line_hz = tuple(line_hz)
        self._personal_file = personal
        self._personal: PersonalIndex | None = None
        self._resting = self._gathering = False
        self._rest: Baseline | None = None
        self._engines = engines
        self._reader: WorkloadReader | None = None

    def accepts(self, info: StreamInfo) -> str:
        """EEG in microvolts with 4–64 electrodes named by the 10–20 system, at 128–1000 Hz."""
        electrodes = [i for i, name in enumerate(info.ch_names) if montage.is_electrode(name)]
        units = {info.units[i].lower() for i in electrodes}
        if info.type != "EEG":
            return f"{info.name} is {info.type}, not EEG"
        if not SFREQ_HZ[0] <= info.sfreq <= SFREQ_HZ[1]:
            return f"{info.name} has {info.sfreq:g} Hz; EEG needs {SFREQ_HZ[0]:g}–{SFREQ_HZ[1]:g} Hz"
        if not CHANNELS[0] <= len(electrodes) <= CHANNELS[1]:
            return (
                f"{info.name} has {len(electrodes)} channels named by the 10–20 system "
                f"({', '.join(info.ch_names[:8])} …); {CHANNELS[0]}–{CHANNELS[1]} are needed"
            )
        if len(units) != 1 or not units <= _TO_MICROVOLTS.keys():
            return f"{info.name} is in {', '.join(sorted(units))}; EEG must be in microvolts"
        return ""

    def start(self, info: StreamInfo) -> None:
        """Load the model for this cap; raises ``ModelError``."""
        self._info = info
        self._columns, self._names, self._scale = electrodes_of(info)
        self._model = manifest.load(model_for(self._names))
        self._next: int | None = None
        self._last_t = 0.0
        same_cap = self._baseline is not None and self._baseline.ch_names == self._names
        self._begin(self._baseline if same_cap else None)

    def rest(self) -> None:
        """Gather a new rest baseline from now on (the guided minute)."""
        self._begin(None)

    def learn(self, resting: bool) -> None:
        """The person rests from now on, or no longer does."""
        self._resting = resting

    def learned(self) -> dict[str, Any] | None:
        """Mean and spread of the tokens at rest."""
        return None if self._rest is None else self._rest.table()

    def adopt(self, rest: Mapping[str, Any]) -> None:
        """Measure against a rest learned earlier, if the cap is the same; raises ``DataError``."""
        self._baseline = Baseline.from_table(rest)

    def _follow_rest(self) -> None:
        """Begin or end the guided rest, on the estimator's own thread."""
        if self._resting == self._gathering:
            return
        self._gathering = self._resting
        if self._resting:
            self.rest()
        elif self._reader is not None:
            self._reader.tracker.settle(LEAST_BASELINE_S)
            self._rest = self._reader.tracker.baseline

    def _begin(self, baseline: Baseline | None) -> None:
        if self._reader is not None:
            self._reader.model.close()
        self._reader = WorkloadReader(
            self._model,
            self._info.sfreq,
            self._names,
            baseline=baseline,
            baseline_s=self._baseline_s,
            line_hz=self._line_hz,
            engines=self._engines,
        )
        if self._personal_file:
            known = personal_index.load(Path(self._personal_file).expanduser())
            hop_s = self._reader.model.timing.hop_s
            self._personal = PersonalIndex(known, self._names, hop_s)
        self._clues = IndexClues(self._info.name, self._names, self._reader.model.bands)

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """Filter everything new; judge the newest complete window, ``None`` when none was completed."""
        self._follow_rest()
        newest: AffectEstimate | None = None
        for chunk in reader.read_new():
            newest = self._take(chunk) or newest
        return newest

    def close(self) -> None:
        """Release the network."""
        if self._reader is not None:
            self._reader.model.close()
            self._reader = None

    def _take(self, chunk: Chunk) -> AffectEstimate | None:
        assert self._reader is not None
        if self._gap_before(chunk):
            self._reader.gap()
            if self._personal is not None:
                self._personal.reset()
        self._next = chunk.first + len(chunk)
        self._last_t = float(chunk.times[-1])
        data = np.asarray(chunk.data)[:, self._columns].astype(np.float64) * self._scale
        readings = self._reader.push(data)
        clues: tuple[Clue, ...] = ()
        own: Measure | None = None
        for reading in readings:
            clues = self._clues.update(reading.tracked)
            if self._personal is not None and reading.tracked.z is not None:
                own = self._personal.update(reading.tracked.z, reading.tracked.usable)
        if not readings:
            return None
        newest = len(chunk) - 1 - self._reader.tracker.stream.pending
        return self._say(readings[-1], own, clues, float(chunk.times[newest]), chunk.first + newest)

    def _gap_before(self, chunk: Chunk) -> bool:
        if self._next is None:
            return False
        late = float(chunk.times[0]) - self._last_t > _GAP_PERIODS / self._info.sfreq
        return chunk.first != self._next or late

    def _say(
        self, reading: Reading, own: Measure | None, clues: tuple[Clue, ...], t: float, sample: int
    ) -> AffectEstimate:
        indices = [("workload", reading.index)] if reading.index else []
        if own is not None and self._personal is not None:
            indices.append((self._personal.name, own))
        marks = reading.tracked.token.marks
        poor = tuple(
            Clue(self._info.name, f"electrode {name}: {mark}", quality.WEIGHT[mark])
            for name, mark in zip(self._names, marks, strict=True)
            if mark != "good"
        )
        attended: tuple[Clue, ...] = ()
        if reading.index and self._reader is not None:
            attended = tuple(
                Clue(self._info.name, f"model attention to {name}", share)
                for name, share in self._reader.model.attended(_N_ATTENDED)
            )
        return AffectEstimate(
            modality="eeg",
            stream=self._info.name,
            t=t,
            quality=quality.overall(marks),
            indices=tuple(indices),
            reason="" if indices else reading.reason,
            clues=clues + poor + attended,
            sample=sample,
            model=self._model.id,
            simulated=self._info.simulated,
        )
