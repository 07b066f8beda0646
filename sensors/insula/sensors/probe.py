"""What ``insula devices`` shows: every driver module has ``probe() -> list[Found]``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

from insula.edge.errors import SensorUnavailable


@dataclass(frozen=True, slots=True)
class Found:
    """One thing a driver could open.

    ``options`` are the constructor options that open it. ``why_not`` is "" when it can be used, else
    the reason in one line; an entry with a reason and without options says why there is nothing.
    """

    label: str
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    why_not: str = ""


def library(name: str, remedy: str) -> ModuleType:
    """Import a third-party module; raises ``SensorUnavailable`` with the ``remedy`` if it cannot load."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError, RuntimeError) as error:  # the latter two: its shared library is missing
        raise SensorUnavailable(f"{name} cannot be loaded ({error}): {remedy}") from error
