from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from insula.edge.errors import SinkError
from insula.edge.xdf import blocks
from insula.edge.xdf.blocks import MOST_WAITING, BlockFile


class SlowDisk:
    """A disk whose syncs end when they are let go."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def __call__(self, descriptor: int) -> None:
        self.asked.release()
        assert self.go.acquire(timeout=10)


def nothing() -> bytes:
    return b""


def test_a_block_counts_when_the_disk_has_it_and_nobody_waits_for_that(tmp_path: Path) -> None:
    disk, path, done = SlowDisk(), tmp_path / "a", list[str]()
    file = BlockFile(path, b"MAGIC", sync=True, to_disk=disk)
    file.append(b"first block", lambda: done.append("first"))
    file.append(b"second", lambda: done.append("second"))
    assert disk.asked.acquire(timeout=10)
    assert path.read_bytes() == b"MAGIC" + b"\0irst block"
    assert (file.size, done) == (5, [])
    disk.go.release(2)
    file.wait()
    assert path.read_bytes() == b"MAGICfirst blocksecond"
    assert (file.size, done) == (22, ["first", "second"])
    file.close(nothing)


def test_a_disk_that_stays_behind_makes_the_caller_wait_instead_of_filling_the_memory(tmp_path: Path) -> None:
    disk = SlowDisk()
    file = BlockFile(tmp_path / "a", b"MAGIC", sync=True, to_disk=disk)
    most = bytes(MOST_WAITING // 2 + 1)
    taken = [threading.Event() for _ in range(3)]

    def produce() -> None:
        for event in taken:
            file.append(most, lambda: None)
            event.set()

    thread = threading.Thread(target=produce)
    thread.start()
    assert taken[1].wait(10)
    assert disk.asked.acquire(timeout=10)
    assert not taken[2].is_set()
    disk.go.release(3)
    assert taken[2].wait(10)
    thread.join(10)
    file.close(nothing)
    assert file.size == 5 + 3 * len(most)


def test_a_disk_that_fails_is_reported_once_the_next_block_comes(tmp_path: Path) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path, done = tmp_path / "a.xdf", list[int]()
    file = BlockFile(path, b"MAGIC", sync=True, to_disk=broken)
    file.append(b"block", lambda: done.append(1))
    with pytest.raises(SinkError, match=r"a\.xdf cannot be written \(Input/output error\)"):
        file.wait()
    with pytest.raises(SinkError, match="readable up to here"):
        file.append(b"block", lambda: done.append(2))
    with pytest.raises(SinkError, match="recording stopped"):
        file.close(lambda: b"tail")
    file.close(nothing)
    assert done == []
    assert path.read_bytes() == b"MAGIC"


def test_closing_waits_for_the_disk_and_adds_the_tail_after_what_is_safe(tmp_path: Path) -> None:
    sizes: list[int] = []
    file = BlockFile(tmp_path / "a", b"MAGIC", sync=True)
    for _ in range(20):
        file.append(b"block", lambda: sizes.append(file.size))
    file.close(lambda: f"{len(sizes)} blocks".encode())
    assert (tmp_path / "a").read_bytes() == b"MAGIC" + b"block" * 20 + b"20 blocks"
    assert sizes[-1] == 105
    assert not any(thread.name == "disk a" for thread in threading.enumerate())


def test_without_sync_a_block_is_with_the_operating_system_at_once(tmp_path: Path) -> None:
    file = BlockFile(tmp_path / "a", b"MAGIC", sync=False)
    file.append(b"block", lambda: None)
    assert (tmp_path / "a").read_bytes() == b"MAGICblock"
    file.wait()
    file.close(nothing)


@pytest.mark.parametrize("sync", [False, True])
def test_a_closed_file_takes_nothing_more(tmp_path: Path, sync: bool) -> None:
    file = BlockFile(tmp_path / "a", b"MAGIC", sync=sync)
    file.close(nothing)
    with pytest.raises(SinkError, match="a is closed"):
        file.append(b"block", lambda: None)


def test_the_bound_is_larger_than_any_single_flush() -> None:
    assert blocks.MOST_WAITING > 64 * 1000 * 4 * 10  # ten seconds of 64 channels at 1 kHz
