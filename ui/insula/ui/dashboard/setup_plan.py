"""What the set-up page asks for, as the command that starts such a session (Qt-free)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from insula.edge.errors import DataError, SinkError
from insula.edge.privacy.consent import check_pseudonym
from insula.edge.privacy.context import Context
from insula.edge.privacy.mode import Mode
from insula.sensors.probe import Found
from insula.ui import places


@dataclass(frozen=True, slots=True)
class Device:
    """One thing a driver found, or the reason why it found nothing."""

    driver: str
    found: Found

    @property
    def simulated(self) -> bool:
        """Whether it is part of the simulated person."""
        return self.driver.startswith("simulated_")


@dataclass(frozen=True, slots=True)
class Plan:
    """A session to be started; ``person`` is a pseudonym or "", ``protocol`` a file or ``None``."""

    devices: tuple[Device, ...]
    context: Context | None
    person: str = ""
    protocol: Path | None = None
    mode: Mode = Mode.FEATURES_ONLY
    number: int = 1
    """Which participant this is: it decides the order of the protocol's conditions."""

    @property
    def simulated(self) -> bool:
        """Whether nobody is measured."""
        return all(device.simulated for device in self.devices)

    def missing(self) -> str:
        """Return what is still to be done before it can start, in English; "" when nothing is."""
        if not self.devices:
            return "choose at least one device, or the simulated person"
        if self.simulated:
            return ""
        if self.context is None:
            return "say what it is used for"
        if self.context.needs_consent and not self.person:
            return "name the person by a pseudonym, such as P07"
        return "" if not self.person or consented(self.person) else "the person has not consented yet"

    def toml(self) -> str:
        """Return the configuration file."""
        lines = ["[privacy]", f"mode = {json.dumps(str(self.mode))}", ""]
        if self.person:
            lines += ["[session]", f"person = {json.dumps(self.person)}", ""]
        names: dict[str, int] = {}
        for device in self.devices:
            short = device.driver.removeprefix("simulated_")
            names[short] = names.get(short, 0) + 1
            name = short if names[short] == 1 else f"{short}{names[short]}"
            lines += [f"[sensors.{name}]", f"driver = {json.dumps(device.driver)}"]
            lines += [f"{key} = {json.dumps(value)}" for key, value in device.found.options.items()]
            lines.append("")
        return "\n".join([*lines, "[sinks.lsl]", 'sink = "lsl"', ""])

    def arguments(self, file: Path) -> tuple[str, ...]:
        """Write the configuration to ``file`` and return the arguments of ``insula`` that run it.

        Raises ``SinkError`` when the file cannot be written.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.toml(), "utf-8")
        except OSError as error:
            raise SinkError(f"{file} cannot be written: {error.strerror}; choose another folder") from error
        protocol: tuple[str, ...] = ()
        if self.protocol:
            protocol = ("--protocol", str(self.protocol), "--participant", str(self.number))
        return ("run", str(file), *protocol)


def consented(person: str) -> str:
    """Return until when a person consented, "" when nothing valid is kept."""
    try:
        consent = places.consents().load(person)
    except DataError:
        return ""
    return consent.until if consent.signed and not consent.withdrawn else ""


def pseudonym_problem(person: str) -> str:
    """Return why this is no pseudonym, "" when it is one or nothing was typed."""
    try:
        if person:
            check_pseudonym(person)
    except DataError as error:
        return str(error)
    return ""


def protocols(folders: Sequence[Path]) -> list[Path]:
    """Return the protocol files below ``folders``, by name."""
    found = {path.resolve(): path for folder in folders if folder.is_dir() for path in folder.glob("*.toml")}
    return sorted(found.values(), key=lambda path: path.name)
