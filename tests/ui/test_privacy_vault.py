"""Encrypted sessions are read like plain ones, erased with their key, and withdrawal leaves nothing."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from insula.edge import runtime_dir
from insula.edge.errors import ConfigError, DataError, InsulaError, NotPermitted, SinkError
from insula.edge.privacy import crypt
from insula.edge.privacy.consent import Consent
from insula.ui import places
from insula.ui.cli import app
from insula.ui.privacy import erasure, exported, gate, keys, opened, records, vault
from insula.ui.privacy.erasure import Held

EDA = '[sensors.eda]\ndriver = "replay"\npath = "eda.csv"\nrealtime = false\n'
WORDS = "correct horse battery"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine for research with P07's consent and a key, and a recording to play."""
    monkeypatch.setenv("INSULA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv(keys.PASSPHRASE, WORDS)
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i / 10},{2 + i % 7 / 10}\n" for i in range(100))
    (tmp_path / "eda.csv").write_text("time_s,EDA [uS]\n" + rows)
    (tmp_path / "s.toml").write_text(EDA + '[context]\nuse = "research"\n[session]\nperson = "P07"\n')
    records.sign(Consent("P07", ("eda",), ("research",), "2999-12-31"), "paper")
    keys.create(WORDS, quick=True)
    return tmp_path


def insula(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    if done.exception:
        raise done.exception
    return " ".join(done.stdout.split())


def record(name: str = "session") -> Path:
    insula("run", "s.toml", "--headless", "--out", name)
    return Path(name).resolve()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_session_is_encrypted_and_every_command_reads_it(machine: Path) -> None:
    session = record()
    assert {path.suffix for path in session.iterdir()} == {".sealed", ".key"}
    assert not any(b"P07" in data or b"insula.state" in data for data in contents(session).values())
    insula("report", "session")
    insula("replay", "session", "--out", "again")
    insula("analyze", "session", "--out", "results")
    insula("session", "decrypt", "session", "--out", "plain")
    about = json.loads((machine / "plain" / "session.json").read_text())
    assert about["privacy"]["encrypted"] == "true"
    exports = [e.facts["to"] for e in places.audit().entries() if e.event == "exported"]
    written = {str(machine / n) for n in ("session-report.html", "again", "results/session", "plain")}
    assert written <= set(exports)
    assert not list((machine / "run" / "insula").iterdir())  # no plain copy stays behind


def test_what_is_added_while_a_session_is_open_is_sealed_into_it(machine: Path) -> None:
    session = record()
    before = contents(session)
    with opened(session) as folder:
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "annotations.jsonl").write_text("a note\n")
    after = contents(session)
    assert after.keys() - before.keys() == {"annotations.jsonl.sealed"}
    assert b"a note" not in after["annotations.jsonl.sealed"]
    assert all(after[name] == before[name] for name in before)  # nothing else was touched
    with opened(session) as folder:
        assert (folder / "annotations.jsonl").read_text() == "a note\n"


def test_a_plain_session_is_opened_in_place_and_can_be_encrypted_later(machine: Path) -> None:
    (machine / "s.toml").write_text((machine / "s.toml").read_text() + "[privacy]\nencrypt = false\n")
    session = record()
    with opened(session) as folder:
        assert folder == session
        plain = contents(folder)
    insula("session", "encrypt", "session")
    assert vault.is_sealed(session)
    with opened(session) as folder:
        assert contents(folder) == plain


def test_a_wrong_passphrase_and_a_foreign_key_open_nothing(machine: Path) -> None:
    session = record()
    with pytest.raises(DataError, match="passphrase is wrong"), opened(session, lambda: "battery staple"):
        pass
    shutil.rmtree(keys.folder())
    with (
        pytest.raises(DataError, match="is not on this machine"),
        opened(session, lambda: ""),
    ):
        pass
    keys.create(WORDS, quick=True)
    with pytest.raises(DataError, match="was encrypted for the key"), opened(session, lambda: WORDS):
        pass


def test_a_plain_file_beside_an_encrypted_session_is_refused_and_beside_a_plain_one_known(
    machine: Path,
) -> None:
    text = (machine / "s.toml").read_text() + '[sinks.extra]\nsink = "jsonl"\npath = "extra.jsonl"\n'
    (machine / "s.toml").write_text(text)
    with pytest.raises(
        NotPermitted, match=r"\[sinks.extra\] writes a plain file beside an encrypted session"
    ):
        record()
    (machine / "s.toml").write_text(text + "[privacy]\nencrypt = false\n")
    session = record()
    (held,) = erasure.held(places.audit().entries())
    assert (held.folder, held.exports) == (session, [machine / "extra.jsonl"])


def test_a_key_is_made_once_and_not_under_a_weak_passphrase(machine: Path) -> None:
    with pytest.raises(ConfigError, match="has a key already"):
        keys.create(WORDS)
    shutil.rmtree(keys.folder())
    with pytest.raises(ConfigError, match="at least 8 characters"):
        keys.create("1234")
    (machine / "s.toml").write_text((machine / "s.toml").read_text() + "[privacy]\nencrypt = true\n")
    with pytest.raises(NotPermitted, match="'insula keys new' makes one"):
        record()


def test_a_session_that_was_killed_is_read_up_to_there(machine: Path) -> None:
    session = record()
    sealed = session / "estimates.jsonl.sealed"
    whole = sealed.read_bytes()
    sealed.write_bytes(whole[: len(whole) // 2])
    (session / "annotations.jsonl").write_text("left plain by the killed session")
    with opened(session) as folder:
        assert (folder / "annotations.jsonl").exists()
        lines = (folder / "estimates.jsonl").read_bytes()
    assert lines.endswith(b"}\n")
    assert not (session / "annotations.jsonl").exists()
    assert (session / "annotations.jsonl.sealed").exists()
    xdf = session / "session.xdf.sealed"
    xdf.write_bytes(xdf.read_bytes()[:-400])
    insula("repair", "session/session.xdf.sealed")
    assert (session / "session.repaired.xdf.sealed").is_file()


def test_withdrawal_leaves_nothing_and_proves_it(machine: Path) -> None:
    first, second = record(), record("second")
    records.sign(Consent("P08", ("eda",), ("research",), "2999-12-31"), "paper")
    insula("run", "s.toml", "--headless", "--out", "other", "--person", "P08")
    insula("report", "session")
    profile = places.profiles() / "P07"
    profile.mkdir(parents=True)
    (profile / "baseline.json").write_text("{}")
    Path("profile.json").write_text("{}")
    places.audit().add("exported", folder="", person="P07", to=str(machine / "profile.json"))
    with pytest.raises(NotPermitted, match="--yes"):
        insula("consent", "withdraw", "P07")
    shown = insula("consent", "withdraw", "P07", "--yes")
    assert "is the proof" in shown
    for path in (first, second, machine / "session-report.html", profile, machine / "profile.json"):
        assert not path.exists()
    assert (machine / "other" / "session.key").exists()
    proof = places.audit().entries()[-1]
    assert (proof.event, proof.facts["person"], proof.facts["left"]) == ("withdrawal carried out", "P07", [])
    assert proof.facts["sessions"] == 2
    assert proof.facts["files"] >= 11  # two sessions of four, the report, the profile and its copy
    assert not list(machine.glob("session*"))  # the report in every form
    with pytest.raises(NotPermitted, match="P07 withdrew the consent"):
        record()
    assert [h.person for h in erasure.held(places.audit().entries())] == ["P08"]
    assert insula("audit", "verify").startswith(f"{proof.n} lines, every one in its place")


def test_what_was_moved_away_is_named_in_the_proof(machine: Path) -> None:
    record().rename(machine / "elsewhere")
    shown = insula("consent", "withdraw", "P07", "--yes")
    assert "not found where it was" in shown
    proof = places.audit().entries()[-1]
    assert proof.facts["missing"] == [str(machine / "session")]


def test_what_cannot_be_erased_now_is_left_in_the_proof_and_erased_the_next_time(machine: Path) -> None:
    first, second = record(), record("second")
    running = runtime_dir.create(first.name)
    with pytest.raises(SinkError, match=r"not everything .*session \(.*is being recorded now"):
        insula("consent", "withdraw", "P07", "--yes")
    assert first.exists()
    assert not second.exists()
    assert places.audit().entries()[-1].facts["left"] == [str(first)]
    running.rmdir()
    insula("consent", "withdraw", "P07", "--yes")
    assert not first.exists()
    assert places.audit().entries()[-1].facts["left"] == []


def test_only_what_is_due_is_erased(machine: Path) -> None:
    (machine / "s.toml").write_text((machine / "s.toml").read_text() + "[privacy]\nkeep_days = 3\n")
    due, kept = record("due"), record("kept")
    log = places.audit()
    log.add("recording started", folder=str(due), person="P07", keep_until="2020-01-01")
    assert insula("erase", "--due", "--dry-run").startswith(str(due))
    assert due.exists()
    shown = insula("erase", "--due")
    assert "flash disks" in shown
    assert not due.exists()
    assert kept.exists()
    assert insula("erase", "--due") == "nothing is due"


def test_a_session_that_runs_or_another_thing_in_its_place_is_not_erased(machine: Path) -> None:
    session = record()
    running = runtime_dir.create(session.name)
    held = Held(session, "P07", "")
    with pytest.raises(NotPermitted, match="is being recorded now"):
        erasure.erase(held, "asked for")
    running.rmdir()
    shutil.rmtree(session)
    session.mkdir()
    (session / "thesis.txt").write_text("mine")
    with pytest.raises(NotPermitted, match="holds no session now"):
        erasure.erase(held, "asked for")
    assert (session / "thesis.txt").exists()


def test_a_file_written_from_two_sessions_belongs_to_the_later(machine: Path) -> None:
    first, second = record(), record("second")
    for session in (first, second):
        exported(session, machine / "table.csv")
    exported(machine / "unknown", machine / "x")
    found = {h.folder: h.exports for h in erasure.held(places.audit().entries())}
    assert found == {first: [], second: [machine / "table.csv"]}


def test_keep_until_is_the_earlier_of_retention_and_consent(machine: Path) -> None:
    from insula.edge import config

    parsed = config.load(machine / "s.toml")
    assert parsed.context is not None
    infos = []
    today = datetime.date(2999, 12, 30)
    permit = gate.permit(parsed, parsed.context, infos, today, foreign=True)
    assert permit.keep_until == "2999-12-31"
    assert permit.recipient == crypt.recipient_of(keys.private(lambda: WORDS))


@pytest.mark.parametrize("text", ["{}", '{"person": "P09"}'])
def test_what_is_no_signed_consent_is_not_imported(machine: Path, text: str) -> None:
    Path("c.json").write_text(text)
    with pytest.raises(InsulaError):
        insula("consent", "import", "c.json")


def test_a_consent_goes_by_file_from_machine_to_machine(machine: Path) -> None:
    insula("consent", "new", "P09", "--stream", "eda", "--until", "2999-01-01", "--out", "c.json")
    with pytest.raises(DataError, match="is not signed"):
        insula("consent", "import", "c.json")
    insula("consent", "new", "P10", "--stream", "eda", "--until", "2999-01-01", "--paper")
    shutil.copy(places.consents().folder / "P10.json", "p10.json")
    assert "P10" in insula("consent", "import", "p10.json")
    assert [e.event for e in places.audit().entries()][-2:] == ["consent signed", "consent imported"]


def test_the_start_page_lists_an_encrypted_session_and_opens_it(machine: Path, qtbot: QtBot) -> None:
    from insula.ui.dashboard import sessions
    from insula.ui.dashboard.app import Desk

    session = record("sessions/one")
    (known,) = sessions.recorded(machine / "sessions")
    assert (known.path, known.title, known.sealed) == (session, "one", True)
    desk = Desk()
    qtbot.addWidget(desk.start)
    desk.review(session)
    assert desk.window is not None
    assert list((machine / "run" / "insula").glob("open-one-*/one/session.xdf"))
    desk.window.close()
    assert not list((machine / "run" / "insula").iterdir())
    shutil.rmtree(keys.folder())
    desk.review(session)
    assert "is not on this machine" in desk.start.banner.text()


def test_the_systems_keyring_may_keep_the_key(machine: Path) -> None:
    keyring = pytest.importorskip("keyring", reason="needs insula[keyring]")
    shutil.rmtree(keys.folder())
    kept: dict[tuple[str, str], str] = {}

    class Ring(keyring.backend.KeyringBackend):  # type: ignore[name-defined, misc]
        priority = 1

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

        def get_password(self, service: str, username: str) -> str | None:
            return kept.get((service, username))

    before = keyring.get_keyring()
    try:
        keyring.set_keyring(Ring())
        made = keys.create(None)
        assert [name for _, name in kept] == [made.id]
        with opened(record(), lambda: "nobody is asked") as folder:
            assert (folder / "session.json").exists()
        kept.clear()
        with pytest.raises(DataError, match="holds no key"):
            keys.private(lambda: "")
        keyring.set_keyring(keyring.backends.fail.Keyring())
        shutil.rmtree(keys.folder())
        with pytest.raises(ConfigError, match="use a passphrase"):
            keys.create(None)
    finally:
        keyring.set_keyring(before)
