"""A session of another machine, watched over LSL: state, estimates, markers and body signals (Qt-free).

A thread of its own finds the outlets, reads them and puts what comes into a bounded queue: a slow network
never holds up the window. Pictures and sound do not travel this way, and commands neither.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from insula.edge.errors import RingError
from insula.edge.sinks import row_reader
from insula.edge.sinks.rows import ESTIMATES, MARKERS, REASONS, STATE
from insula.edge.types import Chunk, Marker, Modality, StreamInfo, VaSource, VideoFrame
from insula.sensors.lsl_inlet import load_pylsl
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.presenter import Presenter, Record
from insula.ui.dashboard.view import Session, VideoView

PERIOD_S = 0.02
RESOLVE_S = 1.0
DESCRIBE_S = 3.0
MOST = 4096
"""News the window has not taken yet; beyond this the oldest are dropped."""

TYPES: dict[str, str] = {"face": "Video", "voice": "Audio", "eda": "EDA", "eeg": "EEG"}
_MODALITIES: dict[str, Modality] = {layout.name: modality for modality, layout in ESTIMATES.items()}
_FIRST = (REASONS.name,)  # before the rows they explain


@dataclass(slots=True)
class _Inlet:
    """One outlet of the session, opened."""

    name: str
    kind: Literal["row", "text", "signal"]
    labels: tuple[str, ...]
    about: dict[str, str]
    info: StreamInfo
    pull: Any
    pulled: int = 0


News = Record | tuple[str, Chunk] | tuple[str, int, float]
"""A record, samples of a stream, or how far a stream has come."""


class LslSource:
    """Reads the outlets of the session whose LSL sink has ``source_id``; the first one found when empty."""

    takes_commands = False

    def __init__(self, source_id: str = "") -> None:
        """Begin to look for outlets; raises ``SensorUnavailable`` without liblsl."""
        self._lsl = load_pylsl()
        self._wanted = source_id
        self._news: deque[News] = deque(maxlen=MOST)
        self._inlets: dict[str, _Inlet] = {}
        self._reasons: dict[str, str] = {}
        self._session: Session | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def poll(self, presenter: Presenter) -> None:
        """Hand over what came."""
        presenter.no_camera = "pictures do not travel over LSL"
        inlets = tuple(self._inlets.values())
        signals = {inlet.info.name: inlet for inlet in inlets if inlet.kind == "signal"}
        for inlet in inlets:
            if inlet.kind == "signal" or (inlet.name in _MODALITIES and inlet.info.name not in signals):
                presenter.add_stream(inlet.info, drawn=inlet.kind == "signal")
        if self._session is not None and presenter.session.name != self._session.name:
            presenter.take(self._session)
        for _ in range(len(self._news)):
            news = self._news.popleft()
            if isinstance(news, tuple) and len(news) == 2:
                presenter.take_chunk(*news)
            elif isinstance(news, tuple):
                presenter.stream_seen(*news)
            else:
                presenter.take(news)

    def frame(self, video: VideoView) -> VideoFrame | None:
        """No pictures come this way."""
        return None

    def send(self, command: Command) -> None:
        """Refuse: the session's own machine commands it."""
        raise RingError("this window only watches: give commands at the machine that runs the session")

    def close(self) -> None:
        """Close every inlet."""
        self._end.set()
        self._thread.join(2 * DESCRIBE_S)

    # -- the thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        resolver = self._lsl.ContinuousResolver(pred="contains(source_id,':')")
        waited = RESOLVE_S
        while not self._end.wait(PERIOD_S):
            waited += PERIOD_S
            if waited >= RESOLVE_S:
                waited = 0.0
                self._find(resolver.results())
            for inlet in sorted(self._inlets.values(), key=lambda i: i.name not in _FIRST):
                self._read(inlet)
        for inlet in self._inlets.values():
            inlet.pull.close_stream()

    def _find(self, found: list[Any]) -> None:
        for info in found:
            owner, _, rest = info.source_id().partition(":")
            ours = (rest == info.name() and rest.startswith("insula.")) or rest == f"signal:{info.name()}"
            if not ours or (self._wanted and owner != self._wanted):
                continue
            self._wanted = owner  # of two sessions on the network, the one that was found first
            if rest not in self._inlets:
                self._open(rest, info)

    def _open(self, key: str, found: Any) -> None:
        pull = self._lsl.StreamInlet(
            found, max_buflen=10, recover=True, processing_flags=self._lsl.proc_clocksync
        )
        try:
            described = pull.info(DESCRIBE_S)
            pull.open_stream(DESCRIBE_S)
        except Exception:
            pull.close_stream()
            return
        name, about = found.name(), _about(described)
        labels, units = _channels(described)
        signal = key.startswith("signal:")
        text = found.channel_format() == self._lsl.cf_string
        stream = name if signal else about.get("stream") or name
        info = StreamInfo(
            stream,
            found.type() if signal else TYPES.get(_MODALITIES.get(name, ""), found.type()),
            found.nominal_srate(),
            labels,
            units,
            sensor_id=found.source_id(),
            simulated=about.get("simulated") == "true",
        )
        kind: Literal["row", "text", "signal"] = "signal" if signal else "text" if text else "row"
        self._inlets[key] = _Inlet(name, kind, labels, about, info, pull)
        if name == STATE.name:
            self._session = Session(name=f"{found.hostname()} (LSL)")

    def _read(self, inlet: _Inlet) -> None:
        samples, times = inlet.pull.pull_chunk(timeout=0.0, max_samples=1024)
        if not times:
            return
        if inlet.kind == "signal":
            chunk = Chunk(np.asarray(samples, np.float32), np.asarray(times, np.float64), inlet.pulled)
            self._news.append((inlet.info.name, chunk))
        else:
            for sample, t in zip(samples, times, strict=True):
                self._take(inlet, sample, t)
        inlet.pulled += len(times)
        if inlet.kind == "signal" or inlet.name in _MODALITIES:
            self._news.append((inlet.info.name, inlet.pulled, float(times[-1])))

    def _take(self, inlet: _Inlet, sample: list[Any], t: float) -> None:
        if inlet.name == REASONS.name:
            node, reason = sample
            self._reasons[node] = reason
        elif inlet.name == MARKERS.name:
            self._news.append(Marker(t, sample[0]))
        elif inlet.kind == "row":
            row = dict(zip(inlet.labels, map(float, sample), strict=True))
            if inlet.name == STATE.name:
                self._news.append(row_reader.state(row, t, self._reasons))
            elif inlet.name in _MODALITIES:
                self._news.append(self._estimate(inlet, _MODALITIES[inlet.name], row, t))

    def _estimate(self, inlet: _Inlet, modality: Modality, row: dict[str, float], t: float) -> Record:
        source = inlet.about.get("va_source")
        return row_reader.estimate(
            modality,
            row,
            t,
            self._reasons.get(modality, ""),
            stream=inlet.info.name,
            model=inlet.about.get("model", ""),
            va_source=cast(VaSource, source) if source in ("native", "mapped") else None,
        )


def _about(info: Any) -> dict[str, str]:
    return {key: info.desc().child_value(key) for key in ("simulated", "stream", "model", "va_source")}


def _channels(info: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    labels, units, channel = [], [], info.desc().child("channels").child("channel")
    while not channel.empty():
        labels.append(channel.child_value("label"))
        units.append(channel.child_value("unit"))
        channel = channel.next_sibling("channel")
    if len(labels) != info.channel_count():
        labels = [str(k + 1) for k in range(info.channel_count())]
        units = [""] * len(labels)
    return tuple(labels), tuple(units)
