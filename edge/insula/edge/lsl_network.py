"""Where LSL may be heard: this machine only, unless the user opens it.

liblsl has no access control and no encryption, and announces every stream by multicast on the real network.
Insula therefore points it to a configuration that stays on the loopback interface, before it is loaded,
except where the user has a configuration of their own (``LSLAPICFG``) or asks for the network. Then it gets
one that stays on the subnet.

No configuration keeps liblsl's own servers off the network: it listens on every address of the machine. On
Linux :func:`confined` binds what it opened to the loopback device.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from insula.edge.errors import ConfigError, SinkError

VARIABLE = "LSLAPICFG"
Scope = Literal["machine", "subnet"]
_FILES: Final[dict[Scope, str]] = {"machine": "lsl_loopback.cfg", "subnet": "lsl_subnet.cfg"}


def configuration(scope: Scope) -> Path:
    """The configuration of liblsl that comes with Insula, for this machine or for one subnet."""
    return Path(str(resources.files("insula.edge").joinpath(_FILES[scope])))


def keep_local() -> None:
    """Confine LSL to this machine; does nothing where ``LSLAPICFG`` is set already."""
    os.environ.setdefault(VARIABLE, str(configuration("machine")))


def open_subnet() -> None:
    """Let LSL use the subnet this machine is on; does nothing where ``LSLAPICFG`` is set already."""
    os.environ.setdefault(VARIABLE, str(configuration("subnet")))


def is_local() -> bool:
    """Whether our loopback configuration is in force."""
    return os.environ.get(VARIABLE, "").endswith(_FILES["machine"])


def write(scope: Scope, target: Path) -> None:
    """Write that configuration to ``target``, for every LSL program; raises ``ConfigError``."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(configuration(scope).read_text("utf-8"))
    except FileExistsError as error:
        raise ConfigError(f"{target} exists already; look at it, or choose another --out") from error
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def confined() -> Iterator[None]:
    """Keep what liblsl opens inside off the network, if it is to stay on this machine (Linux only).

    Raises ``SinkError`` where the system does not allow it (kernels before 5.7): an outlet that anybody
    can read must not be opened unasked.
    """
    before = _sockets()
    yield
    if not is_local():
        return
    for number in _sockets() - before:
        try:
            _to_loopback(number)
        except OSError as error:
            raise SinkError(
                f"LSL cannot be kept on this machine ({error.strerror}): everyone on the network could read "
                "it. Leave the LSL output away, or start with 'insula --lsl-network' to accept that"
            ) from error


def _sockets() -> set[int]:
    """Numbers of the sockets this process has open; empty where the system does not tell."""
    found = set()
    place = Path("/proc/self/fd")
    for entry in place.iterdir() if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):  # the directory's own, closed by now
            if str(entry.readlink()).startswith("socket:"):
                found.add(int(entry.name))
    return found


def _to_loopback(number: int) -> None:
    """Let a server's socket that takes packets of every interface take those of the loopback device only."""
    if sys.platform != "linux":
        return
    with socket.socket(fileno=os.dup(number)) as opened:
        if opened.family in (socket.AF_INET, socket.AF_INET6) and opened.getsockname()[0] in (
            "0.0.0.0",
            "::",
        ):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
