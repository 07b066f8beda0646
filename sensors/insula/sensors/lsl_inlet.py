"""Any LSL stream: EEG, EDA, video-less sensors of every vendor, and marker streams."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge import lsl_network
from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.retime import Retimer
from insula.edge.types import Block, StreamInfo
from insula.sensors.order import rising
from insula.sensors.probe import Found, library
from insula.sensors.silence import SilenceWatch
from insula.sensors.units import TEXT, as_text, canonical

_REMEDY: Final = "install pylsl (pip install pylsl); on ARM also liblsl, named by PYLSL_LIB"
_RESOLVE_S: Final = 3.0
_SHORT_S: Final = 2.0
_BUFFER_S: Final = 30
_MOST: Final = 4096
_MOST_CHANNELS: Final = 4096


def load_pylsl() -> Any:
    """The library, confined to this machine unless the user opened it before it was loaded."""
    lsl_network.keep_local()
    return library("pylsl", _REMEDY)


def probe() -> list[Found]:
    """Every stream on the (possibly loopback-only) LSL network."""
    try:
        lsl = load_pylsl()
    except SensorUnavailable as error:
        return [Found("LSL stream", why_not=str(error))]
    found = [
        Found(
            f"LSL stream {i.name()} ({i.type()}, {i.hostname()})",
            {"name": i.name(), "source_id": i.source_id()},
        )
        for i in lsl.resolve_streams(wait_time=1.0)
    ]
    return found or [Found("LSL stream", why_not="no stream answers: start one, or check 'insula doctor'")]


def _query(**wanted: str) -> str:
    """An LSL predicate; LSL has no way to escape a quote, so the other kind is used around it."""
    parts = []
    for key, value in wanted.items():
        if value:
            quote = '"' if "'" in value else "'"
            parts.append(f"{key}={quote}{value}{quote}")
    return " and ".join(parts)


class LslInlet:
    """One LSL stream, found by name, type and source_id."""

    def __init__(self, *, name: str = "", type: str = "", source_id: str = "", clock: Clock = now) -> None:
        """Give at least one of the stream's ``name``, content ``type`` ("EEG" …) and ``source_id``."""
        self._predicate = _query(name=name, type=type, source_id=source_id)
        self._clock = clock
        self._inlet: Any = None
        self._info: StreamInfo | None = None
        self._offset = 0.0
        self._retimer = Retimer(0.0)
        self._watch: SilenceWatch | None = None
        self._last = -np.inf

    def open(self) -> tuple[StreamInfo, ...]:
        """Find the stream, read its description and measure the clocks' offset."""
        self.close()
        lsl = load_pylsl()
        if not self._predicate:
            raise SensorUnavailable("lsl: give name, type or source_id of the stream")
        answers = {i.uid(): i for i in lsl.resolve_bypred(self._predicate, 1, _RESOLVE_S)}
        if not answers:
            raise SensorUnavailable(f"no LSL stream with {self._predicate}: is it running, on this network?")
        if len(answers) > 1:
            told = ", ".join(f"{i.name()} (source_id {i.source_id()!r})" for i in answers.values())
            raise SensorUnavailable(f"{len(answers)} LSL streams with {self._predicate}: {told}; say which")
        # No recovery inside liblsl: a loss is reported at once, and the supervisor opens again.
        inlet = lsl.StreamInlet(next(iter(answers.values())), max_buflen=_BUFFER_S, recover=False)
        try:
            full = inlet.info(timeout=_SHORT_S)
            inlet.open_stream(timeout=_SHORT_S)
            self._offset = inlet.time_correction(timeout=_SHORT_S)
        except (lsl.util.TimeoutError, lsl.util.LostError) as error:
            inlet.close_stream()
            raise SensorUnavailable(
                f"the LSL stream with {self._predicate} does not answer: {error}"
            ) from error
        try:
            self._info = describe(full, lsl)
        except SensorUnavailable:
            inlet.close_stream()
            raise
        self._inlet = inlet
        self._retimer = Retimer(self._info.sfreq)
        self._last = -np.inf
        self._watch = SilenceWatch(self._info.sfreq, self._clock()) if self._info.sfreq else None
        return (self._info,)

    def read(self, timeout_s: float) -> Sequence[Block]:
        """What arrived; waits for the first sample only."""
        if self._inlet is None or self._info is None:
            raise SensorLost("the LSL inlet is closed")
        lsl = load_pylsl()
        try:
            sample, first = self._inlet.pull_sample(timeout=timeout_s)
            if sample is None:
                self._check_silence()
                return ()
            samples, stamps = self._inlet.pull_chunk(timeout=0.0, max_samples=_MOST)
            self._update_offset(lsl)
        except lsl.util.LostError as error:
            raise SensorLost(f"the LSL stream {self._info.name} has ended") from error
        if self._watch is not None:
            self._watch.heard(self._clock())
        rows, times = [sample, *samples], np.array([first, *stamps]) + self._offset
        data = _table(rows, self._info)
        if self._info.sfreq:
            stamped = self._retimer.stamp(len(times), float(times[-1]))
            return (Block(0, data, stamped, self._retimer),)
        times = rising(times, self._last)
        self._last = float(times[-1])
        return (Block(0, data, times),)

    def _update_offset(self, lsl: Any) -> None:
        """LSL measures the clocks' offset every few seconds; asking costs nothing."""
        # Without a newer estimate the last one stays right to within the clocks' drift.
        with contextlib.suppress(lsl.util.TimeoutError):
            self._offset = self._inlet.time_correction(timeout=0.0)

    def _check_silence(self) -> None:
        """An irregular stream may be silent for as long as it likes."""
        if self._watch is None or self._info is None:
            return
        if silent_s := self._watch.overdue_s(self._clock()):
            raise SensorLost(f"the LSL stream {self._info.name} has been silent for {silent_s:.1f} s")

    def close(self) -> None:
        """Unsubscribe."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            inlet.close_stream()


def _table(rows: list[Any], info: StreamInfo) -> npt.NDArray[np.generic]:
    if info.dtype == TEXT:
        return as_text(rows)
    return np.array(rows, dtype=info.dtype)


def describe(info: Any, lsl: Any) -> StreamInfo:
    """LSL's description of a stream as Insula's; channel labels and units where the sender gives them.

    Anyone on the network can send one: ``SensorUnavailable`` when it describes nothing that can be read.
    """
    try:
        return _described(info, lsl)
    except (KeyError, ValueError) as error:  # an unknown format, a rate that is none, text that is no UTF-8
        raise SensorUnavailable(f"an LSL stream describes itself in a way that cannot be: {error}") from error


def _described(info: Any, lsl: Any) -> StreamInfo:
    formats = {
        lsl.cf_float32: "float32",
        lsl.cf_double64: "float64",
        lsl.cf_int8: "int8",
        lsl.cf_int16: "int16",
        lsl.cf_int32: "int32",
        lsl.cf_int64: "int64",
        lsl.cf_string: TEXT,
    }
    count = info.channel_count()
    if not 0 < count <= _MOST_CHANNELS:
        raise ValueError(f"{count} channels")
    labels: list[str] = []
    units: list[str] = []
    channel = info.desc().child("channels").child("channel")
    while not channel.empty() and len(labels) <= count:
        labels.append(channel.child_value("label"))
        units.append(canonical(channel.child_value("unit")))
        channel = channel.next_sibling("channel")
    if len(labels) != count:
        labels, units = [""] * count, [""] * count
    return StreamInfo(
        name=info.name(),
        type=info.type() or "Other",
        sfreq=info.nominal_srate(),
        ch_names=tuple(label or f"ch{i + 1}" for i, label in enumerate(labels)),
        units=tuple(units),
        dtype=formats[info.channel_format()],
        sensor_id=info.source_id() or f"{info.name()}@{info.hostname()}",
        manufacturer=info.desc().child("acquisition").child_value("manufacturer")
        or info.desc().child_value("manufacturer"),
        simulated=info.desc().child_value("simulated") == "true",
    )
