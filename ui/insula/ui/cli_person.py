"""The command line of persons: the guided minute, and the profiles it makes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insula.edge.errors import ConfigError

profile_app = typer.Typer(no_args_is_help=True, help="What is kept of a person: list, show, export, erase.")
Person = Annotated[str, typer.Argument(metavar="P01", help="A pseudonym; names do not belong here.")]


def _weights(texts: list[str] | None) -> dict[str, float]:
    weights = {}
    for text in texts or ():
        name, _, value = text.partition("=")
        try:
            weights[name] = float(value)
        except ValueError as error:
            raise ConfigError(f"--weight {text!r} should look like face=0.5") from error
    return weights


def calibrate_person(
    person: Person,
    config: Annotated[
        Path | None, typer.Argument(help="TOML file; without it, the devices that are found.")
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Try it on the simulated person, who follows no instruction.")
    ] = False,
    language: Annotated[str, typer.Option("--language", metavar="en|de")] = "en",
    age: Annotated[int | None, typer.Option("--age", min=0, max=120, help="Years, if declared.")] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option("--condition", metavar="TEXT", help="As declared: autism, facial palsy … Repeatable."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="MODALITY=0…1", help="How far it is to be trusted. Repeatable."),
    ] = None,
    physiology_only: Annotated[
        bool, typer.Option("--physiology-only", help="Leave face and voice out for this person.")
    ] = False,
) -> None:
    """One guided minute: neutral face, closed eyes, a read sentence, a breath; saved as the next version.

    From then on `--person P01` (or `person = "P01"` in the configuration) measures against this rest.
    """
    from insula.edge import config as configuration
    from insula.ui.commands import demo, devices
    from insula.ui.commands import person as command

    if simulated and config:
        raise ConfigError("--simulated brings its own sensors: leave the configuration file out")
    given = configuration.load(config) if config else None
    loaded = given or (demo.config() if simulated else devices.automatic())
    about = command.About(age, tuple(condition or ()), _weights(weight), physiology_only)
    command.told(command.calibrate(person, loaded, about, language=language))


@profile_app.command("list")
def profile_list() -> None:
    """List everybody who has a profile."""
    from insula.ui.commands import person as command

    command.list_all()


@profile_app.command("show")
def profile_show(person: Person) -> None:
    """Show a person's newest profile, and where the models were not trained on people like that."""
    from insula.ui.commands import person as command

    command.show(command.profiles().load(person))


@profile_app.command("export")
def profile_export(person: Person, out: Annotated[Path, typer.Option("--out", metavar="FILE.json")]) -> None:
    """Write a person's newest profile to a file, for the person or another machine."""
    from insula.ui.commands import person as command

    command.export(person, out)


@profile_app.command("erase")
def profile_erase(
    person: Person, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Erase every version of a person's profile (`insula consent withdraw` erases it too)."""
    from insula.ui.commands import person as command

    if not yes:
        typer.confirm(f"erase every profile of {person}?", abort=True)
    command.erase(person)
