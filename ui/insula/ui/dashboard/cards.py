"""The light of each sensor: state, quality, rate, age and the reason in words (Qt-free)."""

from __future__ import annotations

from insula.edge.health import HealthEvent, NodeState, StreamStats, troubles
from insula.edge.types import StreamInfo
from insula.ui.dashboard.series import RateMeter
from insula.ui.dashboard.signals import MODALITY_OF
from insula.ui.dashboard.view import Light, SensorCard
from insula.ui.dashboard.words import Words

WEAK_QUALITY = 0.4
STALL_S = 1.0

_LIGHTS = {
    NodeState.STARTING: Light.STARTING,
    NodeState.STALLED: Light.STALLED,
    NodeState.LOST: Light.LOST,
    NodeState.FAILED: Light.LOST,
    NodeState.STOPPED: Light.STOPPED,
}


class StreamCard:
    """What is known about one stream; the engine's word counts before the dashboard's own eyes."""

    def __init__(self, info: StreamInfo, words: Words) -> None:
        self.info = info
        self.sensor = info.name
        self.stats: StreamStats | None = None
        self.last_t: float | None = None
        self._words = words
        self._meter = RateMeter()

    def seen(self, now: float, pushed: int, last_t: float | None) -> None:
        """Note the sample count at ``now`` and the newest time stamp, ``None`` when nothing came."""
        self._meter.update(now, pushed)
        if last_t is not None:
            self.last_t = last_t

    def card(
        self, now: float, health: HealthEvent | None, quality: float | None, complaint: str, silence: str
    ) -> SensorCard:
        """Return the card; ``complaint`` is why the stream's modality is not measured, or ""."""
        age = now - self.last_t if self.last_t is not None else None
        light, reason = self._judge(age, health, quality, complaint)
        if silence:
            light, reason = Light.LOST, silence
        return SensorCard(
            stream=self.info.name,
            type=self.info.type,
            modality=MODALITY_OF.get(self.info.type, ""),
            light=light,
            reason=reason,
            quality=quality if light in (Light.GOOD, Light.WEAK) else None,
            rate_hz=self.stats.rate_hz if self.stats else self._meter.hz,
            nominal_hz=self.info.sfreq,
            age_s=age,
            simulated=self.info.simulated,
            jitter_s=self.stats.jitter_s if self.stats else None,
            drift_ppm=self.stats.drift_ppm if self.stats else None,
            trouble=self._trouble(),
        )

    def _trouble(self) -> str:
        """Return the worst of what is or was wrong with the stream, in the window's language."""
        found = troubles(self.stats) if self.stats is not None else ()
        if not found or self.stats is None:
            return ""
        s, words, kind = self.stats, self._words, found[0].kind
        return {
            "nans": words("{n} samples are not finite", n=s.nans),
            "rails": words("{n} samples at the end of the range", n=s.rails),
            "gaps": words("{n} gaps", n=s.gaps),
            "backwards": words("{n} samples out of order", n=s.backwards),
            "rate": words("its rate is off by {p:.1%}", p=abs(s.rate_off or 0.0)),
            "drift": words("its clock is off by {ppm:.0f} ppm", ppm=abs(s.drift_ppm or 0.0)),
            "jitter": words("blocks come unevenly, by {ms:.0f} ms", ms=(s.jitter_s or 0.0) * 1000),
            "bursts": words("{n} bursts", n=s.bursts),
        }[kind]

    def _judge(
        self, age: float | None, health: HealthEvent | None, quality: float | None, complaint: str
    ) -> tuple[Light, str]:
        if health is not None and health.state in _LIGHTS:
            return _LIGHTS[health.state], health.reason or self._words(_LIGHTS[health.state])
        if age is None:
            return Light.STARTING, self._words("waiting for the first samples")
        if age > STALL_S:
            return Light.STALLED, self._words("nothing for {s:.0f} s", s=age)
        if complaint:
            return Light.ABSENT, complaint
        if quality is not None and quality < WEAK_QUALITY:
            return Light.WEAK, self._words("weak signal, quality {q:.0%}", q=quality)
        return Light.GOOD, ""
