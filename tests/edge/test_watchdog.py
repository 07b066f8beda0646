"""sd_notify against a real socket such as systemd's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.edge.watchdog import Watchdog

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is for Linux")


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def said(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_it_tells_start_life_and_stop(systemd: socket.socket) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "10000000"})
    assert watchdog.every_s == 5.0
    watchdog.ready("pilot-07")
    for t in (0.0, 1.0, 4.9, 5.0, 9.0, 10.0):
        watchdog.alive(t)
    watchdog.stopping()
    assert said(systemd) == ["READY=1\nSTATUS=pilot-07", *["WATCHDOG=1"] * 3, "STOPPING=1"]


def test_without_a_period_it_only_tells_start_and_stop(systemd: socket.socket) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": systemd.getsockname()})
    watchdog.ready("x")
    watchdog.alive(0.0)
    assert said(systemd) == ["READY=1\nSTATUS=x"]


def test_a_period_for_another_process_is_not_ours(systemd: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "1000000"}
    assert Watchdog({**environment, "WATCHDOG_PID": str(os.getpid() + 1)}).every_s == 0.0
    assert Watchdog({**environment, "WATCHDOG_PID": str(os.getpid())}).every_s == 0.5


def test_an_abstract_name_works() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0insula-test-{os.getpid()}")
        Watchdog({"NOTIFY_SOCKET": f"@insula-test-{os.getpid()}"}).stopping()
        assert said_now(listener) == "STOPPING=1"


def said_now(listener: socket.socket) -> str:
    listener.setblocking(False)
    return listener.recv(4096).decode()


@pytest.mark.parametrize("name", ["", "/nowhere/at/all", "vsock:2:1"])
def test_nobody_listening_is_no_fault(name: str) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1"})
    watchdog.ready("x")
    watchdog.alive(0.0)
    watchdog.stopping()


def test_a_session_tells_systemd(systemd: socket.socket, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NOTIFY_SOCKET": systemd.getsockname(),
        "WATCHDOG_USEC": "1000000",
        "INSULA_DATA": str(tmp_path / "data"),
    }
    command = [sys.executable, "-m", "insula.ui.cli", "demo", "--headless", "--seconds", "3", "--out", "s"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    first, *middle, last = said(systemd)
    assert first.startswith("READY=1\nSTATUS=Demo")
    assert len(middle) >= 2
    assert set(middle) == {"WATCHDOG=1"}
    assert last == "STOPPING=1"
