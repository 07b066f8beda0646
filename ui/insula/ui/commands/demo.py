"""The simulated person behind ``insula demo``, and how one of its sensors is unplugged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from insula.edge import config as configuration
from insula.edge.clock import now
from insula.edge.config import Config
from insula.edge.errors import ConfigError
from insula.edge.protocols import Sensor
from insula.edge.registry import nearest
from insula.sensors.faults import Fault, Faulty

SENSORS: Final = ("face", "voice", "eda", "eeg", "truth")


def config() -> Config:
    """A simulated person in front of every sensor; the course starts now."""
    epoch = now()
    return configuration.parse(
        {
            "session": {"name": "demo", "audio": True},  # a synthetic voice is nobody's
            "privacy": {"mode": "full"},
            "sensors": {name: {"driver": f"simulated_{name}", "epoch": epoch} for name in SENSORS},
            "estimators": {
                "face": {"estimator": "face"},
                "voice": {"estimator": "voice"},
                "eda": {"estimator": "eda"},
                "eeg": {"estimator": "eeg", "baseline_s": 10.0},  # a person gets a minute; nobody waits here
            },
            "sinks": {"lsl": {"sink": "lsl"}},
        }
    )


def unplugged(texts: Iterable[str]) -> Callable[[str, Sensor], Sensor]:
    """Read ``SENSOR@START+SECONDS`` and return what puts these faults before the sensors.

    Raises ``ConfigError`` when a text is not of that form or names no sensor of the demo.
    """
    faults: dict[str, list[Fault]] = defaultdict(list)
    for text in texts:
        try:
            sensor, _, times = text.partition("@")
            start, _, length = times.partition("+")
            fault = Fault("unplug", float(start), float(length))
        except ValueError as error:
            raise ConfigError(f"--unplug {text!r} should look like eda@5+3 (sensor@start+seconds)") from error
        if sensor not in SENSORS:
            raise ConfigError(f"--unplug: there is no sensor {sensor!r}{nearest(sensor, SENSORS)}")
        faults[sensor].append(fault)
    return lambda name, sensor: Faulty(sensor, faults[name]) if name in faults else sensor
