"""The commands about people's data: use, consent, keys, encrypted sessions, audit, erasure, notice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insula.ui.cli_panels import PRIVACY

context_app = typer.Typer(no_args_is_help=True, help="State what the software is used for on this machine.")
consent_app = typer.Typer(no_args_is_help=True, help="Consent records, kept under pseudonyms.")
keys_app = typer.Typer(no_args_is_help=True, help="The key that encrypts this machine's sessions.")
session_app = typer.Typer(no_args_is_help=True, help="Encrypt, decrypt and open recorded sessions.")
audit_app = typer.Typer(no_args_is_help=True, help="What was done with people's data, line by line.")

UseName = Annotated[
    str,
    typer.Argument(metavar="USE", help="clinical, research, own-use, robot-demo, work or education."),
]
Medical = Annotated[
    str,
    typer.Option(
        "--medical-or-safety",
        metavar="TEXT",
        help="The medical or safety purpose; work and education are refused without (AI Act, Art. 5(1)(f)).",
    ),
]
NoticeUp = Annotated[
    bool, typer.Option("--notice-up", help="The notice stands where people see it first (Art. 50(3)).")
]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="A pseudonym such as P07, never a name.")]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]
Session = Annotated[Path, typer.Argument(help="A recorded session's folder.")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into ``app``."""
    for group, name in (
        (context_app, "context"),
        (consent_app, "consent"),
        (keys_app, "keys"),
        (session_app, "session"),
        (audit_app, "audit"),
    ):
        app.add_typer(group, name=name, rich_help_panel=PRIVACY)
    for command in (notice, erase, anonymise):
        app.command(rich_help_panel=PRIVACY)(command)


@context_app.command("set")
def context_set(
    use: UseName,
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="In your own words.")] = "",
    medical_or_safety: Medical = "",
    notice_up: NoticeUp = False,
) -> None:
    """State the use for every session on this machine whose configuration does not."""
    from insula.edge.privacy.context import Context, use_named
    from insula.ui.commands import privacy

    privacy.set_context(Context(use_named(use), purpose, medical_or_safety, notice_up))


@context_app.command("show")
def context_show() -> None:
    """Say what was stated."""
    from insula.ui.commands import privacy

    privacy.show_context()


@consent_app.command("new")
def consent_new(
    person: Person,
    streams: Annotated[
        list[str],
        typer.Option("--stream", metavar="KIND", help="camera, voice, eeg, eda, heart, gaze or other."),
    ],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day, as 2030-12-31.")],
    purposes: Annotated[
        list[str] | None,
        typer.Option("--purpose", metavar="TEXT", help="research, clinical …; default: research."),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="The most that may be kept: features-only, de-identified or full.")
    ] = "features-only",
    paper: Annotated[bool, typer.Option("--paper", help="It is signed on paper: keep it as signed.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
) -> None:
    """Prepare a consent for the person to sign on the screen, or keep one signed on paper."""
    from insula.edge.errors import ConfigError
    from insula.edge.privacy.consent import Consent
    from insula.edge.privacy.mode import Mode
    from insula.ui.commands import privacy

    if mode not in list(Mode):
        raise ConfigError(f"--mode {mode!r} should be one of {', '.join(Mode)}")
    asked = Consent(person, tuple(streams), tuple(purposes or ["research"]), until, Mode(mode))
    privacy.new_consent(asked, out, paper=paper)


@consent_app.command("sign")
def consent_sign(
    file: Annotated[Path, typer.Argument(help="What 'insula consent new' wrote.")],
    language: Annotated[str, typer.Option("--lang", help="en or de.")] = "en",
) -> None:
    """Show a prepared consent to the person, who ticks what they agree to, and keep it as signed."""
    from insula.ui.commands import privacy

    raise typer.Exit(0 if privacy.sign_consent(file, language) else 1)


@consent_app.command("show")
def consent_show(person: Annotated[str, typer.Argument(metavar="[PERSON]")] = "") -> None:
    """Show the consent of a person, or all."""
    from insula.ui.commands import privacy

    privacy.show_consent(person)


@consent_app.command("import")
def consent_import(file: Annotated[Path, typer.Argument(help="A signed record, JSON.")]) -> None:
    """Take a consent that was signed elsewhere."""
    from insula.ui.commands import privacy
    from insula.ui.privacy import records

    privacy.show_consent(records.take(file).person)


@consent_app.command("withdraw")
def consent_withdraw(person: Person, yes: Sure = False) -> None:
    """Erase all sessions, exports and profiles of a person, and prove it in the audit log."""
    from insula.ui.commands import privacy

    privacy.withdraw(person, sure=yes)


@keys_app.command("new")
def keys_new(
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Keep it in the system's keyring instead of under a passphrase.")
    ] = False,
) -> None:
    """Make this machine's key: from then on sessions are encrypted (libsodium; passphrase by Argon2id)."""
    from insula.ui.commands import privacy

    privacy.new_key(keyring=keyring)


@keys_app.command("show")
def keys_show() -> None:
    """Say whether there is a key."""
    from insula.ui.commands import privacy

    privacy.show_key()


@session_app.command("encrypt")
def session_encrypt(session: Session) -> None:
    """Encrypt a plain session in place."""
    from insula.ui.commands import privacy

    privacy.encrypt(session)


@session_app.command("decrypt")
def session_decrypt(
    session: Session, out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder.")]
) -> None:
    """Write a plain copy of an encrypted session."""
    from insula.ui.commands import privacy

    privacy.decrypt(session, out)


@session_app.command("open")
def session_open(session: Session) -> None:
    """Show a plain copy in private memory until Enter; replay, report and review do this by themselves."""
    from insula.ui.commands import privacy

    privacy.open_until_enter(session)


@audit_app.command("show")
def audit_show(
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="How many lines.")] = 30,
) -> None:
    """Show the newest lines."""
    from insula.ui.commands import privacy

    privacy.audit_show(last)


@audit_app.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option("--head", metavar="HASH", help="A hash noted earlier.")] = "",
) -> None:
    """Check that no line was changed, added or removed; exit code 1 if one was."""
    from insula.ui.commands import privacy

    privacy.audit_verify(head)


def erase(
    sessions: Annotated[list[Path] | None, typer.Argument(help="Sessions' folders.")] = None,
    due: Annotated[bool, typer.Option("--due", help="All whose time is over; for a daily timer.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    yes: Sure = False,
) -> None:
    """Erase sessions with what was exported from them, and log it."""
    from insula.ui.commands import privacy

    privacy.erase(sessions or [], due=due, dry_run=dry_run, sure=yes)


def anonymise(
    source: Annotated[Path, typer.Argument(help="A sound, a video, or a session that recorded its sound.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.wav", help="A new file.")],
    strong: Annotated[
        bool, typer.Option("--strong", help="Hide the speaker better, at the cost of most of the expression.")
    ] = False,
) -> None:
    """Write the voice of a recording with another pitch and timbre; its melody and words stay."""
    from insula.ui.commands import anonymise as command

    command.run(source, out, strong=strong)


def notice(
    lang: Annotated[str, typer.Option("--lang", help="en or de.")] = "en",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.html", help="One A4 page; without it, shown here.")
    ] = None,
    operator: Annotated[str, typer.Option("--operator", help="Who is responsible.")] = "",
    contact: Annotated[str, typer.Option("--contact", help="How to reach them.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="What it is done for.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="When it is erased.")] = "",
    mode: Annotated[str, typer.Option("--mode", help="What is kept: features-only …")] = "features-only",
) -> None:
    """Make the notice for the people who are measured (AI Act, Art. 50(3)), to print or to show."""
    from insula.edge.errors import ConfigError
    from insula.edge.privacy.mode import Mode
    from insula.ui.commands import privacy
    from insula.ui.privacy.notice import About

    if mode not in list(Mode):
        raise ConfigError(f"--mode {mode!r} should be one of {', '.join(Mode)}")
    privacy.make_notice(About(operator, contact, purpose, until, Mode(mode)), lang, out)
