"""The command line of studies: protocols, the participant's window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insula.ui.protocol.plan import Plan

protocol_app = typer.Typer(no_args_is_help=True, help="Timed protocols and questionnaires of a study.")

ProtocolFile = Annotated[
    Path | None,
    typer.Option("--protocol", metavar="FILE", help="Lead through the steps of this protocol (TOML)."),
]
Number = Annotated[
    int,
    typer.Option(
        "--participant", min=1, metavar="N", help="The participant's number: it decides random orders."
    ),
]
Language = Annotated[
    str, typer.Option("--language", metavar="en|de", help="The participant's; default: the protocol's.")
]
_File = Annotated[Path, typer.Argument(help="A protocol's TOML file (docs/protocols.md).")]


def prepared(file: Path | None, number: int, language: str) -> Plan | None:
    """Return the plan that --protocol, --participant and --language ask for."""
    if file is None:
        return None
    from insula.ui.commands import protocol

    return protocol.prepared(file, number, language)


@protocol_app.command("check")
def protocol_check(file: _File) -> None:
    """Check a protocol and everything it names; an error says in which line and key it is."""
    from insula.ui.commands import protocol

    protocol.check(file)


@protocol_app.command("show")
def protocol_show(file: _File, participant: Number = 1, language: Language = "") -> None:
    """Show the steps in the order in which a participant will have them."""
    from insula.ui.commands import protocol

    protocol.show(file, participant, language)


@protocol_app.command("questionnaires")
def protocol_questionnaires() -> None:
    """List the questionnaires that come with Insula, with sources and licences."""
    from insula.ui.commands import protocol

    protocol.questionnaires()


def participant(
    session: Annotated[
        Path | None, typer.Argument(help="The session's runtime folder; default: the newest that runs.")
    ] = None,
) -> None:
    """Open the participant's window on the session that is running now."""
    from insula.ui.commands import window

    raise typer.Exit(window.show_participant(session))
