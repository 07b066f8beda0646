"""What every sink must do, as a check that third parties run on theirs as well.

::

def test_my_sink(tmp_path):
check_sink(lambda: MySink(path=str(tmp_path / "out")))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Final

import numpy as np

from insula.edge.errors import SinkError
from insula.edge.explanation import Against, Explanation, Name, Template
from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.protocols import Item, Sink
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import (
    EXPRESSIONS,
    MODALITIES,
    AffectEstimate,
    AffectState,
    Clue,
    Contribution,
    Marker,
    Measure,
    StreamInfo,
)

T0: Final = 1000.0

STREAMS: Final = (
    StreamInfo("eda", "EDA", 4.0, ("EDA",), ("microsiemens",), simulated=True),
    StreamInfo("voice", "Audio", 16000.0, ("mono",), ("normalized",), "int16"),
    StreamInfo("camera", "Video", 30.0, ("rgb",), ("",), "uint8", (4, 6, 3)),
    StreamInfo("stimuli", "Markers", 0.0, ("text",), ("",), "S256"),
)
"""One stream of every shape."""


def items() -> list[Item]:
    """Items of every kind: measured, not measured, with an index nobody knows, with odd text."""
    half = Measure(0.5, 0.25)
    probabilities = (0.0, *[float("-inf")] * (len(EXPRESSIONS) - 1))
    found: list[Item] = [
        AffectState(T0, reason="nothing is measured yet"),
        AffectState(
            T0 + 0.1,
            valence=half,
            arousal=half,
            expression=probabilities,
            indices=(("stress", half), ("an index of a third party", half)),
            contributions=tuple(Contribution(m, m == "eda", "" if m == "eda" else "off") for m in MODALITIES),
            age_newest_s=0.1,
            age_oldest_s=0.5,
            va_source="mapped",
            simulated=True,
        ),
        Marker(T0 + 0.2, "Übung <1> & \x00 \udc80 \N{SMILING FACE WITH OPEN MOUTH}\n"),
        HealthEvent(T0 + 0.3, "eda", "sensor", NodeState.LOST, "unplugged"),
        StreamStats(T0 + 0.4, "eda", "eda", 4.0, 4.0, None, 3),
        Explanation(
            T0 + 0.5,
            Name("region", "calm"),
            "eda",
            0.5,
            0.9,
            clues=(Clue("eda", "responses (60 s)", 2.0, "1/min", None),),
            template=Template("fear", (1,), (2, 4)),
            arousal=half,
            against=(Against("old", "eda", 2.5), Against("simulated")),
            english="Calm.",
            german="Ruhig.",
        ),
    ]
    for modality in MODALITIES:
        found.append(AffectEstimate(modality, "eda", T0, 0.0, reason="too dark"))
        found.append(AffectEstimate(modality, "eda", T0 + 1, 1.0, indices=(("workload", half),)))
    return found


def check_sink(make: Callable[[], Sink]) -> None:
    """Raise ``AssertionError`` when the sink does not keep the protocol's promises.

    ``make`` returns a new, unopened sink each time. One of them is opened, with one stream of every shape,
    fed three rounds of samples and items of every kind, and closed.
    """
    sink = make()
    assert isinstance(sink, Sink), "open, put, poll or close is missing"
    _check_options(type(sink))
    sink.close()  # in any state
    _check_not_open(make())
    _run(make())


def _check_options(kind: type) -> None:
    for option in list(inspect.signature(kind).parameters.values()):
        assert option.kind is option.KEYWORD_ONLY, f"option {option.name} must be keyword-only"


def _check_not_open(sink: Sink) -> None:
    try:
        sink.put(Marker(T0, "too early"))
    except SinkError:
        sink.close()
        return
    raise AssertionError("put before open must raise SinkError")


def _run(sink: Sink) -> None:
    pairs = {info.name: memory_stream(info) for info in STREAMS}
    sink.open({name: reader for name, (_, reader) in pairs.items()})
    sink.poll()
    for round_ in range(3):
        for info in STREAMS:
            n = 1 if info.is_video else 3
            shape = info.shape if info.is_video else (n, 1)
            times = sample_times(n, info.sfreq or 10.0, T0 + round_)
            pairs[info.name][0].push(np.zeros(shape, info.dtype), times)
        for item in items():
            sink.put(item)
        sink.poll()
    for writer, _ in pairs.values():
        writer.end()
    sink.poll()
    sink.close()
    for _, reader in pairs.values():
        reader.close()
    sink.close()
