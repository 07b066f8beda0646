"""Tells systemd that the service started, lives and stops, if it asked (``Type=notify``, ``WatchdogSec=``).

One datagram each to the socket that systemd names in the environment; without one every call does nothing.
The protocol is sd_notify(3)'s.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

_MICRO: Final = 1e-6
_UNIX = getattr(socket, "AF_UNIX", None)  # not on Windows


class Watchdog:
    """Reports to systemd. ``every_s`` is how often it wants to hear (half ``WatchdogSec=``), 0 if never."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period = environment.get("WATCHDOG_USEC", "")
        self.every_s = float(period) * _MICRO / 2 if meant and period.isdecimal() else 0.0
        self._told = float("-inf")

    def ready(self, status: str) -> None:
        """The service is up."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, t: float) -> None:
        """The service does its work at ``t`` (s); sent on at most every ``every_s``."""
        if self.every_s and t - self._told >= self.every_s:
            self._told = t
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service ends on purpose."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address or _UNIX is None:
            return
        try:
            with socket.socket(_UNIX, socket.SOCK_DGRAM) as out:
                out.connect(self._address)
                out.send(message.encode())
        except OSError:  # systemd draws its own conclusion from silence
            return


def _address(name: str) -> str:
    """Paths and, with a leading @, abstract names; anything else is for nobody here."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else ""
