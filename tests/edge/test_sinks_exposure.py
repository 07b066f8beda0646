from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from outputs import TOKEN, token_file

from insula.edge import config
from insula.edge.errors import ConfigError
from insula.edge.sinks.exposure import is_loopback, token_for

SENSOR = {"face": {"driver": "simulated_face"}}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)
    assert token_for(host, "") == b""


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.168.0.7", "robot.local", "*"])
def test_everything_else_is_the_network_and_needs_a_token(host: str, tmp_path: Path) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigError, match="needs token_file"):
        token_for(host, "")
    assert token_for(host, token_file(tmp_path)) == TOKEN.encode()


def others_may_read(path: str) -> None:
    os.chmod(path, 0o640)  # noqa: PTH101


def shorten(path: str) -> None:
    Path(path).write_text("secret")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            others_may_read,
            "chmod 600",
            marks=pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX"),
        ),
        (shorten, "32 characters"),
        (os.unlink, "cannot be read"),
    ],
)
def test_a_bad_token_file_is_refused(spoil: Callable[[str], None], message: str, tmp_path: Path) -> None:
    path = token_file(tmp_path)
    spoil(path)
    with pytest.raises(ConfigError, match=message):
        token_for("127.0.0.1", path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sink": "zeromq", "host": "0.0.0.0"}, r"\[sinks.out\]: host = '0.0.0.0' opens .* token_file"),
        (
            {"sink": "websocket", "host": "0.0.0.0", "token_file": "robot.token"},
            "cert_file and key_file",
        ),
        ({"sink": "websocket", "host": "0.0.0.0"}, "needs token_file"),
        ({"sink": "websocket", "max_clients": 0}, "at least one"),
        ({"sink": "mqtt", "host": "broker.lan"}, "needs token_file"),
        ({"sink": "mqtt", "prefix": "a/#"}, "without"),
        ({"sink": "osc", "host": "10.0.0.2"}, "in_clear"),
        ({"sink": "zeromq", "port": 70000}, "0…65535"),
    ],
)
def test_a_session_that_may_not_be_opened_is_refused_with_its_file(
    options: Mapping[str, object], message: str, tmp_path: Path
) -> None:
    token_file(tmp_path)
    with pytest.raises(ConfigError, match=message):
        config.parse({"sensors": SENSOR, "sinks": {"out": options}}, base=tmp_path)


def test_files_are_found_beside_the_configuration(tmp_path: Path) -> None:
    path = token_file(tmp_path)
    table = {"sink": "zeromq", "host": "0.0.0.0", "token_file": "robot.token"}
    found = config.parse({"sensors": SENSOR, "sinks": {"out": table}}, base=tmp_path)
    assert found.sinks[0].options["token_file"] == path
    assert TOKEN not in repr(found)


def test_stdout_is_no_file_beside_the_configuration(tmp_path: Path) -> None:
    table = {"sink": "jsonl", "path": "-"}
    assert config.parse({"sensors": SENSOR, "sinks": {"o": table}}, base=tmp_path).sinks[0].options == {
        "path": "-"
    }
