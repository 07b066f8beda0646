"""The core of Insula: clock, types, protocols, ring, streams, engines, sinks, health and the loop."""

from __future__ import annotations

if __name__ != "insula.edge":
    raise ImportError("import insula.edge, not a copy of it under another name")

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insula.edge.loop import SensingLoop

__all__ = ["SensingLoop"]


def __getattr__(name: str) -> object:
    if name == "SensingLoop":  # loaded when asked for: importing one type must not load the whole runtime
        from insula.edge.loop import SensingLoop

        return SensingLoop
    raise AttributeError(name)
