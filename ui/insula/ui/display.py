"""Whether there is a screen, and the dashboard in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from insula.ui.terminal import console


def why_no_window() -> str:
    """The reason why a window cannot be opened here, "" when it can."""
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("pyqtgraph") is None:
        return "the dashboard is not installed: pip install 'insula[ui]'"
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    ):
        return "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set)"
    return ""


def open_dashboard(directory: Path) -> subprocess.Popen[bytes] | None:
    """Start the dashboard on a running session; without a screen say so and return ``None``."""
    if reason := why_no_window():
        console.print(f"{reason}; running headless", style="yellow")
        return None
    return _start("dashboard", "--connect", str(directory))


def open_participant(directory: Path) -> subprocess.Popen[bytes] | None:
    """Start the participant's window on a running session; ``None`` without a screen."""
    return None if why_no_window() else _start("participant", str(directory))


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "insula.ui.cli", *arguments], stdin=subprocess.DEVNULL)
