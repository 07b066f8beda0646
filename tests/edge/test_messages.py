from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.edge.errors import DataError, RingError
from insula.edge.messages import MessageReader, MessageWriter
from insula.edge.stream import StreamWriter
from insula.edge.types import StreamInfo


def test_messages_come_once_and_in_order(tmp_path: Path) -> None:
    writer = MessageWriter(tmp_path / "feed.ring", 4096)
    reader = MessageReader.attach(tmp_path / "feed.ring")
    writer.put(b"one")
    writer.put(b"")
    writer.put(b"three")
    assert reader.wait(0.0)
    assert reader.read_new() == [b"one", b"", b"three"]
    assert not reader.wait(0.0)
    assert reader.read_new() == []
    writer.close()
    writer.close()
    assert reader.ended
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.binary(max_size=100), st.booleans()), max_size=60))
def test_every_message_is_got_or_counted(course: list[tuple[bytes, bool]]) -> None:
    writer = MessageWriter(None, 256)
    reader, sent, got = writer.reader(), list[bytes](), list[bytes]()
    for message, read in course:
        writer.put(message)
        sent.append(message)
        if read:
            new = reader.read_new()
            got += new
            assert len(got) + reader.overruns == len(sent)
            assert new == sent[len(sent) - len(new) :], "what is left are the newest ones"


def test_late_reader_gets_what_is_left_and_counts_nothing() -> None:
    writer = MessageWriter(None, 1024)
    for k in range(100):
        writer.put(b"%100d" % k)
    reader = writer.reader()
    assert [int(message) for message in reader.read_new()] == list(range(90, 100))
    assert reader.overruns == 0


def test_message_larger_than_the_ring_is_refused() -> None:
    writer = MessageWriter(None, 256)
    with pytest.raises(DataError, match="larger than its ring"):
        writer.put(bytes(257))
    writer.put(bytes(256))
    assert writer.reader().read_new() == [bytes(256)]


def test_a_stream_is_no_feed(tmp_path: Path) -> None:
    info = StreamInfo("eda", "EDA", 4.0, ("eda",), ("microsiemens",))
    stream = StreamWriter(info, directory=tmp_path)
    with pytest.raises(RingError, match="no message feed"):
        MessageReader.attach(tmp_path / "eda.ring")
    stream.close()


def test_use_after_close_is_said() -> None:
    writer = MessageWriter(None, 256)
    reader = writer.reader()
    reader.close()
    writer.close()
    with pytest.raises(RingError, match="reader is closed"):
        reader.read_new()
    with pytest.raises(RingError, match="writer is closed"):
        writer.put(b"x")
    with pytest.raises(RingError, match="writer is closed"):
        writer.reader()
