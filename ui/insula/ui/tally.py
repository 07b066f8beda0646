"""What happened in a session, counted as it happens: the terminal's live view and the summary rest on it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field

from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.protocols import Item
from insula.edge.types import AffectEstimate, AffectState, Marker, Modality


@dataclass(slots=True)
class ModalityTally:
    """Counts of one modality; ``newest`` is its last estimate."""

    newest: AffectEstimate
    measured: int = 0
    absent: Counter[str] = field(default_factory=Counter)


class Tally:
    """Thread-safe counts; give :meth:`take` to ``SensingLoop.subscribe``."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state: AffectState | None = None
        self.modalities: dict[Modality, ModalityTally] = {}
        self.streams: dict[str, StreamStats] = {}
        self._begun: dict[str, StreamStats] = {}
        self.nodes: dict[str, HealthEvent] = {}
        self.events: list[HealthEvent] = []
        self.markers = 0
        self.states = 0

    def take(self, item: Item) -> None:
        """Count one published item."""
        with self.lock:
            if isinstance(item, AffectState):
                self.state = item
                self.states += 1
            elif isinstance(item, AffectEstimate):
                tally = self.modalities.setdefault(item.modality, ModalityTally(item))
                tally.newest = item
                if item.measured:
                    tally.measured += 1
                else:
                    tally.absent[_kind(item.reason)] += 1
            elif isinstance(item, StreamStats):
                self.streams[item.stream] = item
                if item.age_s is not None:
                    self._begun.setdefault(item.stream, item)
            elif isinstance(item, HealthEvent):
                self.nodes[item.node] = item
                self.events.append(item)
            elif isinstance(item, Marker):
                self.markers += 1

    def mean_rate_hz(self, stream: str) -> float | None:
        """Samples a second over all that was heard of a stream, gaps included; ``None`` while too little."""
        with self.lock:
            first, last = self._begun.get(stream), self.streams.get(stream)
        if first is None or last is None or first.age_s is None or last.age_s is None:
            return None
        span = (last.t - last.age_s) - (first.t - first.age_s)
        return (last.samples - first.samples) / span if span > 0 else None

    @property
    def faults(self) -> list[HealthEvent]:
        """Every time a part stalled, was lost or failed."""
        bad = {NodeState.STALLED, NodeState.LOST, NodeState.FAILED}
        with self.lock:
            return [event for event in self.events if event.state in bad]


def _kind(reason: str) -> str:
    """A reason without its changing numbers, so that the same cause counts as one."""
    return re.sub(r"\d+([.,]\d+)?", "…", reason)
