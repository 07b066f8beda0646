"""Offers an estimator the streams beside its own."""

from __future__ import annotations

from collections.abc import Iterable

from insula.edge.protocols import Accompanied, Estimator
from insula.edge.stream import StreamWriter


def accompany(estimator: Estimator, beside: Iterable[StreamWriter]) -> None:
    """Offer a private reader on each of ``beside`` to an estimator that can use more than its own stream."""
    if not isinstance(estimator, Accompanied):
        return
    for writer in beside:
        reader = writer.reader()
        if not estimator.join(reader):
            reader.close()
