"""Drivers: camera, microphone, BrainFlow boards, LSL inlets, file replay and the simulated person."""

from __future__ import annotations

if __name__ != "insula.sensors":
    raise ImportError("import insula.sensors, not a copy of it under another name")
