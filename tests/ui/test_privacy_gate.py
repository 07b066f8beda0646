"""Nobody is measured before the use is stated, and nobody who did not agree: real sessions, real files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import pyxdf
from typer.testing import CliRunner

from insula.edge.errors import ConfigError, InsulaError, NotPermitted, SinkError
from insula.edge.privacy.consent import Consent
from insula.edge.privacy.mode import Mode
from insula.ui import places
from insula.ui.cli import app
from insula.ui.privacy import erasure, records

EDA = '[sensors.eda]\ndriver = "replay"\npath = "eda.csv"\nrealtime = false\n'


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where nothing is stated yet, with a recording to play."""
    monkeypatch.setenv("INSULA_DATA", str(tmp_path / "data"))
    rows = "".join(f"{i / 10},{2 + i % 7 / 10}\n" for i in range(100))
    (tmp_path / "eda.csv").write_text("time_s,EDA [uS]\n" + rows)
    (tmp_path / "s.toml").write_text(EDA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def insula(*arguments: str) -> str:
    """What a command printed; raises what it raises."""
    done = CliRunner().invoke(app, list(arguments))
    if done.exception:
        raise done.exception
    return done.stdout


def run(*arguments: str) -> str:
    return " ".join(insula("run", "s.toml", "--headless", "--out", "session", *arguments).split())


def test_without_a_stated_use_nothing_runs_and_the_way_is_told(machine: Path) -> None:
    with pytest.raises(NotPermitted, match="state the use first: 'insula context set own-use'"):
        run()
    assert not (machine / "session").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--use", "work"), "Art. 5(1)(f)"),
        (("--use", "education"), "Art. 5(1)(f)"),
        (("--use", "robot-demo"), "Art. 50(3)"),
        (("--use", "research"), "needs the person's consent"),
        (("--use", "research", "--person", "P07"), "there is no consent of P07"),
        (("--use", "work", "--medical-or-safety", "crane alarm"), "needs the person's consent"),
    ],
)
def test_a_use_without_what_it_needs_is_refused(
    machine: Path, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InsulaError, match=re.escape(message)):
        run(*arguments)
    assert not (machine / "session").exists()


def test_a_session_with_consent_states_it_in_every_file_and_in_the_log(machine: Path) -> None:
    records.sign(Consent("P07", ("eda",), ("research",), "2999-12-31"), "paper")
    (machine / "s.toml").write_text(
        EDA + '[context]\nuse = "research"\n[session]\nperson = "P07"\n[privacy]\nkeep_days = 3\n'
    )
    shown = run()
    assert "use: research · person P07 · mode features-only · not encrypted" in shown
    assert "not a medical device" in shown
    about = json.loads((machine / "session" / "session.json").read_text())["privacy"]
    _, header = pyxdf.load_xdf(str(machine / "session" / "session.xdf"))
    for key in ("use", "person", "mode", "keep_until", "consent"):
        assert header["info"][key] == [about[key]], key
    entries = places.audit().entries()
    assert [e.event for e in entries] == ["consent signed", "recording started", "recording stopped"]
    assert entries[1].facts["streams"] == ["eda"]
    (held,) = erasure.held(entries)
    assert (held.person, held.folder, held.keep_until) == ("P07", machine / "session", about["keep_until"])


def test_a_stream_not_agreed_to_ends_the_start(machine: Path) -> None:
    records.sign(Consent("P07", ("eeg",), ("own-use",), "2999-12-31"), "paper")
    with pytest.raises(NotPermitted, match="P07 did not consent to eda"):
        run("--use", "own-use", "--person", "P07")
    assert not (machine / "session").exists()
    assert [e.event for e in places.audit().entries()] == ["consent signed"]


def test_more_than_features_needs_a_consent(machine: Path) -> None:
    (machine / "s.toml").write_text(EDA + '[privacy]\nmode = "full"\n')
    with pytest.raises(NotPermitted, match="mode full needs the consent of the person"):
        run("--use", "robot-demo", "--notice-up")
    records.sign(Consent("P07", ("eda",), ("robot-demo",), "2999-12-31", Mode.DE_IDENTIFIED), "paper")
    with pytest.raises(NotPermitted, match="did not consent to the mode full"):
        run("--use", "robot-demo", "--notice-up", "--person", "P07")


def test_the_use_is_stated_once_for_a_machine(machine: Path) -> None:
    insula("context", "set", "own-use")
    run()
    assert "own-use" in insula("context", "show")
    events = [e.event for e in places.audit().entries()]
    assert events == ["use stated", "recording started", "recording stopped"]
    with pytest.raises(ConfigError, match=re.escape("Art. 5(1)(f)")):
        insula("context", "set", "work")


def test_a_simulated_person_needs_no_statement(machine: Path) -> None:
    (machine / "s.toml").write_text('[sensors.eda]\ndriver = "simulated_eda"\n')
    assert "nobody is measured" in run("--seconds", "1")
    assert places.audit().entries() == []


def test_a_broken_audit_log_stops_recording(machine: Path) -> None:
    insula("context", "set", "own-use")
    log = places.audit()
    log.path.write_text(log.path.read_text().replace("own-use", "robot-demo"))
    with pytest.raises(SinkError, match="line 1 does not fit the chain; nothing is recorded"):
        run()


pty = pytest.importorskip("pty", reason="terminals of this kind exist on POSIX systems")


def at_terminal(*arguments: str, cwd: Path, answers: bytes) -> str:
    """Run a command at a terminal and type ``answers``; returns what it showed."""
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "insula.ui.cli", *arguments],
        cwd=cwd,
        stdin=other,
        stdout=other,
        stderr=other,
        env={**os.environ, "TERM": "dumb"},
    ) as process:
        os.close(other)
        os.write(main, answers)
        shown = b""
        try:
            while part := os.read(main, 65536):
                shown += part
        except OSError:  # the other end is closed
            pass
        process.wait(60)
    os.close(main)
    return shown.decode()


def test_the_first_start_at_a_terminal_asks(machine: Path) -> None:
    shown = at_terminal(
        "run", "s.toml", "--headless", "--out", "session", cwd=machine, answers=b"5\ncrane alarm\n"
    )
    assert "For what is Insula used here?" in shown
    assert "Art. 5(1)(f)" in shown
    assert "needs the person's consent" in shown.replace("\r\n", " ")
    assert [e.event for e in places.audit().entries()] == ["use stated"]
