"""Recordings from the packed EDA sets (npz): one array per signal, rate and scale in the key.

Two layouts are read, and any file with keys of the same form: Stress-Predict, ``<subject>_<signal>`` with
``<subject>_task_1hz`` (a code per second, names in ``task_names``), and CogWear,
``<subject>_<session>_<part>_<signal>`` where every part is a recording of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge import packfile
from insula.edge.errors import DataError

Array = npt.NDArray[np.float64]

_EDA = re.compile(r"^(?P<stem>.+)_eda_uS_(?P<rate>\d+)hz$")
_PPG = re.compile(r"_bvp_(?P<rate>\d+)hz(?:_x(?P<scale>[\d.]+))?$")
_HIGHEST_HZ = 100_000.0
COGWEAR_FILL = 4.0
"""CogWear writes exactly this where a sample is missing."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one condition, in whole seconds from the recording's first EDA sample."""

    name: str
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Recording:
    """One continuous recording of a person.

    ``session`` names what shares one baseline: recordings of a session come in the order of the file.
    ``eda`` (n,) µS at ``sfreq`` Hz with NaN where lost; ``ppg`` (m,) sensor units at ``ppg_sfreq`` Hz or
    ``None``.
    """

    subject: str
    session: str
    eda: Array
    sfreq: float
    ppg: Array | None
    ppg_sfreq: float
    segments: tuple[Segment, ...]

    @property
    def seconds(self) -> int:
        """Whole seconds of EDA."""
        return int(len(self.eda) / self.sfreq)


def read_pack(path: Path) -> Iterator[Recording]:
    """Yield the recordings of a pack in the order of the file; raises ``DataError`` when it is none."""
    with packfile.arrays(path) as pack:
        stems = [match for key in pack.keys if (match := _EDA.match(key))]
        if not stems:
            raise DataError(f"{path} has no key '<subject>_eda_uS_<rate>hz'; data.md describes the layout")
        for match in stems:
            yield _recording(pack, match["stem"], _rate(match["rate"]), match.string)


def _rate(digits: str) -> float:
    """A rate in Hz as a key spells it."""
    if not 0 < (rate := float(digits)) <= _HIGHEST_HZ:
        raise DataError(f"a signal at {digits} Hz: its key is not in the layout of data.md")
    return rate


def _recording(pack: packfile.Arrays, stem: str, sfreq: float, key: str) -> Recording:
    eda = pack.numbers(key, ndim=1).astype(np.float64)
    ppg, ppg_sfreq = _ppg(pack, stem)
    task_key = f"{stem}_task_1hz"
    if task_key in pack:
        names = list(pack.texts("task_names"))
        segments = _runs(pack.numbers(task_key, ndim=1)[: int(len(eda) / sfreq)], names)
        return Recording(stem, stem, eda, sfreq, ppg, ppg_sfreq, segments)
    eda[eda == COGWEAR_FILL] = np.nan
    subject, session, part = _split(stem)
    whole = (Segment(part, 0, int(len(eda) / sfreq)),)
    return Recording(subject, session, eda, sfreq, ppg, ppg_sfreq, whole)


def _split(stem: str) -> tuple[str, str, str]:
    """Subject, session and segment name of ``s11_pre_cognitive_load``; a bare stem is its own segment."""
    subject, _, rest = stem.partition("_")
    session = rest.partition("_")[0]
    return subject, f"{subject}_{session}" if session else subject, rest or stem


def _ppg(pack: packfile.Arrays, stem: str) -> tuple[Array | None, float]:
    for key in pack.keys:
        if key.startswith(f"{stem}_bvp_") and (match := _PPG.search(key)):
            values = pack.numbers(key, ndim=1).astype(np.float64)
            return values * float(match["scale"] or 1.0), _rate(match["rate"])
    return None, 0.0


def _runs(codes: npt.NDArray[np.integer], names: list[str]) -> tuple[Segment, ...]:
    edges = np.flatnonzero(np.diff(codes)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(codes)]
    if len(codes) and int(codes.max()) >= len(names):
        raise DataError(f"task code {int(codes.max())} has no name among the {len(names)} of 'task_names'")
    return tuple(Segment(names[int(codes[a])], a, b) for a, b in zip(starts, ends, strict=True) if b > a)
