"""Causal observer of skin conductance: tonic level, phasic driver ≥ 0 and phasic response.

The model is the linear one the field uses for skin conductance, written as a state space::

    y  = L + p + v            measured conductance, v white noise of the sensor
    L' = (b − L) / τ_L        tonic level leaks towards a slowly wandering level b,   b' = w_b
    q' = (u − q) / τ_rise     the response of a sudomotor burst u ≥ 0 has two poles,
    p' = (q − p) / τ_decay    u' = −u / τ_u + w_u

A steady-state Kalman filter of that model (its Riccati equation is solved once per sampling rate)
gives the driver; the driver is clipped at zero, the clipped driver is run through the two poles again,
and what is left, y − p, is followed by the tonic half of the model. All filters are linear with
constant gains, so a stream of any length costs constant memory and one pass, and the result does not
depend on how the stream was cut into chunks.

Time constants: rise 0.7 s and decay 2 s are the usual Bateman constants (Greco et al., IEEE TBME 2016).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm, solve_discrete_are
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]

RISE_S = 0.7
DECAY_S = 2.0
TONIC_S = 10.0
DRIVER_S = 1.0
SENSOR_NOISE_US = 0.003
"""Standard deviation of the sensor's noise within a 4 Hz sample (an E4's resolution is about 0.001 µS)."""
DRIVER_POWER = 0.01
"""White-noise intensity of the driver, µS²/s: about one 0.1 µS response every ten seconds."""
LEVEL_POWER = 1e-4
"""White-noise intensity of the tonic target b, µS²/s: a drift of about 0.2 µS in six minutes."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """One chunk, sample by sample, in µS; ``driver`` in µS per second of burst (≥ 0)."""

    tonic: Array
    phasic: Array
    driver: Array


@dataclass(slots=True)
class _Parallel:
    """A rational filter as a sum of sections of at most second order, with kept state.

    The parallel form keeps its accuracy at 1000 Hz, where the poles crowd at 1 and a single
    polynomial of fifth order would lose all digits.
    """

    sections: list[tuple[Array, Array]]
    state: list[Array] = field(default_factory=list)

    def settle(self, value: float) -> None:
        """Set the state as if the input had been ``value`` for ever."""
        self.state = []
        for b, a in self.sections:
            gain = b.sum() / a.sum() * value
            state = np.zeros(len(a) - 1)
            for k in range(len(a) - 1, 0, -1):
                state[k - 1] = b[k] * value - a[k] * gain + (state[k] if k < len(a) - 1 else 0.0)
            self.state.append(state)

    def __call__(self, x: Array) -> Array:
        total = np.zeros(len(x))
        for i, (b, a) in enumerate(self.sections):
            y, self.state[i] = lfilter(b, a, x, zi=self.state[i])
            total += y
        return total


def _discretise(a: Array, noise: Array, dt: float) -> tuple[Array, Array]:
    """Transition matrix and process noise of one step ``dt`` (Van Loan's block exponential)."""
    n = len(a)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n], block[:n, n:], block[n:, n:] = -a, noise, a.T
    e = expm(block * dt)
    f: Array = e[n:, n:].T
    q = f @ e[:n, n:]
    return f, (q + q.T) / 2


def _kalman_sections(f: Array, q: Array, c: Array, r: float, output: Array) -> list[tuple[Array, Array]]:
    """The steady-state Kalman filter from measurement to ``output @ state`` as parallel sections."""
    p = solve_discrete_are(f.T, c[:, None], q, np.array([[r]]))
    gain = p @ c / (c @ p @ c + r)
    m = (np.eye(len(f)) - np.outer(gain, c)) @ f
    poles, vectors = np.linalg.eig(m)
    weights = (output @ vectors) * np.linalg.solve(vectors, gain.astype(complex))
    sections: list[tuple[Array, Array]] = []
    for pole, weight in zip(poles, weights, strict=True):
        if abs(pole.imag) < 1e-12:
            sections.append((np.array([weight.real, 0.0]), np.array([1.0, -pole.real])))
        elif pole.imag > 0:
            sections.append(
                (
                    np.array([2 * weight.real, -2 * (weight * pole.conjugate()).real, 0.0]),
                    np.array([1.0, -2 * pole.real, abs(pole) ** 2]),
                )
            )
    return sections


@lru_cache(maxsize=8)
def _design(sfreq: float) -> tuple[tuple[tuple[Array, Array], ...], ...]:
    """Sections of the driver filter, the tonic filter and the two-pole response at ``sfreq`` Hz."""
    dt = 1.0 / sfreq
    noise = SENSOR_NOISE_US**2 * sfreq / 4.0  # the same noise power per Hz at every rate
    tonic = np.array([[-1 / TONIC_S, 1 / TONIC_S], [0.0, 0.0]])
    full = np.zeros((5, 5))
    full[:2, :2] = tonic
    full[2, 2], full[2, 4] = -1 / RISE_S, 1 / RISE_S
    full[3, 3], full[3, 2] = -1 / DECAY_S, 1 / DECAY_S
    full[4, 4] = -1 / DRIVER_S
    f, q = _discretise(full, np.diag([0, LEVEL_POWER, 0, 0, DRIVER_POWER]), dt)
    driver = _kalman_sections(f, q, np.array([1.0, 0, 0, 1.0, 0]), noise, np.array([0, 0, 0, 0, 1.0]))
    ft, qt = _discretise(tonic, np.diag([0.0, LEVEL_POWER]), dt)
    # What clipping leaves in y − p is not white; a thousandfold noise keeps it out of the tonic level.
    level = _kalman_sections(ft, qt, np.array([1.0, 0]), 1e3 * noise, np.array([1.0, 0]))
    er, ed = np.exp(-dt / RISE_S), np.exp(-dt / DECAY_S)
    response = (np.array([(1 - er) * (1 - ed), 0.0, 0.0]), np.array([1.0, -er - ed, er * ed]))
    return tuple(driver), tuple(level), (response,)


class Observer:
    """Follows one EDA channel at ``sfreq`` Hz (4–1000), one chunk after the other.

    Input must be finite (``artefacts`` holds the last good value through a fault). The first sample
    settles all filters, as if it had lasted for ever.
    """

    def __init__(self, sfreq: float) -> None:
        if not 4.0 <= sfreq <= 1000.0:
            raise ValueError(f"the observer works at 4–1000 Hz, not {sfreq} Hz")
        self.sfreq = sfreq
        self._driver, self._tonic, self._response = (_Parallel(list(part)) for part in _design(sfreq))
        self._settled = False

    def reset(self) -> None:
        """Forget everything; the next sample settles the filters anew."""
        self._settled = False

    def __call__(self, y: Array) -> Decomposition:
        """Decompose the next samples ``(n,)`` in µS."""
        if len(y) == 0:
            return Decomposition(y, y, y)
        if not self._settled:
            self._driver.settle(float(y[0]))
            self._tonic.settle(float(y[0]))
            self._response.settle(0.0)
            self._settled = True
        driver = np.maximum(self._driver(y), 0.0)
        phasic = self._response(driver)
        return Decomposition(self._tonic(y - phasic), phasic, driver)
