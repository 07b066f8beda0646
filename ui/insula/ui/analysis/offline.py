"""The offline driver: recorded blocks through estimators and fusion, in one thread, on the recording's clock.

Nothing here looks at the time of day and nothing runs beside it: the order of every call follows from the
recording alone, so the same file, version and models give the same estimates to the last bit.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from insula.edge import registry
from insula.edge.accompany import accompany
from insula.edge.config import Part
from insula.edge.errors import DataError
from insula.edge.loop import Fusion
from insula.edge.protocols import Estimator, Item
from insula.edge.sensor_node import STALLED_AFTER_S
from insula.edge.stream import StreamReader
from insula.edge.stream_feed import StreamFeed
from insula.edge.types import AffectEstimate, Block, Marker
from insula.ui.analysis.source import Recording

Said = tuple[float, Item]
"""When on the recording's clock (s) something was said, and what."""

NO_SAMPLES = "no samples in the recording"
_REPEAT_S = 0.5
_STATS_S = 1.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Which estimators run and how estimates are fused; no estimators: all that fit a stream."""

    estimators: tuple[Part, ...] = ()
    fusion: Mapping[str, Any] = field(default_factory=dict)


class _Bound:
    """An estimator on its stream, called as the live loop calls it: on news, at most every ``period_s``."""

    def __init__(self, estimator: Estimator, reader: StreamReader, begin: float) -> None:
        self.estimator = estimator
        self.reader = reader
        self.due = self.heard = self.said = begin

    def news(self, t: float) -> AffectEstimate | None:
        """What the estimator says at ``t`` (s), after samples came."""
        self.heard = self.said = t
        if t < self.due:
            return None
        self.due = max(self.due + self.estimator.period_s, t)
        estimate = self.estimator.estimate(self.reader)
        return None if estimate is None else replace(estimate, simulated=self.reader.info.simulated)

    def silence(self, t: float) -> AffectEstimate | None:
        """What is said at ``t`` when no samples came for a while, and then every half second."""
        if t - self.heard <= STALLED_AFTER_S or t - self.said < _REPEAT_S:
            return None
        self.said = t
        info = self.reader.info
        return AffectEstimate(
            self.estimator.modality, info.name, t, 0.0, reason=NO_SAMPLES, simulated=info.simulated
        )

    def close(self) -> None:
        """Release models and reader."""
        self.estimator.close()
        self.reader.close()


class Offline:
    """One pass over one recording."""

    def __init__(self, recording: Recording, setting: Setting | None = None) -> None:
        """Load the models; raises ``DataError`` when no estimator fits any of the streams."""
        self.recording = recording
        setting = setting or Setting()
        self._fusion: Fusion = registry.factory("fusion", "late")(**setting.fusion)
        self._feeds = [StreamFeed(f.info, f.info.name, None, recording.begin) for f in recording.feeds]
        self._bound: dict[int, list[_Bound]] = {}
        try:
            self._bind(setting)
        except BaseException:
            self.close()
            raise

    def items(self) -> Iterator[Said]:
        """Every estimate, state, marker and stream count in the order of time; then all is released."""
        try:
            yield from self._run()
        finally:
            self.close()

    def close(self) -> None:
        """Release everything; may be called again."""
        for bound in self._all():
            bound.close()
        self._bound = {}
        for feed in self._feeds:
            feed.writer.close()

    # -- inside -------------------------------------------------------------------------------------------

    def _all(self) -> list[_Bound]:
        return [bound for there in self._bound.values() for bound in there]

    def _bind(self, setting: Setting) -> None:
        reasons = []
        for part in setting.estimators or [Part(n, n) for n in registry.names("estimators")]:
            estimator: Estimator = registry.factory("estimators", part.factory)(**part.options)
            for number, feed in enumerate(self._feeds):
                info = feed.writer.info
                if part.stream and info.name != part.stream:
                    continue
                if why_not := estimator.accepts(info):
                    reasons.append(why_not)
                    continue
                accompany(estimator, [other.writer for other in self._feeds if other is not feed])
                estimator.start(info)
                bound = _Bound(estimator, feed.writer.reader(), self.recording.begin)
                self._bound.setdefault(number, []).append(bound)
                break
        if not self._bound:
            raise DataError(f"{self.recording.path.name} has nothing to estimate from: {self._why(reasons)}")

    def _why(self, reasons: list[str]) -> str:
        """What kept streams of a fitting type out, else what there is."""
        near = [why for why in dict.fromkeys(reasons) if ", not " not in why and " carries " not in why]
        there = ", ".join(f"{feed.info.name} ({feed.info.type})" for feed in self.recording.feeds)
        return "; ".join(near) or f"it holds {there or 'no signal'}"

    def _run(self) -> Iterator[Said]:
        period = 1.0 / self._fusion.rate_hz
        ticks = 0
        next_stats = self.recording.begin + _STATS_S
        markers = list(self.recording.markers)
        for t, number, block in self._blocks():
            tick = self.recording.begin + ticks * period
            while tick < t:  # everything up to the tick was taken: the state is due
                yield from self._until(tick, markers)
                yield tick, self._fusion.state(tick)
                ticks += 1
                tick = self.recording.begin + ticks * period
            if t >= next_stats:
                next_stats = t + _STATS_S
                yield from self._stats(t)
            self._feeds[number].push(block, t)
            for bound in self._bound.get(number, ()):
                if (estimate := bound.news(t)) is not None:
                    yield t, self._take(estimate)
        yield from self._until(self.recording.end, markers)
        yield self.recording.end, self._fusion.state(self.recording.end)
        yield from self._stats(self.recording.end)

    def _until(self, t: float, markers: list[Marker]) -> Iterator[Said]:
        """Markers up to ``t``, and word of streams that have been silent."""
        while markers and markers[0].t <= t:
            yield t, markers.pop(0)
        for bound in self._all():
            if (estimate := bound.silence(t)) is not None:
                yield t, self._take(estimate)

    def _take(self, estimate: AffectEstimate) -> AffectEstimate:
        self._fusion.update(estimate)
        return estimate

    def _stats(self, t: float) -> Iterator[Said]:
        for feed in self._feeds:
            yield t, feed.stats(t)

    def _blocks(self) -> Iterator[tuple[float, int, Block]]:
        """All streams' blocks by the time of their last sample, equal times by the stream's number."""
        lines = [_timed(number, feed.blocks()) for number, feed in enumerate(self.recording.feeds)]
        return heapq.merge(*lines, key=lambda item: (item[0], item[1]))


def _timed(number: int, blocks: Iterator[Block]) -> Iterator[tuple[float, int, Block]]:
    newest = float("-inf")
    for block in blocks:
        if block.times is None or not len(block.times):
            continue
        newest = max(newest, float(block.times[-1]))
        yield newest, number, block
