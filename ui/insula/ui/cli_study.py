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


rate_app = typer.Typer(
    no_args_is_help=True, help="Continuous ratings: give them, write them out, compare them."
)

_Annotator = Annotated[
    str, typer.Option("--annotator", metavar="NAME", help="Who rates; part of file names.")
]
_Role = Annotated[str, typer.Option("--role", help="self, clinician, parent, partner or observer.")]
_Axes = Annotated[str, typer.Option("--axes", help="valence, arousal, or both.")]
_Classes = Annotated[str, typer.Option("--classes", metavar="A,B,…", help="Rate classes instead of axes.")]
_Joystick = Annotated[
    Path | None, typer.Option("--joystick", metavar="/dev/input/js0", help="Rate with a joystick (Linux).")
]
_Session = Annotated[Path, typer.Argument(help="A recorded session's folder.")]


@rate_app.command("live")
def rate_live(
    annotator: _Annotator,
    role: _Role,
    axes: _Axes = "valence,arousal",
    classes: _Classes = "",
    joystick: _Joystick = None,
) -> None:
    """Rate the session that is running: 25 Hz, into its file and out over LSL."""
    from insula.ui.commands import rate

    raise typer.Exit(rate.live(rate.wanted(axes, classes), annotator, role, joystick))


@rate_app.command("recording")
def rate_recording(
    session: _Session,
    annotator: _Annotator,
    role: _Role,
    axes: _Axes = "valence,arousal",
    classes: _Classes = "",
    joystick: _Joystick = None,
) -> None:
    """Rate a recording while watching its pictures; the recording stays as it is."""
    from insula.ui.commands import rate

    raise typer.Exit(rate.recording(session, rate.wanted(axes, classes), annotator, role, joystick))


@rate_app.command("export")
def rate_export(
    session: _Session,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the CSV files go.")],
    hz: Annotated[float, typer.Option("--hz", min=0.1, help="Frames a second.")] = 25.0,
    grid: Annotated[float, typer.Option("--grid", min=0.1, help="Cells a second of the label grid.")] = 5.0,
) -> None:
    """Write a session's ratings as CSV: OMG-Empathy's form, one row a frame, and a grid of labels."""
    from insula.ui.commands import rate

    rate.export(session, out, hz, grid)


@rate_app.command("agreement")
def rate_agreement(
    session: _Session,
    hz: Annotated[float, typer.Option("--hz", min=0.1, help="Frames a second.")] = 25.0,
) -> None:
    """Say how well the annotators of a session agree: CCC of each pair, Krippendorff's alpha of all."""
    from insula.ui.commands import rate

    rate.agreement(session, hz)


@rate_app.command("score")
def rate_score(
    truth: Annotated[Path, typer.Argument(help="Folder of Subject_<s>_Story_<t>.csv with a valence column.")],
    predictions: Annotated[Path, typer.Argument(help="Folder of files with the same names.")],
) -> None:
    """Score predictions as the OMG-Empathy challenge does: personalised and general CCC."""
    from insula.ui.commands import rate

    rate.score(truth, predictions)
