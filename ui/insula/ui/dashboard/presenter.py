"""The model behind the live window: takes records and samples in, says what is to be shown (Qt-free).

It is fed by a ``Source`` and asked by the window. Time comes from outside. The rule it guards: a value is
shown only while it is true *now*; what is old, lost or silent becomes "not measured" with its reason.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace

from insula.edge.clock import Clock
from insula.edge.explanation import Explanation
from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.protocols import Item
from insula.edge.types import (
    MODALITIES,
    AffectEstimate,
    AffectState,
    Chunk,
    Face,
    Marker,
    StreamInfo,
)
from insula.ui.dashboard import clues
from insula.ui.dashboard.cards import StreamCard
from insula.ui.dashboard.insight import Explainer, Rest, Steadiness
from insula.ui.dashboard.signals import MODALITY_OF, SHOWN, SignalTrack
from insula.ui.dashboard.tracks import FusedTrack, ModalityTrack
from insula.ui.dashboard.view import (
    Happening,
    LiveView,
    Mark,
    Now,
    Pose,
    SensorCard,
    Session,
    SignalLane,
    Unit,
    VideoView,
)
from insula.ui.dashboard.words import Words

Record = Item | StreamInfo | Session
"""What a source hands over besides samples."""

SPAN_S = 60.0
"""Seconds on the traces."""

SILENCE_S = 2.0
"""Without any news from the engine for this long, nothing on the window may look alive."""

LAG_S = 0.35
"""The picture waits this long for its analysis; after that the live frame is shown without an overlay."""

ENGINE = "insula"
"""Source of the markers by which the engine itself complains."""

Overlay = tuple[tuple[Face, ...], tuple[Unit, ...], Pose | None]
"""What was found on one frame."""

_DOWN = (NodeState.STALLED, NodeState.LOST, NodeState.FAILED)


class Presenter:
    """What the dashboard knows about a running session."""

    def __init__(self, clock: Clock, words: Words | None = None) -> None:
        self.clock = clock
        self.words = words or Words()
        self.session = Session()
        self.no_camera = "no camera in this session"
        """Why there is no picture when no stream carries one."""
        self._heard: float | None = None
        self._fused = FusedTrack()
        self._tracks: dict[str, ModalityTrack] = {m: ModalityTrack(m) for m in MODALITIES}
        self._signals: dict[str, SignalTrack] = {}
        self._cards: dict[str, StreamCard] = {}
        self._health: dict[str, HealthEvent] = {}
        self._marks: deque[Mark] = deque(maxlen=200)
        self._events: deque[Happening] = deque(maxlen=100)
        self._overlays: OrderedDict[int, Overlay] = OrderedDict()
        self._steadiness, self._rest = Steadiness(), Rest()
        self._explainer = Explainer(self.words.language)
        self._analysed: tuple[str, int, float] | None = None

    def take(self, record: Record) -> None:
        """Take one record of the feed."""
        self._heard = self.clock()
        if isinstance(record, AffectState):
            self._take_state(record)
        elif isinstance(record, AffectEstimate):
            self._take_estimate(record)
        elif isinstance(record, Marker):
            self._marks.append(Mark(record.t, record.text))
            self._rest.marker(record.t, record.text)
            kind = "bad" if record.source == ENGINE else "marker"
            self._events.append(Happening(record.t, kind, record.text))
        elif isinstance(record, Explanation):
            self._explainer.take(record)
        elif isinstance(record, HealthEvent):
            self._take_health(record)
        elif isinstance(record, StreamStats):
            self._take_stats(record)
        elif isinstance(record, StreamInfo):
            self.add_stream(record)
        elif isinstance(record, Session):
            self.session = record

    def add_stream(self, info: StreamInfo, *, drawn: bool = True) -> None:
        """Make a stream known; the same stream again changes nothing. ``drawn``: its samples come too."""
        known = self._cards.get(info.name)
        if known is not None and known.info == info:
            return
        self._cards[info.name] = StreamCard(info, self.words)
        if drawn and info.type in SHOWN:
            self._signals[info.name] = SignalTrack(info)

    def take_chunk(self, stream: str, chunk: Chunk) -> None:
        """Take new samples of a stream that was made known before."""
        if stream in self._signals:
            self._signals[stream].add(chunk)
        elif chunk.data.dtype.kind == "S":  # markers of a stimulus computer, as LSL carries them
            for t, row in zip(chunk.times, chunk.data, strict=True):
                text = bytes(row[0]).decode("utf-8", "replace")
                self._marks.append(Mark(float(t), text))
                self._events.append(Happening(float(t), "marker", f"{stream}: {text}"))

    def stream_seen(self, stream: str, pushed: int, last_t: float | None) -> None:
        """Note how far a stream has come: its sample or frame count and its newest time stamp (s)."""
        self._cards[stream].seen(self.clock(), pushed, last_t)

    def end(self) -> None:
        """Note that the engine has closed the feed."""
        self.session = replace(self.session, ended=True)

    def view(self) -> LiveView:
        """Say what is to be shown now."""
        now = self.clock()
        t0 = now - SPAN_S
        silence = self._silence(now)
        lanes = tuple(t.lane(t0, silence) for t in self._tracks.values() if t.seen)
        indices = [lane for t in self._tracks.values() for lane in t.index_lanes(t0, silence)]
        return LiveView(
            t=now,
            session=self.session,
            simulated=any(card.info.simulated for card in self._cards.values()),
            silence=silence,
            now=self._now(now, silence),
            fused=self._fused.lane(t0, silence),
            modalities=lanes,
            indices=tuple(indices),
            signals=tuple(self._signal(s, now, silence) for s in self._ordered_signals()),
            sensors=tuple(self._card(card, now, silence) for card in self._ordered_cards()),
            marks=tuple(mark for mark in self._marks if mark.t > t0),
            events=tuple(self._events),
            video=self._video(now, silence),
            baseline=self._rest.baseline,
        )

    def faces(self, index: int) -> tuple[Face, ...]:
        """Return the faces found on frame ``index``, none when it was not analysed."""
        found = self._overlays.get(index)
        return found[0] if found else ()

    # -- taking in ---------------------------------------------------------------------------------

    def _take_state(self, state: AffectState) -> None:
        self._fused.add(state)
        self._steadiness.add(state)
        self._rest.add(state)
        for contribution in state.contributions:
            self._tracks[contribution.modality].contribute(state.t, contribution)

    def _take_estimate(self, estimate: AffectEstimate) -> None:
        self._tracks[estimate.modality].add(estimate)
        if estimate.modality == "face" and estimate.sample >= 0:
            self._overlays[estimate.sample] = (
                estimate.faces,
                clues.units(estimate.clues),
                clues.pose(estimate.clues),
            )
            self._analysed = (estimate.stream, estimate.sample, estimate.t)
            while len(self._overlays) > 120:
                self._overlays.popitem(last=False)
        signal = self._signals.get(estimate.stream)
        if signal is not None:
            signal.judge(estimate)

    def _take_health(self, event: HealthEvent) -> None:
        before = self._health.get(event.node)
        self._health[event.node] = event
        line = health_event_line(before, event, self.words)
        if line is not None:
            self._events.append(line)

    def _take_stats(self, stats: StreamStats) -> None:
        card = self._cards.get(stats.stream)
        if card is not None:
            card.stats, card.sensor = stats, stats.sensor

    # -- showing -----------------------------------------------------------------------------------

    def _silence(self, now: float) -> str:
        if self.session.ended:
            return self.words("the session has ended")
        if self._heard is None or now - self._heard <= SILENCE_S:
            return ""
        return self.words("no news from the engine for {s:.0f} s", s=now - self._heard)

    def _now(self, now: float, silence: str) -> Now:
        state = self._fused.latest
        if state is None:
            return Now(
                None, None, None, (), silence or self.words("waiting for the first estimate"), None, True
            )
        if silence:
            return Now(None, None, None, (), silence, None, True)
        age = None if state.age_newest_s is None else state.age_newest_s + max(0.0, now - state.t)
        return Now(
            state.valence,
            state.arousal,
            state.expression,
            state.contributions,
            state.reason,
            age,
            state.va_source == "native",
            self._steadiness.likely(),
            state.disagreement,
            self._explainer.text(state, [t.latest for t in self._tracks.values() if t.latest]),
            state.candidates,
        )

    def _ordered_signals(self) -> list[SignalTrack]:
        order = {"EDA": 0, "GSR": 0, "EEG": 1, "Audio": 2}
        return sorted(self._signals.values(), key=lambda track: order.get(track.info.type, 3))

    def _ordered_cards(self) -> list[StreamCard]:
        order: dict[str, int] = {modality: k for k, modality in enumerate(MODALITIES)}
        return sorted(self._cards.values(), key=lambda c: order.get(MODALITY_OF.get(c.info.type, ""), 9))

    def _signal(self, track: SignalTrack, now: float, silence: str) -> SignalLane:
        card = self._card(self._cards[track.info.name], now, silence)
        return track.lane(now, card.reason if card.light in ("stalled", "lost", "stopped") else "")

    def _card(self, card: StreamCard, now: float, silence: str) -> SensorCard:
        track = self._tracks.get(MODALITY_OF.get(card.info.type, ""))
        latest = track.latest if track is not None else None
        mine = latest is not None and latest.stream == card.info.name
        quality = latest.quality if latest is not None and mine else None
        complaint = latest.reason if latest is not None and mine and not latest.measured else ""
        health = self._health.get(card.info.name) or self._health.get(card.sensor)
        return card.card(now, health, quality, complaint, silence)

    def _video(self, now: float, silence: str) -> VideoView:
        info = next((c.info for c in self._cards.values() if c.info.is_video), None)
        if info is None:
            return VideoView(None, None, (), self.words(self.no_camera), False)
        card = self._card(self._cards[info.name], now, silence)
        if card.light in ("lost", "stalled", "stopped"):
            return VideoView(info.name, None, (), card.reason, info.simulated)
        if self._analysed and self._analysed[0] == info.name and now - self._analysed[2] <= LAG_S:
            index = self._analysed[1]
            faces, units, pose = self._overlays[index]
            reason = self._tracks["face"].reason("")
            return VideoView(info.name, index, faces, reason, info.simulated, units, pose)
        reason = self._tracks["face"].reason("")
        return VideoView(info.name, None, (), reason or self.words("not analysed"), info.simulated)


def health_event_line(before: HealthEvent | None, event: HealthEvent, words: Words) -> Happening | None:
    """Return the log's line for a change of health, ``None`` when it is not worth one."""
    if before is not None and before.state is event.state:
        if event.kind == "machine":
            return Happening(event.t, "plain", words(event.reason))
        if event.kind != "estimator" or event.state is not NodeState.RUNNING:
            return None
        if event.reason:  # slowed, say
            return Happening(event.t, "bad", f"{event.node}: {words(event.reason)}")
        return Happening(event.t, "good", words("{name} runs at full rate again", name=event.node))
    if event.state in _DOWN:
        text = f"{event.node} {words(event.state)}" + (f": {words(event.reason)}" if event.reason else "")
        return Happening(event.t, "bad", text)
    if event.state is NodeState.RUNNING and before is not None and before.state in _DOWN:
        return Happening(event.t, "good", words("{name} is back", name=event.node))
    return None
