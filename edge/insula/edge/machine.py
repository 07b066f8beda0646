"""How warm this machine is and in which power mode, from Linux's sysfs; elsewhere not measured, and why.

``/sys/class/thermal`` (thermal zones and their trip points) is the same on a Jetson and a desktop.
The power mode is nvpmodel's on a Jetson (``/var/lib/nvpmodel/status``, ``/etc/nvpmodel.conf``), else the
firmware's platform profile, else the governor of the first core. Power: the board's own monitor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ACTS: Final = {"passive", "hot", "critical"}
"""Kinds of trip points at which the system slows or stops; "active" ones only start a fan."""
_DEGREES: Final = (1.0, 200.0)
"""What a sensor that works can say, in °C; zones that are switched off report 0 or −40."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A place on the machine: its temperature, and that at which the system starts to act, if it has one."""

    name: str
    celsius: float
    limit: float | None

    @property
    def margin(self) -> float | None:
        """Degrees left before the system acts."""
        return None if self.limit is None else self.limit - self.celsius


@dataclass(frozen=True, slots=True)
class MachineState:
    """The zones, and the power mode ("" where it is not known). Without zones ``reason`` says why.

    ``power_w`` is what the whole board draws, ``None`` where nothing measures it.
    """

    zones: tuple[Zone, ...] = ()
    power_mode: str = ""
    reason: str = ""
    power_w: float | None = None

    @property
    def tightest(self) -> Zone | None:
        """The zone nearest to its limit; of zones without one, the hottest."""
        limited = [zone for zone in self.zones if zone.limit is not None]
        if limited:
            return min(limited, key=lambda zone: zone.margin or 0.0)
        return max(self.zones, key=lambda zone: zone.celsius, default=None)

    def words(self) -> str:
        """In one line for people."""
        parts = []
        if zone := self.tightest:
            of = "" if zone.limit is None else f", acts at {zone.limit:.0f} °C"
            parts.append(f"{zone.name} {zone.celsius:.0f} °C{of}")
        else:
            parts.append(f"temperature not measured: {self.reason}")
        if self.power_w is not None:
            parts.append(f"draws {self.power_w:.1f} W")
        if self.power_mode:
            parts.append(f"power mode {self.power_mode}")
        return "; ".join(parts)


def read_machine(root: Path = Path("/")) -> MachineState:
    """Read it now; takes well under a millisecond on a desktop. ``root`` is where the file system begins."""
    folder = root / "sys/class/thermal"
    zones = tuple(zone for path in sorted(folder.glob("thermal_zone*"), key=_number) if (zone := _zone(path)))
    reason = "" if zones else f"no working thermal zone in {folder}"
    return MachineState(zones, _power_mode(root), reason, _power_w(root))


def _zone(path: Path) -> Zone | None:
    celsius = _milli(path / "temp")
    if celsius is None or not _DEGREES[0] < celsius < _DEGREES[1]:
        return None
    trips = (
        _milli(kind.with_name(kind.name.replace("type", "temp")))
        for kind in path.glob("trip_point_*_type")
        if _text(kind) in _ACTS
    )
    usable = [trip for trip in trips if trip is not None and _DEGREES[0] < trip < _DEGREES[1]]
    return Zone(_text(path / "type") or path.name, celsius, min(usable, default=None))


def _power_mode(root: Path) -> str:
    if mode := re.search(r"pmode:0*(\d+)", _text(root / "var/lib/nvpmodel/status")):
        named = re.search(rf"POWER_MODEL\s+ID={mode[1]}\s+NAME=(\S+)", _text(root / "etc/nvpmodel.conf"))
        return named[1].rstrip(">") if named else f"nvpmodel {mode[1]}"
    return _text(root / "sys/firmware/acpi/platform_profile") or _text(
        root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    )


def _power_w(root: Path) -> float | None:
    """The rail VDD_IN of an INA3221 (Jetson Orin Nano and NX; an AGX measures parts of the board only)."""
    for label in (root / "sys/class/hwmon").glob("hwmon*/in*_label"):
        if _text(label) == "VDD_IN":
            volts = _milli(label.with_name(label.name.replace("label", "input")))
            amperes = _milli(label.with_name(label.name.replace("in", "curr", 1).replace("label", "input")))
            return None if volts is None or amperes is None else volts * amperes
    return None


def _milli(path: Path) -> float | None:
    try:
        return int(_text(path)) / 1000
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):  # a zone that is asleep refuses to be read
        return ""


def _number(path: Path) -> int:
    return int(re.sub(r"\D", "", path.name) or 0)


def resident_mb() -> float | None:
    """Resident memory of this process in MB; ``None`` where it is not measured (not Linux)."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", _text(Path("/proc/self/status")), re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else None
