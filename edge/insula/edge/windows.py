"""Windows by time over stamped chunks, with a policy for what is missing.

An estimator that needs a fixed number of samples of a fixed span gets exactly that, or the reason why
not: never fewer, never silently joined over a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from insula.edge.types import Chunk

NanPolicy = Literal["refuse", "fill", "keep"]
"""NaN in a window: refuse the window, interpolate runs up to ``max_gap_s``, or leave them in."""

_GAP_STEPS = 1.5
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """``data`` ``(n_samples, n_channels)`` at ``times`` ``(n_samples,)`` in s.

    ``filled`` is the share of values (0…1) that no sensor delivered but interpolation did.
    """

    data: npt.NDArray[np.generic]
    times: Floats
    filled: float = 0.0


def cut(
    chunks: Sequence[Chunk],
    t0: float,
    t1: float,
    sfreq: float,
    *,
    max_gap_s: float = 0.0,
    nan: NanPolicy = "refuse",
) -> Window | str:
    """Cut ``round((t1 − t0) · sfreq)`` samples of the span [t0, t1) out of chunks in order.

    The samples come as they were recorded when exactly that many lie in the span without a gap. After
    gaps (steps of more than 1.5 periods) of up to ``max_gap_s``, or when a drifting device delivered one
    sample more or fewer, they are interpolated linearly at t0, t0 + 1/sfreq, …. Anything else returns the
    reason as a text. ``sfreq`` in Hz; chunks hold numbers, ``(n_samples, n_channels)``.
    """
    n = round((t1 - t0) * sfreq)
    if n < 1:
        return f"a window of {t1 - t0:.3f} s holds no sample at {sfreq:g} Hz"
    near = [c for c in chunks if len(c) and c.times[-1] >= t0 - 1 / sfreq and c.times[0] < t1 + 1 / sfreq]
    if not near:
        return "no samples in the window"
    times = np.concatenate([c.times for c in near])
    data = np.concatenate([c.data for c in near])
    missing = _longest_gap(times, t0, t1, sfreq)
    if missing > max(max_gap_s, _GAP_STEPS / sfreq):
        return f"{missing:.2f} s missing in the window, {max_gap_s:.2f} s tolerated"
    inside = (times >= t0) & (times < t1)
    as_recorded = missing <= _GAP_STEPS / sfreq and np.count_nonzero(inside) == n
    if as_recorded and (nan == "keep" or np.isfinite(data[inside]).all()):
        return Window(data[inside], times[inside])
    return _repaired(times, data, t0 + np.arange(n) / sfreq, sfreq, max_gap_s=max_gap_s, nan=nan)


def _longest_gap(times: Floats, t0: float, t1: float, sfreq: float) -> float:
    """Longest span in [t0, t1] without a sample, in s."""
    edges = np.clip(np.concatenate(([t0 - 1 / sfreq], times, [t1])), t0 - 1 / sfreq, t1)
    return float(np.diff(edges).max())


def _repaired(
    times: Floats,
    data: npt.NDArray[np.generic],
    grid: Floats,
    sfreq: float,
    *,
    max_gap_s: float,
    nan: NanPolicy,
) -> Window | str:
    out = np.empty((len(grid), data.shape[1]), np.result_type(data.dtype, np.float32))
    filled = 0
    for channel in range(data.shape[1]):
        values = data[:, channel]
        good = np.ones(len(times), bool) if nan == "keep" else np.isfinite(values)
        if not good.all() and nan == "refuse":
            return f"{np.count_nonzero(~good)} values of channel {channel} are not finite"
        if not good.any():
            return f"channel {channel} has no finite value"
        known = times[good]
        longest = _longest_gap(known, float(grid[0]), float(grid[-1]) + 1 / sfreq, sfreq)
        if longest > max(max_gap_s, _GAP_STEPS / sfreq):
            return f"{longest:.2f} s of channel {channel} missing, {max_gap_s:.2f} s tolerated"
        out[:, channel] = np.interp(grid, known, values[good].astype(np.float64))
        filled += _far_from(grid, known, sfreq)
    return Window(out, grid, filled / out.size)


def _far_from(grid: Floats, known: Floats, sfreq: float) -> int:
    """How many points of the grid have no measured value within one period."""
    right = np.clip(np.searchsorted(known, grid), 0, len(known) - 1)
    left = np.clip(right - 1, 0, None)
    distance = np.minimum(np.abs(known[right] - grid), np.abs(grid - known[left]))
    return int(np.count_nonzero(distance > 0.75 / sfreq))
