"""Any LSL stream to the letter, for the recording alone: its whole description, raw stamps, clock offsets.

An :class:`~insula.sensors.lsl_inlet.LslInlet` makes a stream fit for estimators; this keeps it as it is, as
LabRecorder does, so that a reader of the file can synchronise it by the offsets measured meanwhile.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorUnavailable
from insula.edge.sinks.xdf_taps import Samples
from insula.edge.xdf.header import XdfStream
from insula.edge.xdf.layout import NUMPY_OF
from insula.sensors.lsl_inlet import load_pylsl

_ANSWER_S: Final = 5.0
_BUFFER_S: Final = 360
"""What liblsl holds for us while the recording is busy."""
_MOST: Final = 8192
_CHARACTER: Final = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));")


def identity(info: Any) -> tuple[object, ...]:
    """What stays the same when a sender ends and comes back."""
    return (info.name(), info.type(), info.source_id(), info.hostname(), info.channel_count(),
            info.nominal_srate(), info.channel_format())  # fmt: skip


def label(info: Any) -> str:
    """A stream as the operator knows it."""
    return f"{info.name()} ({info.type() or 'no type'}, {info.hostname()})"


class LslTap:
    """One stream of another program, from its opening on; liblsl collects, the recorder's thread pulls.

    liblsl finds a sender that names itself (``source_id``) again by itself; ``gone`` says that one without
    is lost, and ``reopen`` takes its successor into the same stream of the file. While ``cut`` gives a
    reason, what comes is thrown away.
    """

    def __init__(self, info: Any, clock: Clock = now, cut: Callable[[], str] = lambda: "") -> None:
        """Connect to the stream ``info`` of a resolver; raises ``SensorUnavailable``."""
        self.identity = identity(info)
        self.uid = str(info.uid())
        self.gone = False
        self._clock = clock
        self._cut, self._was_cut = cut, False
        self._heard: float | None = None
        self._lock = threading.Lock()
        self._undecodable = 0
        self._inlet, described = _open(info)
        self.stream = header(described)
        self._dtype = NUMPY_OF.get(self.stream.format)

    def reopen(self, info: Any) -> None:
        """Go on with the sender's successor; raises ``SensorUnavailable``."""
        inlet, _ = _open(info)
        with self._lock:
            self._inlet, self.gone, self.uid = inlet, False, str(info.uid())

    def pull(self) -> Samples | None:
        """What liblsl has collected since the last call."""
        # What is collected when a cut ends came while it lasted.
        was_cut, self._was_cut = self._was_cut, bool(self._cut())
        if not (was_cut or self._was_cut):
            return self._collected()
        while self._collected() is not None:
            pass
        return None

    def _collected(self) -> Samples | None:
        with self._lock:
            if self._inlet is None:
                return None
            try:
                samples = self._rows() if self._dtype is None else self._table()
            except load_pylsl().util.LostError:
                self.gone, self._inlet = True, None
                return None
        if samples is not None or self._heard is None:
            self._heard = self._clock()
        return samples

    def silent_s(self) -> float:
        """How long nothing came, 0 before anybody pulled."""
        return 0.0 if self._heard is None else self._clock() - self._heard

    def _table(self) -> Samples | None:
        held = int(self._inlet.samples_available())
        data = np.empty((max(1, min(held, _MOST)), len(self.stream.ch_names)), self._dtype)
        _, stamps = self._inlet.pull_chunk(timeout=0.0, max_samples=len(data), dest_obj=data)
        return (np.array(stamps), data[: len(stamps)]) if len(stamps) else None

    def _rows(self) -> Samples | None:
        times: list[float] = []
        rows: list[list[str]] = []
        while len(rows) < _MOST:
            try:
                row, t = self._inlet.pull_sample(timeout=0.0)
            except UnicodeDecodeError:  # a sender that ignores LSL's UTF-8
                self._undecodable += 1
                continue
            if row is None:
                break
            times.append(t)
            rows.append(row)
        return (np.array(times), rows) if rows else None

    def discard(self) -> None:
        """Forget what was collected so far."""
        while self.pull() is not None:
            pass

    def offset(self) -> tuple[float, float] | None:
        """The newest estimate of the clocks' offset; measuring goes on inside liblsl."""
        lsl = load_pylsl()
        with self._lock, contextlib.suppress(lsl.util.TimeoutError, lsl.util.LostError):
            if self._inlet is not None:
                offset_s = float(self._inlet.time_correction(timeout=0.0))
                return float(lsl.local_clock()) - offset_s, offset_s
        return None

    def lost(self) -> int:
        """Texts that were no UTF-8; what liblsl may have dropped it does not say."""
        return self._undecodable

    def close(self) -> None:
        """Unsubscribe."""
        with self._lock:
            inlet, self._inlet = self._inlet, None
        if inlet is not None:
            inlet.close_stream()


def _open(info: Any) -> tuple[Any, Any]:
    lsl = load_pylsl()
    inlet = lsl.StreamInlet(info, max_buflen=_BUFFER_S, recover=True)
    try:
        described = inlet.info(timeout=_ANSWER_S)
        inlet.open_stream(timeout=_ANSWER_S)
        inlet.time_correction(timeout=_ANSWER_S)
    except (lsl.util.TimeoutError, lsl.util.LostError) as error:
        raise SensorUnavailable(f"the LSL stream {label(info)} does not answer: {error}") from error
    return inlet, described


def header(info: Any) -> XdfStream:
    """The stream's own XML as its header in the file."""
    lsl = load_pylsl()
    formats = {
        lsl.cf_float32: "float32",
        lsl.cf_double64: "double64",
        lsl.cf_int8: "int8",
        lsl.cf_int16: "int16",
        lsl.cf_int32: "int32",
        lsl.cf_int64: "int64",
        lsl.cf_string: "string",
    }
    count = info.channel_count()
    return XdfStream(
        name=info.name(),
        type=info.type(),
        sfreq=info.nominal_srate(),
        ch_names=("",) * count,
        units=("",) * count,
        format=formats[info.channel_format()],
        source_id=info.source_id(),
        xml=legal(info.as_xml()).encode("utf-8"),
    )


def legal(xml: str) -> str:
    """Replace what XML cannot hold: liblsl lets control characters in, which make a whole file unreadable."""

    def keep(found: re.Match[str]) -> str:
        code = int(found[1], 16) if found[1] else int(found[2])
        return found[0] if code in (0x9, 0xA, 0xD) or code >= 0x20 else "\N{REPLACEMENT CHARACTER}"

    return _CHARACTER.sub(keep, xml)
