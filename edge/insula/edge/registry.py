"""One registry for what can be plugged in: name → factory, found through entry points, loaded when used.

A third party adds a driver by declaring, in its own package,
``[project.entry-points."insula.sensors"]`` ``my_sensor = "my_package.my_module:MySensor"``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from insula.edge.errors import ConfigError

Group = Literal["sensors", "estimators", "engines", "sinks", "fusion"]


def _found(group: Group) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"insula.{group}")}


def names(group: Group) -> list[str]:
    """Registered names of one kind."""
    return sorted(_found(group))


def factory(group: Group, name: str) -> Callable[..., Any]:
    """The class registered under ``name``; raises ``ConfigError`` with the nearest name or the reason."""
    found = _found(group)
    if name not in found:
        raise ConfigError(f"there is no {group.rstrip('s')} {name!r}{nearest(name, found)}")
    try:
        loaded: Callable[..., Any] = found[name].load()
    except (ImportError, AttributeError, OSError) as error:  # OSError: a shared library it needs
        raise ConfigError(
            f"{group.rstrip('s')} {name!r} is registered but cannot be loaded: {error}"
        ) from error
    return loaded


def nearest(name: str, known: Iterable[str]) -> str:
    """The tail of an error message: the nearest known name, else all of them."""
    options = sorted(known)
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(options) or 'none'}"
