"""Fixtures for drivers: an LSL network of this machine's loopback only, and emulated devices."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "emulated"))

from mjpeg import MjpegServer
from pulse import NullSink, missing_programs
from rtsp import RtspServer, missing_program

_LSL = """
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
AddressesOverride = {{127.0.0.1}}
ListenAddress = 127.0.0.1
[lab]
KnownPeers = {{127.0.0.1}}
SessionID = {session}
[log]
level = -3
"""


@pytest.fixture(scope="session", autouse=True)
def lsl_on_loopback(tmp_path_factory: pytest.TempPathFactory) -> None:
    """liblsl reads its configuration once, when it is first used: nothing may leave this machine."""
    path = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    path.write_text(_LSL.format(session=uuid.uuid4().hex))
    os.environ.setdefault("LSLAPICFG", str(path))


@pytest.fixture
def mjpeg() -> Iterator[MjpegServer]:
    """A network camera on the loopback: 640×480, 30 fps."""
    with MjpegServer() as server:
        yield server


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    """An H.264 network camera on the loopback: 640×480, 30 fps."""
    if missing := missing_program():
        pytest.skip(f"{missing} is not installed (apt install ffmpeg)")
    with RtspServer() as server:
        yield server


@pytest.fixture(scope="session")
def null_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NullSink]:
    """A PulseAudio server of our own whose microphone hears what is played into it."""
    if missing := missing_programs():
        pytest.skip(
            f"{missing} is not installed (apt install pulseaudio pulseaudio-utils libasound2-plugins)"
        )
    with NullSink(tmp_path_factory.mktemp("pulse")) as sink:
        yield sink
