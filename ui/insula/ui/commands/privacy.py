"""``insula context | consent | keys | session | audit | erase | notice``: what each prints and asks."""

from __future__ import annotations

import contextlib
import datetime
import shutil
from pathlib import Path

from rich.prompt import Confirm
from rich.table import Table

from insula.edge.errors import ConfigError, DataError, NotPermitted, SinkError
from insula.edge.privacy.audit import Entry
from insula.edge.privacy.consent import Consent, dumps
from insula.edge.privacy.context import IN_WORDS, Context
from insula.edge.session import check_free
from insula.ui import display, places
from insula.ui.privacy import erasure, gate, keys, notice, records, vault
from insula.ui.privacy.erasure import Erased, Held
from insula.ui.terminal import console


def show_context() -> None:
    """Print what was stated for this machine."""
    context = gate.load()
    if context is None:
        console.print(f"nothing is stated for this machine; {gate.HOW}", soft_wrap=True)
        return
    console.print(f"{context.use}: {IN_WORDS[context.use]}", soft_wrap=True)
    for name in ("purpose", "medical_or_safety"):
        if value := getattr(context, name):
            console.print(f"  {name}: {value}", soft_wrap=True)


def set_context(context: Context) -> None:
    """State the use for this machine."""
    gate.save(context)
    show_context()


def new_consent(consent: Consent, out: Path | None, *, paper: bool) -> None:
    """Keep a consent signed on paper, or write it unsigned for the participant window."""
    if paper:
        records.sign(consent, "paper, entered by the operator")
        show_consent(consent.person)
        return
    target = out or Path(f"{consent.person}.consent.json")
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(dumps(consent))
    except OSError as error:
        raise SinkError(f"{target} cannot be written: {error.strerror}") from error
    console.print(f"  {target}  not signed yet: 'insula consent sign {target}' shows it to the person")


def sign_consent(file: Path, language: str) -> bool:
    """Let the person sign a prepared consent in a window; false when they did not agree."""
    asked = records.read(file)
    if reason := display.why_no_window():
        raise ConfigError(reason)
    from insula.ui.participant import app

    signed = app.sign(asked, language)
    if signed is None:
        console.print(f"{asked.person} did not agree; nothing is kept")
        return False
    show_consent(signed.person)
    return True


def show_consent(person: str) -> None:
    """Print one consent, or all."""
    found = [places.consents().load(person)] if person else places.consents().all()
    if not found:
        console.print("no consent is kept on this machine")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in ("person", "streams", "purposes", "mode", "until", "state"):
        table.add_column(name, overflow="fold")
    for consent in found:
        state = f"signed {consent.signed[:10]} ({consent.how})"
        if consent.withdrawn:
            state = f"[yellow]withdrawn {consent.withdrawn[:10]}[/yellow]"
        table.add_row(
            consent.person,
            ", ".join(consent.streams),
            ", ".join(consent.purposes),
            str(consent.mode),
            consent.until,
            state,
        )
    console.print(table)


def withdraw(person: str, *, sure: bool) -> None:
    """Erase everything of a person and print the proof."""
    _confirm(f"erase everything kept of {person}? It cannot be undone", sure=sure)
    done, proof = erasure.withdraw(person)
    for part in done:
        _tell(part)
    console.print(f"the consent of {person} is withdrawn; {_proof(proof)}", soft_wrap=True)
    if proof.facts["left"]:
        why = "; ".join(proof.facts["failed"]) or "see the audit log"
        raise SinkError(f"not everything could be erased: {', '.join(proof.facts['left'])} ({why})")


def new_key(*, keyring: bool) -> None:
    """Make this machine's key."""
    if not keyring:
        console.print("From now on sessions are encrypted. Without this passphrase nobody reads them.")
    made = keys.create(None if keyring else keys.passphrase(twice=True))
    places.audit().add("key made", key=made.id, keyring=keyring)
    console.print(f"  key {made.id} in {keys.folder()}; keep a copy of that folder elsewhere", soft_wrap=True)


def show_key() -> None:
    """Print whether this machine has a key."""
    found = keys.recipient()
    if found is None:
        console.print("no key: sessions are not encrypted; 'insula keys new' makes one")
    else:
        console.print(f"key {found.id} in {keys.folder()}: new sessions are encrypted", soft_wrap=True)


def encrypt(session: Path) -> None:
    """Encrypt a plain session in place."""
    recipient = keys.recipient()
    if recipient is None:
        raise ConfigError("this machine has no key: 'insula keys new' makes one")
    count = vault.encrypt(session, recipient)
    places.audit().add("encrypted", folder=str(session.resolve()))
    console.print(f"  {session}  {count} files encrypted")


def decrypt(session: Path, out: Path) -> None:
    """Write a plain copy of an encrypted session."""
    if not vault.is_sealed(session):
        raise DataError(f"{session} is not an encrypted session")
    check_free(out)
    key = vault.session_key(session)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{out} cannot be made: {error.strerror}") from error
    vault.decrypt_into(session, out, key)
    records.exported(session, out)
    console.print(f"  {out}  plain; 'insula erase' and withdrawal know of it", soft_wrap=True)


def open_until_enter(session: Path) -> None:
    """Show where the plain copy lies until Enter is pressed."""
    with vault.opened(session) as folder:
        console.print(f"  {folder}", style="cyan", highlight=False, soft_wrap=True)
        console.print("plain while this waits; what you change there is kept. Enter closes it.")
        with contextlib.suppress(KeyboardInterrupt, EOFError):
            input()


def audit_show(last: int) -> None:
    """Print the newest acts."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in ("", "when (UTC)", "what", "about"):
        table.add_column(name, overflow="fold")
    for entry in places.audit().entries()[-last:]:
        told = ", ".join(f"{k} {_short(v)}" for k, v in entry.facts.items() if v not in ("", [], None))
        table.add_row(str(entry.n), entry.when.removesuffix("+00:00"), entry.event, told)
    console.print(table)


def audit_verify(head: str) -> None:
    """Check the chain, its head, and a hash noted elsewhere; raises ``DataError``."""
    log = places.audit()
    entries = log.entries()
    if head and head not in {entry.hash for entry in entries}:
        raise DataError(f"no line of {log.path} has the hash {head}: the log was rewritten")
    if not entries:
        console.print("the audit log is empty")
        return
    console.print(f"{len(entries)} lines, every one in its place; newest {entries[-1].when}")
    console.print(f"  head {entries[-1].hash}", highlight=False, soft_wrap=True)
    console.print("  note it elsewhere: 'insula audit verify --head …' then finds a log rewritten as a whole")


def erase(sessions: list[Path], *, due: bool, dry_run: bool, sure: bool) -> None:
    """Erase sessions that are due or named; raises ``InsulaError``."""
    known = erasure.held(places.audit().entries())
    today = datetime.date.today()
    chosen = [held for held in known if due and held.due(today)]
    for path in sessions:
        chosen.append(next((h for h in known if h.folder == path.resolve()), Held(path.resolve(), "", "")))
        if not path.exists():
            raise DataError(f"there is no {path}")
    if not chosen:
        console.print("nothing is due" if due else "name a session, or use --due")
        return
    for held in chosen:
        kept = f", kept until {held.keep_until}" if held.keep_until else ""
        console.print(f"  {held.folder}{kept}", highlight=False, soft_wrap=True)
    if dry_run:
        return
    if sessions:
        _confirm(f"erase {len(chosen)} session(s)? It cannot be undone", sure=sure)
    for held in chosen:
        _tell(erasure.erase(held, "due" if held.due(today) else "asked for"))
    console.print(HONEST, style="bright_black", soft_wrap=True)


HONEST = (
    "On flash disks and in backups, blocks of a plain session may survive being overwritten; of an encrypted "
    "one nothing can be read, because its key was erased first."
)


def make_notice(about: notice.About, language: str, out: Path | None) -> None:
    """Write the notice as a page, or show it here."""
    if language not in notice.LANGUAGES:
        raise ConfigError(f"--lang {language!r} should be one of {', '.join(notice.LANGUAGES)}")
    if out is None:
        width = min(100, shutil.get_terminal_size().columns)
        console.print(notice.text(about, language), width=width)
        return
    try:
        out.write_text(notice.page(about, language), "utf-8")
    except OSError as error:
        raise SinkError(f"{out} cannot be written: {error.strerror}") from error
    console.print(f"  {out}", style="cyan", highlight=False, soft_wrap=True)


def _confirm(question: str, *, sure: bool) -> None:
    if sure:
        return
    if not console.is_terminal:
        raise NotPermitted(f"{question}: say so with --yes")
    if not Confirm.ask(question, default=False):
        raise NotPermitted("nothing was erased")


def _tell(done: Erased) -> None:
    console.print(f"  erased {done.files} files, {done.size_bytes / 1e6:.2f} MB", highlight=False)
    for name in done.missing:
        console.print(f"  [yellow]not found where it was: {name}[/yellow]; moved or copied?", soft_wrap=True)


def _proof(entry: Entry) -> str:
    return f"line {entry.n} of the audit log is the proof ({entry.hash[:16]}…)"


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:28]}…{text[-28:]}"
