"""Packs in the layout of EEGMAT (Zyma et al. 2019): rest, then serial subtraction, two recordings a person.

Keys are ``<person>_<segment>_eeg<n>_uV_<rate>hz_x<scale>`` with int16 ``(n_channels, n_samples)``; a value
times ``scale`` is µV. ``ch_names`` names the channels. A rest is always recorded before the arithmetic.
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

REST, ARITHMETIC = "rest", "arith"
SEGMENTS = (REST, ARITHMETIC)
_KEY = re.compile(r"(?P<person>[^_]+)_(?P<segment>[^_]+)_eeg\d*_uV_(?P<rate>\d+)hz_x(?P<scale>[\d.]+)")


@dataclass(frozen=True, slots=True)
class Person:
    """One person's recordings: ``segments`` maps rest and arith to ``(n_samples, n_channels)`` in µV."""

    name: str
    sfreq: float
    ch_names: tuple[str, ...]
    segments: dict[str, npt.NDArray[np.float32]]


def people(path: Path) -> Iterator[Person]:
    """Read a pack person by person; raises ``DataError`` when the file is not such a pack."""
    with packfile.arrays(path) as pack:
        yield from _people(pack, path)


def _people(pack: packfile.Arrays, path: Path) -> Iterator[Person]:
    found: dict[str, dict[str, re.Match[str]]] = {}
    for key in pack.keys:
        if match := _KEY.fullmatch(key):
            found.setdefault(match["person"], {})[match["segment"]] = match
    if not found or "ch_names" not in pack:
        raise DataError(
            f"{path.name} holds no EEG in the layout <person>_<segment>_eeg19_uV_128hz_x0.02 with ch_names"
        )
    ch_names = pack.texts("ch_names")
    for name in sorted(found):
        matches = {segment: found[name][segment] for segment in SEGMENTS if segment in found[name]}
        if REST not in matches:
            raise DataError(f"{path.name}: {name} has no rest recording, so there is no baseline")
        rates = {float(match["rate"]) for match in matches.values()}
        if len(rates) != 1:
            raise DataError(f"{path.name}: {name} has different rates: {sorted(rates)}")
        segments = {segment: _microvolts(pack, match, ch_names) for segment, match in matches.items()}
        yield Person(name, rates.pop(), ch_names, segments)


def _microvolts(
    pack: packfile.Arrays, match: re.Match[str], ch_names: tuple[str, ...]
) -> npt.NDArray[np.float32]:
    values = pack.numbers(match[0], ndim=2)
    if len(values) != len(ch_names):
        raise DataError(f"{match[0]} has shape {values.shape}, but there are {len(ch_names)} channel names")
    return np.ascontiguousarray(values.T.astype(np.float32) * np.float32(match["scale"]))
