from __future__ import annotations

from insula.edge.health import StreamStats
from insula.edge.sinks.xdf_streams import Recorded
from insula.ui.commands import soak
from insula.ui.terminal import console


def stats(stream: str, samples: int) -> StreamStats:
    return StreamStats(0.0, stream, stream, 1.0, 1.0, 0.0, samples)


def test_a_sample_that_is_neither_recorded_nor_counted_as_lost_is_found() -> None:
    recorded = {"eda": Recorded(samples=4, first_t=0.0, last_t=1.0, lost=1)}
    assert soak.unaccounted({"eda": stats("eda", 5)}, recorded) == {}
    assert soak.unaccounted({"eda": stats("eda", 7)}, recorded) == {"eda": 2}
    assert soak.unaccounted({"eda": stats("eda", 5)}, {}) == {"eda": 5}


def test_a_short_soak_is_flat_and_complete() -> None:
    with console.capture() as shown:
        flat = soak.run(8 / 3600)
    assert flat, shown.get()
    assert "threads and files stayed" in shown.get()
