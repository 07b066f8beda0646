"""The audit log: whatever is changed, cut, inserted or cut off by a crash is seen."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from insula.edge.errors import DataError
from insula.edge.privacy.audit import AuditLog

Lines = list[bytes]


def log_of(folder: Path, entries: int = 0) -> AuditLog:
    seconds = itertools.count()
    log = AuditLog(folder / "audit.jsonl", folder / "apart" / "head", when=lambda: f"t{next(seconds)}")
    for n in range(entries):
        log.add("recording started", person=f"P0{n}", path="/é")
    return log


def test_acts_are_kept_in_order_and_chained(tmp_path: Path) -> None:
    assert log_of(tmp_path).entries() == []
    log = log_of(tmp_path, 3)
    entries = log.entries()
    assert [e.n for e in entries] == [1, 2, 3]
    assert [e.previous for e in entries[1:]] == [e.hash for e in entries[:-1]]
    assert entries[2].facts == {"person": "P02", "path": "/é"}


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (lambda lines: [lines[0].replace(b"P00", b"P99"), *lines[1:]], "line 1 does not fit"),
        (lambda lines: [lines[0], *lines[2:]], "line 2 does not fit"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "line 2 does not fit"),
        (lambda lines: lines[:-1], "was cut: it has 3 lines, 4 were written"),
        (lambda lines: [], "was cut"),
        (lambda lines: [*lines[:-1], b"{}\n"], "line 4 does not fit"),
    ],
)
def test_tampering_and_truncation_are_found(
    tmp_path: Path, forge: Callable[[Lines], Lines], message: str
) -> None:
    log = log_of(tmp_path, 4)
    log.path.write_bytes(b"".join(forge(log.path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DataError, match=message):
        log.entries()
    with pytest.raises(DataError, match=message):  # and nothing is built upon it
        log.add("export")


def test_a_log_rewritten_with_a_sound_chain_does_not_match_its_head(tmp_path: Path) -> None:
    log = log_of(tmp_path / "true", 3)
    forged = log_of(tmp_path / "forged")
    for _ in range(3):
        forged.add("nothing happened")
    log.path.write_bytes(forged.path.read_bytes())
    with pytest.raises(DataError, match="was rewritten"):
        log.entries()


def test_lines_added_by_hand_are_found_though_the_chain_is_sound(tmp_path: Path) -> None:
    log = log_of(tmp_path, 3)
    head = log.head.read_bytes()
    log.add("one")
    log.add("two")
    log.head.write_bytes(head)
    with pytest.raises(DataError, match="only 3 were written"):
        log.entries()


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_a_crash_between_line_and_head_costs_nothing_that_was_told(tmp_path: Path, kept: float) -> None:
    log = log_of(tmp_path, 2)
    before, head = log.path.read_bytes(), log.head.read_bytes()
    log.add("cut off")
    line = log.path.read_bytes()[len(before) :]
    log.path.write_bytes(before + line[: int(len(line) * kept)])
    log.head.write_bytes(head)
    log.add("goes on")
    events = [entry.event for entry in log.entries()]
    assert events == ["recording started"] * 2 + ["cut off"] * (kept == 1.0) + ["goes on"]


PROGRAM = """
import sys
from pathlib import Path
from insula.edge.privacy.audit import AuditLog
log = AuditLog(Path(sys.argv[1], "audit.jsonl"), Path(sys.argv[1], "head"))
for n in range(20):
    log.add("act", n=n)
"""


def test_processes_share_one_log(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    log = AuditLog(tmp_path / "audit.jsonl", tmp_path / "head")
    assert len(log.entries()) == 60
