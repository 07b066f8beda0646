"""What is there: for ``insula devices``, and a configuration from it for ``insula run``."""

from __future__ import annotations

import sys
from typing import Any

from rich.table import Table

from insula.edge import config as configuration
from insula.edge import registry
from insula.edge.config import Config
from insula.edge.errors import ConfigError, SensorUnavailable
from insula.sensors.probe import Found
from insula.ui.terminal import console

_LIVE = ("camera", "microphone", "lsl")  # what can be found by looking; a board must be named


def probe(driver: str) -> list[Found]:
    """Ask a driver's module what it could open."""
    try:
        factory = registry.factory("sensors", driver)
    except ConfigError as error:
        return [Found(driver, {}, str(error))]
    ask = getattr(sys.modules[factory.__module__], "probe", None)
    if ask is None:
        return [Found(driver, {}, "this driver has no probe; name it in a configuration file")]
    found: list[Found] = ask()
    return found


def show() -> None:
    """Print every driver with what it finds."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in ("", "driver", "what", "options, or why not"):
        table.add_column(name, overflow="fold")
    with console.status("looking for devices …"):
        rows = [(driver, found) for driver in registry.names("sensors") for found in probe(driver)]
    for driver, found in rows:
        light = "[green]●[/green]" if not found.why_not else "[bright_black]○[/bright_black]"
        options = ", ".join(f"{k} = {v!r}" for k, v in found.options.items())
        table.add_row(light, driver, found.label, found.why_not or options)
    console.print(table)


def automatic() -> Config:
    """A configuration of the devices that are found, naming them and the reason for each that is not.

    Raises ``SensorUnavailable`` when there is none.
    """
    sensors: dict[str, dict[str, Any]] = {}
    for driver in _LIVE:
        for found in probe(driver):
            if str(found.options.get("name", "")).startswith("insula."):
                continue  # what another session of ours gives out is no sensor
            if found.why_not:
                console.print(f"[bright_black]○ {found.label}: {found.why_not}[/bright_black]")
                continue
            console.print(f"[green]●[/green] {found.label}")
            name = (
                driver
                if driver not in sensors
                else f"{driver}{sum(k.startswith(driver) for k in sensors) + 1}"
            )
            sensors[name] = {"driver": driver, **found.options}
    console.print("[bright_black]○ BrainFlow boards: name yours in a configuration file[/bright_black]")
    if not sensors:
        raise SensorUnavailable(
            "no sensor was found; 'insula devices' says why, 'insula demo' needs none, "
            "and examples/real-files.toml plays recordings"
        )
    return configuration.parse({"sensors": sensors, "sinks": {"lsl": {"sink": "lsl"}}})
