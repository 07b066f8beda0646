from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from insula.edge import codec
from insula.edge.errors import SinkError
from insula.edge.lsl_network import keep_local
from insula.edge.protocols import Item, Sink
from insula.edge.sinks.contract import check_sink
from insula.edge.sinks.feed import FeedSink
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.stream import StreamReader
from insula.edge.xdf.repair import repair

keep_local()  # before liblsl is loaded


def test_the_xdf_recorder_keeps_it(tmp_path: Path) -> None:
    check_sink(lambda: XdfRecorder(path=str(tmp_path / "a.xdf"), audio=True, before_s=1e9))
    report = repair(tmp_path / "a.xdf")
    assert report.problems == ()
    counts = {name: count for (_, name), count in report.streams.items()}
    assert counts["eda"] == counts["voice"] == counts["stimuli"] == 9
    assert counts["camera"] == 3
    assert counts["insula.state"] == 6
    assert counts["insula.state.an index of a third party"] == 3
    assert counts["insula.markers"] == 3


def test_json_lines_keep_it(tmp_path: Path) -> None:
    check_sink(lambda: JsonlSink(path=str(tmp_path / "a.jsonl")))
    lines = (tmp_path / "a.jsonl").read_bytes().splitlines()
    assert len([codec.loads(line) for line in lines]) == 3 * 14


def test_the_feed_keeps_it(tmp_path: Path) -> None:
    check_sink(lambda: FeedSink(path=str(tmp_path / "feed.ring")))


def test_lsl_outlets_keep_it() -> None:
    pytest.importorskip("pylsl")
    from insula.edge.sinks.lsl import LslSink

    check_sink(lambda: LslSink(source_id="contract"))


class Careless:
    """A sink that takes items before it was opened."""

    def open(self, streams: Mapping[str, StreamReader]) -> None: ...

    def put(self, item: Item) -> None: ...

    def poll(self) -> None: ...

    def close(self) -> None: ...


class Positional(Careless):
    def __init__(self, path: str = "") -> None: ...


class Fussy(Careless):
    """A sink that fails on what is not measured."""

    def __init__(self) -> None:
        self.opened = False

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        self.opened = True

    def put(self, item: Item) -> None:
        if not self.opened:
            raise SinkError("not open")
        raise ValueError(item)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (Careless, AssertionError, "put before open"),
        (Positional, AssertionError, "keyword-only"),
        (Fussy, ValueError, "nothing is measured yet"),
    ],
)
def test_sinks_that_break_it_are_caught(
    make: Callable[[], Sink], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_sink(make)
