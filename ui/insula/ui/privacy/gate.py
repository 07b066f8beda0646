"""May this session be held? Asked before a sensor is opened, and again when its streams are known."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.prompt import Confirm, IntPrompt, Prompt

from insula.edge.config import Config, Part
from insula.edge.errors import ConfigError, DataError, NotPermitted, SinkError
from insula.edge.privacy.consent import Consent, kind_of
from insula.edge.privacy.context import IN_WORDS, NOTICE_DUTY, PROHIBITED, Context, Use, use_named
from insula.edge.privacy.crypt import Recipient
from insula.edge.privacy.mode import Mode
from insula.edge.types import StreamInfo
from insula.edge.untrusted import parse_json
from insula.ui import places
from insula.ui.privacy import erasure, keys
from insula.ui.terminal import console

HOW = (
    "state the use first: 'insula context set own-use' (or research, clinical, robot-demo …) once for this "
    "machine, [context] in the configuration, or --use"
)


@dataclass(frozen=True, slots=True)
class Permit:
    """What a session may do. ``context`` is ``None`` when everything in it is simulated.

    ``keep_until`` is the last day (ISO date) its files may be kept, "" for no limit; ``recipient`` is the
    key it is encrypted for.
    """

    context: Context | None = None
    consent: Consent | None = None
    mode: Mode = Mode.FEATURES_ONLY
    keep_until: str = ""
    recipient: Recipient | None = None

    def facts(self) -> dict[str, str]:
        """The permit as the recording and the manifest state it."""
        context, consent = self.context, self.consent
        return {
            "use": "simulated" if context is None else str(context.use),
            "purpose": context.purpose if context else "",
            "medical_or_safety": context.medical_or_safety if context else "",
            "mode": str(self.mode),
            "person": consent.person if consent else "",
            "consent": f"signed {consent.signed}, until {consent.until}" if consent else "",
            "keep_until": self.keep_until,
            "encrypted": str(self.recipient is not None).lower(),
            "notice": "research software, not a medical device",
        }

    def line(self) -> str:
        """The permit in one line for the operator."""
        context = self.context
        if context is None:
            return "simulated input: nobody is measured · not a medical device"
        parts = [
            f"use: {context.use}",
            f"person {self.consent.person}" if self.consent else "no person named",
            f"mode {self.mode}",
            "encrypted" if self.recipient else "not encrypted ('insula keys new' changes that)",
        ]
        return " · ".join([*parts, "research software, not a medical device"])

    def log(self, event: str, folder: Path, **facts: object) -> None:
        """Write an act of this session into the audit log; simulated sessions concern nobody.

        Raises ``SinkError``: what cannot be logged is not done.
        """
        if self.context is None:
            return
        person = self.consent.person if self.consent else ""
        try:
            places.audit().add(event, folder=str(folder.resolve()), person=person, **facts)
        except DataError as error:
            raise SinkError(
                f"{error}; nothing is recorded until that is cleared up: keep the log and its head under "
                "other names, then a new one begins"
            ) from error


def ask(config: Config, stated: Context | None = None, *, foreign: bool = False) -> Context | None:
    """The use: as ``stated``, by the configuration, for the machine, or by who sits at the terminal.

    ``None`` for a simulated person. ``foreign``: streams of other programs are recorded too. Raises
    ``NotPermitted`` with what to do when nobody states a use.
    """
    if not foreign and all(part.factory.startswith("simulated_") for part in config.sensors):
        return None  # the streams themselves say later whether that is true
    found = stated or config.context or load()
    if found is not None:
        return found
    if not (sys.stdin.isatty() and console.is_terminal):
        raise NotPermitted(HOW)
    answered = question()
    save(answered)
    return answered


def permit(
    config: Config,
    context: Context | None,
    infos: Iterable[StreamInfo],
    today: datetime.date,
    *,
    foreign: bool = False,
) -> Permit:
    """Whether the session may be held with these streams; raises ``NotPermitted`` in words."""
    infos = list(infos)
    if not foreign and all(info.simulated for info in infos):
        return Permit(mode=config.mode)
    if context is None:
        raise NotPermitted(HOW)
    consent = _consent(config, context)
    if consent is not None:
        if why := consent.why_not(infos, purpose=str(context.use), mode=config.mode, today=today):
            raise NotPermitted(f"refused: {why}")
    elif not context.most.covers(config.mode):
        raise NotPermitted(
            f"refused: mode {config.mode} needs the consent of the person ('insula consent new'); "
            f"without it, the use {context.use} keeps {context.most}"
        )
    recipient = keys.recipient() if config.encrypt is not False else None
    if config.encrypt and recipient is None:
        raise NotPermitted("[privacy] encrypt = true needs a key: 'insula keys new' makes one")
    if recipient is not None and (plain := plain_files(config)):
        raise NotPermitted(
            f"refused: [sinks.{plain[0].name}] writes a plain file beside an encrypted session; take it out, "
            "or state [privacy] encrypt = false"
        )
    ends = [consent.until] if consent else []
    if config.keep_days is not None:
        ends.append((today + datetime.timedelta(days=config.keep_days)).isoformat())
    return Permit(context, consent, config.mode, min(ends, default=""), recipient)


def plain_files(config: Config) -> list[Part]:
    """The configured outputs that write files of their own."""
    return [
        part
        for part in config.sinks
        if part.factory in ("jsonl", "xdf") and part.options.get("path", "-") != "-"
    ]


def overdue(today: datetime.date) -> int:
    """How many sessions must not be kept any longer; raises ``DataError`` when the audit log is damaged."""
    return sum(session.due(today) for session in erasure.held(places.audit().entries()))


def kinds(infos: Iterable[StreamInfo]) -> list[str]:
    """The kinds of stream a session records, as a person is asked about them."""
    return sorted({kind for info in infos if (kind := kind_of(info.type))})


def _consent(config: Config, context: Context) -> Consent | None:
    if config.person:
        try:
            return places.consents().load(config.person)
        except DataError as error:
            raise NotPermitted(f"refused: {error}") from error
    if context.needs_consent:
        raise NotPermitted(
            f"refused: the use {context.use} needs the person's consent; name the person by a pseudonym: "
            "--person P07, or person in [session]"
        )
    return None


# -- the machine's statement ------------------------------------------------------------------------------


def _path() -> Path:
    return places.data() / "context.json"


def load() -> Context | None:
    """What was stated for this machine; raises ``DataError`` when the file is damaged."""
    try:
        body = parse_json(_path().read_text("utf-8"))
        return Context(
            use_named(body["use"]), str(body["purpose"]), str(body["medical_or_safety"]), bool(body["notice"])
        )
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError, ConfigError) as error:
        raise DataError(f"{_path()}: {error}; 'insula context set' writes it anew") from error


def save(context: Context) -> None:
    """State the use for this machine, in the audit log too; raises ``SinkError``."""
    try:
        _path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _path().with_suffix(".part")
        draft.write_text(json.dumps(asdict(context), indent=2, ensure_ascii=False) + "\n", "utf-8")
        draft.replace(_path())
    except OSError as error:
        raise SinkError(f"{_path()} cannot be written: {error.strerror}") from error
    places.audit().add("use stated", **{key: str(value) for key, value in asdict(context).items()})


def question() -> Context:
    """Ask at the terminal; raises ``ConfigError`` when the answer is a use that is refused."""
    console.print("\n[bold]For what is Insula used here?[/bold] (research software, not a medical device)")
    uses = list(Use)
    for number, use in enumerate(uses, 1):
        console.print(f"  {number}  {IN_WORDS[use]}")
    numbers = [str(n) for n in range(1, len(uses) + 1)]
    use = uses[IntPrompt.ask("number", choices=numbers, show_choices=False) - 1]
    reason, notice = "", False
    if use in (Use.WORK, Use.EDUCATION):
        console.print(f"  {PROHIBITED}.")
        reason = Prompt.ask("the medical or safety purpose, in words (empty: none)", default="")
    if use is Use.ROBOT_DEMO:
        console.print(f"  {NOTICE_DUTY}.")
        notice = Confirm.ask("is the notice up ('insula notice' prints it)?", default=False)
    return Context(use, medical_or_safety=reason, notice=notice)
