"""What a state is worth: why it is so, where the person is at rest, how steady an expression is (Qt-free)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from insula.edge.explanation import Explanation
from insula.edge.types import AffectEstimate, AffectState, Measure
from insula.models.explain import LANGUAGES, explain, sentence
from insula.ui.dashboard.view import Baseline

LIKELY_S = 5.0
"""The interval of an expression's bar is over so many seconds."""

TOLD_S = 1.0
"""A sentence stands still this long: one that changes faster cannot be read."""

HEARD_S = 1.5
"""The session explains itself twice a second; an older sentence is not of this state."""

REST_BEGINS, REST_ENDS = "baseline begin", "baseline end"
"""Markers between which the person is at rest."""

LEAST_REST = 20
"""Fewer measured states make no baseline."""


def why(state: AffectState, estimates: Iterable[AffectEstimate], language: str) -> str:
    """Explain a state in one sentence; "" while nothing is measured, which is said elsewhere."""
    if not state.measured:
        return ""
    return sentence(explain(state, estimates), language if language in LANGUAGES else "en")


class Explainer:
    """The sentence on the newest state, renewed once in ``TOLD_S`` s and when something comes or goes."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._told: tuple[float, tuple[object, ...]] | None = None
        self._text = ""
        self._heard: Explanation | None = None

    def take(self, explanation: Explanation) -> None:
        """Take what the session itself says; while it does, nothing is computed here."""
        self._heard = explanation

    def text(self, state: AffectState, estimates: Iterable[AffectEstimate]) -> str:
        """Return the sentence, the session's own where it is fresh."""
        if self._heard is not None and abs(state.t - self._heard.t) < HEARD_S and state.measured:
            return self._heard.german if self._language == "de" else self._heard.english
        parts = tuple((c.modality, c.measured) for c in state.contributions)
        if self._told is None or parts != self._told[1] or not 0 <= state.t - self._told[0] < TOLD_S:
            self._told, self._text = (state.t, parts), why(state, estimates, self._language)
        return self._text


Likely = tuple[tuple[float, float], ...]
"""Lowest and highest usual probability of each expression."""


def likely(rows: Sequence[tuple[float, ...]]) -> Likely | None:
    """Return between which probabilities each expression lay nine tenths of the time.

    ``rows`` are log-probabilities; fewer than ten say nothing.
    """
    if len(rows) < 10:
        return None
    low, high = np.quantile(np.exp(np.array(rows)), (0.05, 0.95), axis=0)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


class Steadiness:
    """Follows the last ``LIKELY_S`` s of the expression; its answer is renewed four times a second."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, tuple[float, ...]]] = deque(maxlen=400)
        self._likely: Likely | None = None
        self._found_t = -math.inf

    def add(self, state: AffectState) -> None:
        """Take the next state."""
        if state.expression is not None:
            self._rows.append((state.t, state.expression))
        while self._rows and state.t - self._rows[0][0] > LIKELY_S:
            self._rows.popleft()
        if state.t - self._found_t >= 0.25:
            self._found_t, self._likely = state.t, likely([row for _, row in self._rows])

    def likely(self) -> Likely | None:
        """Return the interval of each expression, ``None`` before there are ten states."""
        return self._likely


class Rest:
    """Mean and spread of the fused state while the person was at rest, from one marker to the other."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._rows: list[tuple[float, float]] = []
        self._found = Baseline(None, None)

    @property
    def baseline(self) -> Baseline:
        """The baseline measured last."""
        return Baseline(self._found.valence, self._found.arousal, self._since)

    def begin(self, t: float) -> None:
        """The person is at rest from ``t`` (s) on; what was known is measured anew."""
        self._since, self._rows = t, []

    def end(self) -> None:
        """The rest is over."""
        if self._since is not None and len(self._rows) >= LEAST_REST:
            axes = np.array(self._rows).T
            valence, arousal = (Measure(float(a.mean()), float(a.std())) for a in axes)
            self._found = Baseline(valence, arousal)
        self._since = None

    def add(self, state: AffectState) -> None:
        """Take the next state."""
        if self._since is None or state.t < self._since or not (state.valence and state.arousal):
            return
        self._rows.append((state.valence.mean, state.arousal.mean))

    def marker(self, t: float, text: str) -> None:
        """Take a marker, of which two matter."""
        if text == REST_BEGINS:
            self.begin(t)
        elif text == REST_ENDS:
            self.end()
