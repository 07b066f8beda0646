"""Histories: which speech of a person was heard before which clip.

A running baseline depends on the order in which clips are taken. Packs are sorted by label, so the rows'
own order would leak it; every order here is drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from insula.models.speech.features import FloatArray

Ints = npt.NDArray[np.int64]


def session_order(persons: Sequence[str], seed: int = 0) -> list[Ints]:
    """One random order of rows per person. A clip without a person is alone in its session."""
    order: dict[str, list[int]] = {}
    for row in np.random.default_rng(seed).permutation(len(persons)):
        order.setdefault(persons[row] or f"\0{row}", []).append(int(row))
    return [np.asarray(rows, np.int64) for rows in order.values()]


def random_histories(
    standard: FloatArray, persons: Sequence[str], labels: Ints, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """For every row a random history of its person: count (n, 1), total and squares (n, d).

    Each person's clips are put in random order, half of the time with whole classes early or late (nobody's
    history is balanced), and cut into up to six sessions, so that short histories and none are common.
    """
    count = np.zeros((len(standard), 1), np.float32)
    total, squares = np.zeros_like(standard), np.zeros_like(standard)
    for rows in session_order(persons, int(rng.integers(2**31))):
        if rng.random() < 0.5:
            early = 2 * rng.random(labels.max() + 1)
            rows = rows[np.argsort(early[labels[rows]] + rng.random(len(rows)))]
        for session in np.split(rows, np.sort(rng.integers(0, len(rows), rng.integers(0, 6)))):
            count[session], total[session], squares[session] = running_sums(standard[session])
    return count, total, squares


def running_sums(standard: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What was heard before each row of one session (n, d): count (n, 1), total and squares (n, d)."""
    square = standard**2
    count = np.arange(len(standard), dtype=np.float32)[:, None]
    return count, np.cumsum(standard, axis=0) - standard, np.cumsum(square, axis=0) - square
