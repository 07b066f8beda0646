"""One recording out of a packed data set (docs/data.md): an array whose key says what it holds.

A key ends in unit and rate, and for integers in the size of a step: ``S01_eda_uS_4hz``,
``s00_rest_eeg19_uV_128hz_x0.02`` (19 channels, 128 Hz, microvolts = value × 0.02).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge import packfile
from insula.edge.errors import DataError, SensorUnavailable
from insula.edge.types import StreamInfo
from insula.sensors.units import canonical

_KEY: Final = re.compile(
    r"(?P<who>.+)_(?P<kind>eda|temp|bvp|ecg|eeg\d+)(_(?P<unit>uS|uV|C))?_(?P<rate>\d+)hz(_x(?P<step>[\d.]+))?"
)
_TYPES: Final = {"eda": "EDA", "temp": "Temperature", "bvp": "PPG", "ecg": "ECG", "eeg": "EEG"}


def read(path: str, array: str) -> tuple[StreamInfo, npt.NDArray[np.float32]]:
    """A packed array as a stream's description and its samples ``(n, n_channels)`` in the stream's units.

    Raises ``SensorUnavailable`` when the file or the array is not there, or its key is not understood.
    """
    key = _KEY.fullmatch(array)
    try:
        with packfile.arrays(Path(path).expanduser()) as pack:
            if array not in pack:
                raise SensorUnavailable(f"{path} has no array {array!r}; it has, among others, {_some(pack)}")
            if key is None:
                raise SensorUnavailable(f"the key {array!r} does not say unit and rate as in S01_eda_uS_4hz")
            raw = pack.numbers(array, ndim=2 if key["kind"].startswith("eeg") else 1)
            names = pack.texts("ch_names") if "ch_names" in pack else ()
    except DataError as error:
        raise SensorUnavailable(str(error)) from error
    rate, step = float(key["rate"]), float(key["step"] or 1.0)
    data = np.atleast_2d(raw).astype(np.float32).T * step
    kind = key["kind"].rstrip("0123456789")
    n_channels = data.shape[1]
    ch_names = names if len(names) == n_channels and kind == "eeg" else (kind.upper(),) * n_channels
    info = StreamInfo(
        name=array,
        type=_TYPES[kind],
        sfreq=rate,
        ch_names=ch_names,
        units=(canonical(key["unit"] or "arbitrary"),) * n_channels,
        sensor_id=f"{Path(path).name}:{array}",
        manufacturer="recording",
    )
    return info, np.ascontiguousarray(data, np.float32)


def _some(pack: packfile.Arrays) -> str:
    return ", ".join(repr(name) for name in pack.keys[:4])
