"""A protocol in a session that runs: who leads it, and where the participant sees it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from insula.edge import SensingLoop
from insula.ui import display
from insula.ui.commands.conductor import Conductor
from insula.ui.commands.operator import Operator
from insula.ui.commands.participant import Lines, TerminalParticipant
from insula.ui.protocol.plan import Plan
from insula.ui.terminal import console


class Guide:
    """Without a window the protocol begins at once in the terminal, and its end ends the session."""

    def __init__(self, plan: Plan, loop: SensingLoop) -> None:
        self.conductor = Conductor(plan, loop)
        self._loop = loop
        self._window: subprocess.Popen[bytes] | None = None
        self._terminal: TerminalParticipant | None = None

    def open(self, directory: Path, operator: Operator, *, headless: bool) -> None:
        """Open the participant's window, or make the terminal the participant's."""
        self._window = None if headless else display.open_participant(directory)
        if self._window is None:
            self._terminal = TerminalParticipant(
                operator.obey, lambda text: console.print(text, markup=False), Lines(), self._loop.clock
            )
            operator.begin()

    @property
    def in_terminal(self) -> bool:
        """Whether the terminal belongs to the participant."""
        return self._terminal is not None

    def serve(self) -> bool:
        """Look after the participant; returns whether the session shall end with the protocol."""
        if self._terminal is not None:
            self._terminal.serve(self.conductor.progress)
            return self.conductor.over
        if self._window is not None and self._window.poll() is not None:
            console.print("the participant's window was closed; the protocol goes on")
            console.print("  insula participant   opens it again", style="bright_black")
            self._window = None
        return False

    def close(self) -> None:
        """End what is left of the protocol and close the participant's window."""
        self.conductor.end()
        if self._window is not None:
            self._window.terminate()
