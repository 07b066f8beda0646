"""Who can reach a running session: no port is open to the network unless somebody opened it."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from insula.edge import lsl_network
from insula.edge.errors import ConfigError
from insula.ui.commands import doctor
from insula.ui.terminal import console

PROGRAM = """
import json, os, socket
from pathlib import Path
from insula.edge import SensingLoop
from insula.ui.commands import demo

def reachable():
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if not os.readlink(entry).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as one:
                if one.family not in (socket.AF_INET, socket.AF_INET6):
                    continue
                host, port = one.getsockname()[:2]
                device = one.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\\0").decode()
                accepts = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if accepts or one.type == socket.SOCK_DGRAM:
                    found.append([host, port, device, one.type == socket.SOCK_STREAM])
        except OSError:
            continue
    return found

with SensingLoop(demo.config()) as loop:
    states = loop.states()
    for _ in range(20):
        next(states)
    print(json.dumps(reachable()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; elsewhere LSL listens on every address")
def test_a_running_demo_listens_on_the_loopback_only() -> None:
    """liblsl's servers once took connections on every address, whatever its configuration said."""
    environment = {key: value for key, value in os.environ.items() if key != lsl_network.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    sockets = json.loads(done.stdout.splitlines()[-1])
    assert any(stream for _, _, _, stream in sockets)  # LSL's servers, so that the test sees something
    open_ones = [
        (host, port)
        for host, port, device, _ in sockets
        if not ipaddress.ip_address(host).is_loopback and device != "lo"
    ]
    assert not open_ones


def test_lsl_uses_the_network_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lsl_network.VARIABLE, raising=False)
    lsl_network.open_subnet()
    assert not lsl_network.is_local()
    lsl_network.keep_local()  # as the LSL driver does: it once took --lsl-network back
    assert not lsl_network.is_local()


@pytest.mark.parametrize(
    ("scope", "holds"), [("machine", "ResolveScope = machine"), ("subnet", "ResolveScope = link")]
)
def test_the_configurations_are_there(scope: lsl_network.Scope, holds: str) -> None:
    text = Path(lsl_network.configuration(scope)).read_text("utf-8")
    assert holds in text
    assert "IPv6 = disable" in text


def test_a_configuration_is_written_for_other_programs_and_never_over_one(tmp_path: Path) -> None:
    target = tmp_path / "lsl_api" / "lsl_api.cfg"
    with console.capture() as shown:
        doctor.write_lsl_config("subnet", target)
    assert "Everyone on this subnet can read every LSL stream" in " ".join(shown.get().split())
    assert "ResolveScope = link" in target.read_text("utf-8")
    with pytest.raises(ConfigError, match="exists already"):
        doctor.write_lsl_config("machine", target)
    with pytest.raises(ConfigError, match="not on 'world'"):
        doctor.write_lsl_config("world", target)
