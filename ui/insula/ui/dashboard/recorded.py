"""A session folder in memory, to be looked at: the live view of any of its moments (Qt-free)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from insula.edge import codec
from insula.edge.errors import DataError, SensorUnavailable
from insula.edge.health import HealthEvent
from insula.edge.protocols import Item
from insula.edge.session import SessionFolder
from insula.edge.sinks.video import VIDEO_FILE
from insula.edge.types import (
    MODALITIES,
    AffectEstimate,
    AffectState,
    Chunk,
    Contribution,
    Marker,
    Measure,
    VideoFrame,
)
from insula.sensors.recording import Track
from insula.sensors.recording_video import RecordedVideo
from insula.sensors.recording_xdf import read_xdf
from insula.ui.dashboard import clues, insight
from insula.ui.dashboard.presenter import LAG_S, health_event_line
from insula.ui.dashboard.series import FloatArray, Gap
from insula.ui.dashboard.signals import SHOWN, SignalTrack
from insula.ui.dashboard.tracks import FusedTrack, ModalityTrack
from insula.ui.dashboard.view import (
    Baseline,
    Happening,
    IndexLane,
    Lane,
    LiveView,
    Mark,
    Now,
    Session,
    SignalLane,
    VideoView,
)
from insula.ui.dashboard.words import Words

NOT_RECORDED = "not recorded"
"""Between two takes of a session."""
_MOMENT_S = 1e-3

STALE_S = 1.0
"""A state older than this does not speak of the moment looked at."""


class Recorded:
    """Everything a session folder holds, by time."""

    def __init__(self, folder: Path, words: Words | None = None) -> None:
        """Read the folder; raises ``DataError`` when it is no session or holds no estimates."""
        self.words = words or Words()
        files, self.about = SessionFolder.open(folder)
        takes = [_read_lines(take.estimates) for take in files.takes() if take.estimates.exists()]
        if not takes:
            raise DataError(
                f"{files.path} holds no {files.estimates.name}: 'insula analyze' estimates from it"
            )
        items = [item for take in takes for item in take]
        self.items: tuple[Item, ...] = tuple(items)
        """Every record of the session, in the order in which it was written."""
        self.states = [item for item in items if isinstance(item, AffectState)]
        estimates = [item for item in items if isinstance(item, AffectEstimate)]
        if not self.states and not estimates:
            raise DataError(
                f"{files.estimates} holds no state and no estimate: there is nothing to review "
                "until 'insula analyze' has made some"
            )
        spoken: list[AffectState | AffectEstimate] = [*self.states, *estimates]
        times = [item.t for item in spoken]
        self.begin: float = _origin(self.about, min(times))
        self.end: float = max(times)
        self._state_times = [state.t for state in self.states]
        self.baseline = _rest(self.states, items)
        self._by_modality = {m: [e for e in estimates if e.modality == m] for m in MODALITIES}
        self._times_of = {m: [e.t for e in said] for m, said in self._by_modality.items()}
        self._fused = FusedTrack(capacity=max(1, len(self.states)))
        self._tracks = {m: ModalityTrack(m, capacity=len(times) + 1) for m in MODALITIES}
        pauses = _pauses(takes)
        for item in sorted(spoken, key=lambda item: item.t):
            while pauses and pauses[0] < item.t:
                self._pause(pauses.pop(0))
            self._take(item)
        self.fused = self._fused.lane(-np.inf, "")
        self.lanes = tuple(t.lane(-np.inf, "") for t in self._tracks.values() if t.seen)
        self.indices = tuple(i for t in self._tracks.values() for i in t.index_lanes(-np.inf, ""))
        self.marks = tuple(Mark(item.t, item.text) for item in items if isinstance(item, Marker))
        self.events = _events(items, self.words)
        self.signals: tuple[SignalLane, ...] = ()
        """The raw signals; empty until ``load_signals`` has read them."""
        self.pictures: RecordedVideo | None = None
        """The camera's pictures, when they were recorded; ``load_signals`` finds them."""
        self._no_pictures = self.words("the video was not recorded")
        self._xdfs = [take.xdf for take in files.takes() if take.xdf.exists()]
        self.estimates = estimates
        self.session = Session(
            name=str(self.about.get("title") or folder.name), started=self.begin, folder=str(folder)
        )
        self.simulated = any(state.simulated for state in self.states)

    @property
    def length_s(self) -> float:
        """From the first to the last state or estimate."""
        return self.end - self.begin

    def view(self, t: float) -> LiveView:
        """Return what the live window showed at ``t``; the lanes reach over the whole session."""
        lanes = tuple(_cut_lane(lane, t) for lane in self.lanes)
        return LiveView(
            t=t,
            session=self.session,
            simulated=self.simulated,
            silence="",
            now=self._now(t),
            fused=_cut_lane(self.fused, t),
            modalities=lanes,
            indices=tuple(self._index(lane, t, lanes) for lane in self.indices),
            signals=tuple(_cut_signal(lane, t) for lane in self.signals),
            sensors=(),
            marks=self.marks,
            events=tuple(event for event in self.events if event.t <= t),
            video=self._video(t),
            baseline=self.baseline,
        )

    # -- inside --------------------------------------------------------------------------------------

    def _take(self, item: AffectState | AffectEstimate) -> None:
        if isinstance(item, AffectEstimate):
            self._tracks[item.modality].add(item)
            return
        self._fused.add(item)
        for contribution in item.contributions:
            self._tracks[contribution.modality].contribute(item.t, contribution)

    def _pause(self, t: float) -> None:
        """Nothing was recorded from ``t`` (s) to the next take."""
        self._fused.add(AffectState(t, reason=NOT_RECORDED))
        for modality in MODALITIES:
            if self._tracks[modality].seen:
                self._tracks[modality].contribute(t, Contribution(modality, False, NOT_RECORDED))

    def _now(self, t: float) -> Now:
        k = bisect_right(self._state_times, t) - 1
        if k < 0 or t - self._state_times[k] > STALE_S:
            return Now(None, None, None, (), self.words("nothing was recorded here"), None, True)
        state = self.states[k]
        native = state.va_source == "native"
        return Now(
            state.valence,
            state.arousal,
            state.expression,
            state.contributions,
            state.reason,
            state.age_newest_s,
            native,
            self._likely(state.t),
            state.disagreement,
            insight.why(state, self._newest(state.t), self.words.language),
            state.candidates,
        )

    def frame(self, t: float) -> VideoFrame | None:
        """Return the picture of the moment, the newest that was analysed as in the live window."""
        if self.pictures is None:
            return None
        estimate = self._analysed(t)
        return self.pictures.at(t if estimate is None else estimate.t)

    def _analysed(self, t: float) -> AffectEstimate | None:
        """Return the face's estimate shown at ``t``: none when the analysis was too far behind."""
        said, k = self._by_modality["face"], bisect_right(self._times_of["face"], t)
        return said[k - 1] if k and t - said[k - 1].t <= LAG_S and said[k - 1].sample >= 0 else None

    def _video(self, t: float) -> VideoView:
        if self.pictures is None:
            return VideoView(None, None, (), self._no_pictures, self.simulated)
        estimate = self._analysed(t)
        if estimate is None:
            return VideoView(self.pictures.stream, None, (), self.words("not analysed"), self.simulated)
        return VideoView(
            self.pictures.stream,
            estimate.sample,
            estimate.faces,
            estimate.reason,
            self.simulated,
            clues.units(estimate.clues),
            clues.pose(estimate.clues),
        )

    def _find_pictures(self, track: Track, offset: float) -> None:
        try:
            shifted = replace(track, times=track.times + offset)
            self.pictures = RecordedVideo.beside(shifted, self._xdfs)
        except SensorUnavailable as error:
            self._no_pictures = str(error)

    def _likely(self, t: float) -> insight.Likely | None:
        i, j = bisect_right(self._state_times, t - insight.LIKELY_S), bisect_right(self._state_times, t)
        return insight.likely([s.expression for s in self.states[i:j] if s.expression is not None])

    def _newest(self, t: float) -> list[AffectEstimate]:
        """Return each modality's estimate that was the newest at ``t``."""
        found = ((said, bisect_right(self._times_of[m], t)) for m, said in self._by_modality.items())
        return [said[k - 1] for said, k in found if k]

    def _index(self, lane: IndexLane, t: float, lanes: Sequence[Lane]) -> IndexLane:
        reason = next((cut.reason for cut in lanes if cut.key == lane.modality), "")
        k = int(np.searchsorted(lane.times, t, "right"))
        mean, sd = lane.rows[k - 1] if k else (np.nan, np.nan)
        now = Measure(float(mean), float(sd)) if not reason and np.isfinite(mean) else None
        return replace(lane, times=lane.times[:k], rows=lane.rows[:k], now=now, reason=reason)

    def load_signals(self) -> str:
        """Read the raw signals, which takes a while; return why there are none, "" when all is well."""
        if not self._xdfs:
            return self.words("the raw signals cannot be shown: {why}", why="session.xdf is missing")
        try:
            tracks = read_xdf(*self._xdfs, dejitter=False)
        except (SensorUnavailable, OSError) as error:
            return self.words("the raw signals cannot be shown: {why}", why=error)
        own = next((track.times for track in tracks if track.info.name == "insula.state"), None)
        offset = None if own is None else offset_between(np.array(self._state_times), own)
        if offset is None:
            return self.words("the raw signals cannot be shown: the file lacks the states to align them with")
        lanes = []
        for track in tracks:
            if track.info.type == VIDEO_FILE and self.pictures is None:
                self._find_pictures(track, offset)
            if track.info.type in SHOWN and len(track.times):
                signal = SignalTrack(track.info, keep_s=self.length_s + 60.0)
                signal.add(Chunk(track.data, track.times + offset, 0))
                for estimate in self.estimates:
                    if estimate.stream == track.info.name:
                        signal.judge(estimate)
                lanes.append(signal.whole())
        self.signals = tuple(sorted(lanes, key=lambda lane: {"EDA": 0, "EEG": 1}.get(lane.type, 2)))
        return ""


def _rest(states: Sequence[AffectState], items: Sequence[Item]) -> Baseline:
    rest = insight.Rest()
    told: list[AffectState | Marker] = [*states, *(item for item in items if isinstance(item, Marker))]
    for item in sorted(told, key=lambda item: item.t):
        if isinstance(item, Marker):
            rest.marker(item.t, item.text)
        else:
            rest.add(item)
    rest.end()
    return rest.baseline


def offset_between(known: FloatArray, relative: FloatArray) -> float | None:
    """Return what to add to ``relative`` times to make them the ``known`` ones, ``None`` if nothing does.

    The two records of one session may begin and end a few states apart.
    """
    n = min(len(known), len(relative), 50)
    if n == 0:
        return None
    for first in range(min(200, len(known))):
        for second in range(min(200 if first == 0 else 1, len(relative))):
            a, b = known[first : first + n], relative[second : second + n]
            m = min(len(a), len(b))
            offset = float(a[0] - b[0])
            if m >= max(1, n // 2) and np.abs(a[:m] - b[:m] - offset).max() < 5e-4:
                return offset
    return None


def _origin(about: Mapping[str, object], first: float) -> float:
    """Return when the session began: as it says itself, or with its first state or estimate."""
    told = about.get("clock_at_start")
    return float(told) if isinstance(told, int | float) and 0.0 <= first - told < 60.0 else first


def _read_lines(path: Path) -> list[Item]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    items: list[Item] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            items.append(codec.loads(line))
        except DataError as error:
            if number == len(lines):  # the last line of a session that was cut off
                break
            raise DataError(f"{path}, line {number}: {error}") from error
    return items


def _pauses(takes: Sequence[Sequence[Item]]) -> list[float]:
    """When each take but the last ended (s), a moment after what it said last."""
    ends = [
        max((i.t for i in take if isinstance(i, AffectState | AffectEstimate)), default=None)
        for take in takes
    ]
    return [end + _MOMENT_S for end in ends[:-1] if end is not None]


def _events(items: Sequence[Item], words: Words) -> tuple[Happening, ...]:
    found: list[Happening] = []
    states: dict[str, HealthEvent] = {}
    for item in items:
        if isinstance(item, Marker):
            found.append(Happening(item.t, "marker", item.text))
        elif isinstance(item, HealthEvent):
            line = health_event_line(states.get(item.node), item, words)
            states[item.node] = item
            if line is not None:
                found.append(line)
    return tuple(sorted(found, key=lambda event: event.t))


def _cut_lane(lane: Lane, t: float) -> Lane:
    k = int(np.searchsorted(lane.times, t, "right"))
    gaps = tuple(
        Gap(gap.t0, gap.t1 if gap.t1 is not None and gap.t1 <= t else None, gap.reason)
        for gap in lane.gaps
        if gap.t0 <= t
    )
    reason = gaps[-1].reason if gaps and gaps[-1].t1 is None else ""
    return Lane(lane.key, lane.times[:k], lane.rows[:k], gaps, reason)


def _cut_signal(lane: SignalLane, t: float) -> SignalLane:
    i, j = (int(k) for k in np.searchsorted(lane.times, (t - lane.span_s, t)))
    marks = tuple(mark for mark in lane.marks if t - lane.span_s < mark <= t)
    return replace(lane, times=lane.times[i:j], rows=lane.rows[i:j], marks=marks)
