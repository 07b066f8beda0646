"""LSL outlets: the fused state, each modality's estimates, markers and reasons, for any LSL program.

Time stamps are capture times on LSL's clock, not the times of sending: a receiver sees the age of what
it reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from insula.edge import lsl_network
from insula.edge.clock import Clock, now
from insula.edge.errors import SinkError
from insula.edge.protocols import Item
from insula.edge.reports import Rating
from insula.edge.sinks.rows import MARKERS, REASONS, STATE, Layout, Reasons, rating_row, rows
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, AffectState, Marker

try:
    import pylsl
except RuntimeError as error:  # pylsl is there, its shared library is not
    raise ImportError(f"{error}; on ARM install liblsl and name its file in PYLSL_LIB") from error


REPEAT_S = 5.0
"""What is not measured is told again this often: LSL keeps nothing for a receiver that comes later."""


class LslSink:
    """Sink that offers ``insula.state``, ``insula.<modality>``, ``insula.markers`` and ``insula.reasons``.

    ``source_id`` lets a receiver find the streams again after a restart; two sessions on one network need
    two of them. A modality's outlet appears with its first estimate. ``signals`` offers the body's signals
    too (EEG, EDA and the like, never sound or pictures), under their own names.
    """

    def __init__(self, *, source_id: str = "insula", signals: bool = False, clock: Clock = now) -> None:
        self._source_id = source_id
        self._with_signals = signals
        self._signals: dict[str, StreamReader] = {}
        self._clock = clock
        self._outlets: dict[str, Any] = {}
        self._reasons = Reasons()
        self._offset_s = self._repeated = 0.0
        self._simulated = False

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Offer the state and the markers; raises ``SinkError`` when liblsl refuses."""
        lsl_network.keep_local()
        self._offset_s = clock_offset(self._clock)
        self._repeated = self._clock()
        self._simulated = any(reader.info.simulated for reader in streams.values())
        self._offer(STATE, pylsl.cf_double64)
        self._offer(MARKERS, pylsl.cf_string)
        self._offer(REASONS, pylsl.cf_string)
        if self._with_signals:
            self._offer_signals(streams)

    def put(self, item: Item) -> None:
        """Send a state, an estimate or a marker."""
        if isinstance(item, AffectState | AffectEstimate):
            for row in rows(item):
                if row.layout.name not in self._outlets:
                    self._offer(row.layout, pylsl.cf_double64, _about(item))
                self._push(row.layout.name, row.values, row.t)
            for news in self._reasons.news(item):
                self._push(REASONS.name, news, item.t)
        elif isinstance(item, Marker):
            self._push(MARKERS.name, (item.text,), item.t)
        elif isinstance(item, Rating):  # answers are private: they stay in the file
            row = rating_row(item)
            if row.layout.name not in self._outlets:
                self._offer(row.layout, pylsl.cf_double64, {"annotator": item.annotator, "role": item.role})
            self._push(row.layout.name, row.values, row.t)

    def poll(self) -> None:
        """Send the signals' new samples; the rest goes out as it is put: liblsl has threads of its own."""
        for name, reader in self._signals.items():
            for chunk in reader.read_new():
                rows = np.ascontiguousarray(chunk.data, np.float32)
                self._outlets[name].push_chunk(rows, (chunk.times + self._offset_s).tolist())
        if self._outlets and self._clock() - self._repeated >= REPEAT_S:
            self._repeated = self._clock()
            for told in self._reasons.standing():
                self._push(REASONS.name, told, self._repeated)

    def close(self) -> None:
        """Withdraw the outlets; safe to call again."""
        self._outlets.clear()
        self._signals.clear()

    def _offer_signals(self, streams: Mapping[str, StreamReader]) -> None:
        for name, reader in streams.items():
            info = reader.info
            if info.is_video or info.type.casefold() == "audio" or info.dtype.startswith("S"):
                continue
            layout = Layout(name, info.type, info.ch_names, info.units, info.sfreq)
            about = {"simulated": str(info.simulated).lower(), "not_measured": "NaN"}
            self._offer(layout, pylsl.cf_float32, about, owner=f"{self._source_id}:signal")
            self._signals[name] = reader

    def _push(self, name: str, values: Sequence[float | str], t: float) -> None:
        if name not in self._outlets:
            raise SinkError("the LSL outlets are not open")
        # pylsl refuses a text that UTF-8 cannot spell; a marker typed as one must not end the sink.
        sample = [v.encode("utf-8", "replace") if isinstance(v, str) else v for v in values]
        self._outlets[name].push_sample(sample, t + self._offset_s)

    def _offer(
        self, layout: Layout, channel_format: int, about: Mapping[str, str] | None = None, owner: str = ""
    ) -> None:
        source_id = f"{owner or self._source_id}:{layout.name}"
        info = pylsl.StreamInfo(
            layout.name, layout.type, len(layout.labels), layout.sfreq, channel_format, source_id
        )
        description = info.desc()
        why = "not rated" if layout.type == "Rating" else f"the reason is in {REASONS.name}"
        facts = {
            "manufacturer": f"insula {version('insula')}",
            "simulated": str(self._simulated).lower(),
            "not_measured": f"NaN; {why}",
            **(about or {}),
        }
        for key, value in facts.items():
            description.append_child_value(key, value)
        channels = description.append_child("channels")
        for label, unit in zip(layout.labels, layout.units, strict=True):
            channel = channels.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("unit", unit)
            channel.append_child_value("type", layout.type)
        synchronization = description.append_child("synchronization")
        synchronization.append_child_value("can_drop_samples", "true")
        try:
            with lsl_network.confined():
                self._outlets[layout.name] = pylsl.StreamOutlet(info)
        except RuntimeError as error:
            raise SinkError(f"the LSL outlet {layout.name} cannot be opened: {error}") from error


def clock_offset(clock: Clock = now) -> float:
    """LSL's clock minus ``clock`` in s, 0 when the difference is smaller than what can be measured."""
    best_gap, best_offset = float("inf"), 0.0
    for _ in range(20):  # the tightest of several readings: the others were interrupted
        before, lsl, after = clock(), pylsl.local_clock(), clock()
        if after - before < best_gap:
            best_gap, best_offset = after - before, lsl - (before + after) / 2
    return best_offset if abs(best_offset) > best_gap / 2 else 0.0


def _about(item: AffectState | AffectEstimate) -> dict[str, str]:
    if isinstance(item, AffectState):
        return {}
    return {"model": item.model, "stream": item.stream, "va_source": item.va_source or ""}
