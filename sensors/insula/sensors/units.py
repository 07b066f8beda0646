"""One spelling for each unit, and one form for text, whatever the device or the file calls it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

TEXT: Final = "S256"
"""The type of text streams (markers): UTF-8 in at most 256 bytes."""

_SPELLINGS: Final = {
    "microvolts": ("uv", "µv", "μv", "microvolt", "microvolts"),
    "millivolts": ("mv", "millivolt", "millivolts"),
    "volts": ("v", "volt", "volts"),
    "microsiemens": ("us", "µs", "μs", "usiemens", "microsiemens"),
    "degree celsius": ("c", "°c", "degc", "celsius", "degree celsius", "degrees celsius"),
    "g": ("g",),
    "beats per minute": ("bpm", "beats per minute"),
    "seconds": ("s", "second", "seconds"),
}
_KNOWN: Final = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}


def canonical(unit: str) -> str:
    """The unit's one spelling; an unknown one stays as it is."""
    return _KNOWN.get(unit.strip().lower(), unit.strip())


def as_text(rows: Iterable[Iterable[object]]) -> npt.NDArray[np.generic]:
    """Rows of text as an array of :data:`TEXT`; what is longer is cut."""
    return np.array([[str(text).encode()[:256] for text in row] for row in rows], dtype=TEXT)
