"""Encryption at rest: what is sealed comes back whole, and every change or cut is seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from insula.edge.errors import DataError, SinkError
from insula.edge.privacy import crypt
from insula.edge.privacy.crypt import SealedFile, Sealer
from insula.edge.session import SessionFolder
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.types import Marker

KEY = crypt.new_key()
PIECES = (b"alpha", b"", b"beta" * 1000, b"omega")


def written(folder: Path, *, whole: bool = True) -> Path:
    file = SealedFile(folder / "a.txt", Sealer(KEY))
    for piece in PIECES:
        file.write(piece)
    if whole:
        file.close()
    return folder / "a.txt.sealed"


def test_what_is_sealed_comes_back_and_shows_nothing(tmp_path: Path) -> None:
    sealed = written(tmp_path)
    assert crypt.unseal(sealed, tmp_path / "out", KEY)
    assert (tmp_path / "out").read_bytes() == b"".join(PIECES)
    assert not any(word in sealed.read_bytes() for word in (b"alpha", b"betabeta", b"omega"))
    with pytest.raises(SinkError, match="cannot be created"):
        SealedFile(tmp_path / "a.txt", Sealer(KEY))


def test_a_file_cut_anywhere_gives_a_beginning_and_is_seen_to_be_cut(tmp_path: Path) -> None:
    sealed, out = written(tmp_path), tmp_path / "out"
    full = sealed.read_bytes()
    beginnings = {b"".join(PIECES[:n]) for n in range(len(PIECES) + 1)}
    for length in itertools.chain(range(len(crypt.MAGIC), 120), range(len(full) - 120, len(full))):
        for tail in (b"", bytes(200)):  # a disk may have given room without writing it
            sealed.write_bytes(full[:length] + tail)
            try:
                assert not crypt.unseal(sealed, out, KEY)
            except DataError:
                assert tail
                continue
            assert out.read_bytes() in beginnings


def _swap(data: bytes) -> bytes:
    """Exchange the first two frames."""
    start = len(crypt.MAGIC) + 24
    first = 5 + len(PIECES[0]) + 17
    second = 5 + len(PIECES[1]) + 17
    return (
        data[:start] + data[start + first :][:second] + data[start:][:first] + data[start + first + second :]
    )


@pytest.mark.parametrize(
    "forge",
    [
        lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
        lambda data: data[:41] + b"\xff\xff\xff\xff" + data[45:],
        lambda data: data + b"\x01",
        lambda data: data[1:],
        _swap,
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, forge: Callable[[bytes], bytes]) -> None:
    sealed = written(tmp_path)
    sealed.write_bytes(forge(sealed.read_bytes()))
    with pytest.raises(DataError):
        crypt.unseal(sealed, tmp_path / "out", KEY)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not its key"):
        crypt.unseal(written(tmp_path), tmp_path / "out", crypt.new_key())


def test_the_public_half_locks_and_only_the_private_half_opens() -> None:
    private = crypt.new_private()
    lock = crypt.recipient_of(private).lock(KEY)
    assert crypt.unlock(lock, private) == KEY
    with pytest.raises(DataError, match="was encrypted for the key"):
        crypt.unlock(lock, crypt.new_private())
    for damaged in ("", "{}", lock.replace("box", "fox"), lock[:40], lock.replace('": "', '": "AAAA')):
        with pytest.raises(DataError):
            crypt.unlock(damaged, private)


def test_a_passphrase_wraps_the_private_half() -> None:
    private = crypt.new_private()
    wrapped = crypt.wrap(private, "correct horse", quick=True)
    assert crypt.unwrap(wrapped, "correct horse") == private
    with pytest.raises(DataError, match="passphrase is wrong"):
        crypt.unwrap(wrapped, "battery")
    for damaged in ({}, {**wrapped, "mem": 1 << 40}, {**wrapped, "salt": "?"}):
        with pytest.raises(DataError):
            crypt.unwrap(damaged, "correct horse")


def test_an_encrypted_session_leaves_nothing_plain(tmp_path: Path) -> None:
    private = crypt.new_private()
    folder = SessionFolder.create(tmp_path / "s", {"title": "visible"}, crypt.recipient_of(private))
    lines = JsonlSink(path=str(folder.estimates), sealer=folder.sealer())
    lines.open({})
    lines.put(Marker(1.0, "visible"))
    lines.close()
    (folder.path / "notes.txt").write_text("visible")  # of a writer that knows nothing of this
    with pytest.raises(DataError, match="is encrypted: 'insula session open"):
        SessionFolder.open(folder.path)
    folder.finish({"title": "visible"})
    names = sorted(path.name for path in folder.path.iterdir())
    assert names == ["estimates.jsonl.sealed", "notes.txt.sealed", "session.json.sealed", "session.key"]
    assert not any(b"visible" in path.read_bytes() for path in folder.path.iterdir())
    key = crypt.unlock(folder.lock.read_text(), private)
    for path in folder.path.glob("*.sealed"):
        assert crypt.unseal(path, tmp_path / path.stem, key)
        assert "visible" in (tmp_path / path.stem).read_text()
