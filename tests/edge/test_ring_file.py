from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import RingError
from insula.edge.ring import Ring
from insula.edge.ring_file import file_name
from insula.edge.ring_layout import Geometry

GEOMETRY = Geometry(item=8, cap=16, mirror=4, ccap=8, meta=b'{"a": 1}')
I8 = np.dtype(np.int64)

DIES_IN_A_PUSH = """
import os, sys
from pathlib import Path
import numpy as np
from insula.edge.ring import Ring
from insula.edge.ring_layout import Geometry
ring = Ring.create(Geometry(8, 16, 4, 8, b'{"a": 1}'), Path(sys.argv[1]))
items = ring.items(np.dtype("i8"), ())
ring.write(items, np.arange(10), 1.0, 0.1)
ring.core.begin(3)
items[10:12] = -1
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session" / "eeg.ring"


def test_file_is_for_its_owner_only_and_goes_with_the_writer(path: Path) -> None:
    ring = Ring.create(GEOMETRY, path)
    assert ring.path == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_blocks * 512 >= GEOMETRY.total, (
        "space is claimed, a full tmpfs cannot kill us later"
    )
    ring.close()
    assert list(path.parent.iterdir()) == []


def test_readers_map_read_only_and_outlive_the_writer(path: Path) -> None:
    ring = Ring.create(GEOMETRY, path)
    reader = Ring.attach(path)
    items = reader.items(I8, ())
    with pytest.raises(ValueError, match="read-only"):
        items[0] = 1
    ring.write(ring.items(I8, ()), np.arange(4), 1.0, 0.1)
    ring.end()
    ring.close()
    assert reader.ended
    assert reader.core.head() == 4
    copy = reader.copy(items, 0, 4)
    assert copy is not None
    assert copy.tolist() == [0, 1, 2, 3]


def test_second_living_writer_is_refused(path: Path) -> None:
    ring = Ring.create(GEOMETRY, path)
    with pytest.raises(RingError, match="another process is writing"):
        Ring.create(GEOMETRY, path)
    ring.write(ring.items(I8, ()), np.arange(4), 1.0, 0.1)
    assert Ring.attach(path).core.head() == 4
    ring.close()


def test_ring_of_a_killed_writer_is_taken_over_with_a_gap(path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES_IN_A_PUSH, str(path)], check=False)
    assert died.returncode == -9
    reader = Ring.attach(path)
    assert (reader.core.head(), reader.core.fenced_reserve()) == (10, 13)
    heir = Ring.create(GEOMETRY, path)
    heir.write(heir.items(I8, ()), np.array([77]), 2.0, 0.0)
    assert (reader.core.head(), reader.generation) == (14, 1)
    _, records = reader.records(0, 3)
    assert records["first"].tolist() == [0, 10, 13]
    assert np.isnan(records["step"]).tolist() == [False, True, False]
    heir.close()
    assert not path.exists()


def test_ring_of_another_shape_is_replaced_once_its_writer_is_dead(path: Path) -> None:
    subprocess.run([sys.executable, "-c", DIES_IN_A_PUSH, str(path)], check=False)
    other = Geometry(item=4, cap=16, mirror=4, ccap=8)
    ring = Ring.create(other, path)
    assert ring.core.head() == 0
    assert Ring.attach(path).geometry == other
    ring.close()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 5000], ids=["empty", "short", "foreign"])
def test_file_that_is_no_ring_is_refused_by_readers_and_replaced_by_writers(
    path: Path, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RingError, match=r"eeg\.ring"):
        Ring.attach(path)
    Ring.create(GEOMETRY, path).close()


def test_damaged_headers_are_refused(path: Path) -> None:
    ring = Ring.create(GEOMETRY, path)
    raw = path.read_bytes()
    ring.close()
    for damage, reason in (
        (raw[:4] + b"\x09" + raw[5:], "has ring format 9"),
        (raw[:40] + b"\x01" + raw[41:], "contradicts itself"),
        (raw[:-1], "cut off"),
    ):
        path.write_bytes(damage)
        with pytest.raises(RingError, match=reason):
            Ring.attach(path)


def test_missing_ring_is_said(tmp_path: Path) -> None:
    with pytest.raises(RingError, match="no ring to attach"):
        Ring.attach(tmp_path / "none.ring")


def test_link_is_not_followed(tmp_path: Path, path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"x" * 5000)
    path.parent.mkdir()
    path.symlink_to(target)
    with pytest.raises(RingError, match="cannot be opened"):
        Ring.create(GEOMETRY, path)
    assert target.read_bytes() == b"x" * 5000


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RingError, match="cannot be created"):
        Ring.create(GEOMETRY, tmp_path / "file" / "eeg.ring")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a file system in memory")
def test_full_memory_is_said_with_what_to_do_and_leaves_nothing() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        size = shutil.disk_usage(folder).total + 2**20
        with pytest.raises(RingError, match=r"no space for a ring of \d+ MiB in .*larger /dev/shm"):
            Ring.create(Geometry(item=2**20, cap=size // 2**20, mirror=0, ccap=8), Path(folder) / "x.ring")
        assert list(Path(folder).iterdir()) == []


def test_ring_larger_than_any_file_is_said_and_leaves_nothing(path: Path) -> None:
    with pytest.raises(RingError, match=r"no space for a ring of \d+ MiB|cannot be created"):
        Ring.create(Geometry(item=2**40, cap=2**10, mirror=0, ccap=8), path)
    assert list(path.parent.iterdir()) == []


def test_file_names_are_plain_and_distinct() -> None:
    assert file_name("eeg-1.left") == "eeg-1.left.ring"
    odd = {file_name(name) for name in ("a/b", "a b", "..", ".", "Sensor µ", "sensor/µ", ".hidden")}
    assert len(odd) == 7
    assert all("/" not in name and not name.startswith(".") for name in odd)


class TestMemory:
    """Mappings of files: `ring_memory`."""

    BIG = Geometry(item=1 << 20, cap=5, mirror=0, ccap=8)

    @pytest.mark.skipif(sys.platform != "linux", reason="the others have no huge pages to ask for")
    def test_rings_begin_where_huge_pages_do(self, path: Path) -> None:
        ring = Ring.create(self.BIG, path)
        reader = Ring.attach(path)
        for one in (ring, reader):
            at = one.items(np.dtype(np.uint8), (1 << 20,)).ctypes.data - self.BIG.data_off
            assert at % (2 << 20) == 0
        ring.close()

    @pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc/self/maps")
    def test_memory_goes_with_its_last_view(self, path: Path) -> None:
        def mapped() -> int:
            return Path("/proc/self/maps").read_text().count(str(path.parent))

        ring = Ring.create(self.BIG, path)
        view = ring.items(np.dtype(np.uint8), (1 << 20,))[2]
        ring.close()
        del ring
        view[-1] = 7
        assert mapped() == 1
        del view
        assert mapped() == 0

    def test_an_empty_file_is_no_ring(self, path: Path) -> None:
        path.parent.mkdir()
        path.touch()
        with pytest.raises(RingError, match="cannot be mapped"):
            Ring.attach(path)
