"""Fetching the FaceLandmarker bundle, from a server on the loopback interface."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.edge.errors import ModelError
from insula.models.face import bundle

CONTENT = bytes(range(256)) * 1000


class Server(http.server.ThreadingHTTPServer):
    content = CONTENT
    ranges: list[str | None]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.end_headers()
        self.wfile.write(self.server.content[start:])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("INSULA_MODELS", str(tmp_path))
    monkeypatch.setattr(bundle, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(bundle, "SIZE", len(CONTENT))
    with Server(("127.0.0.1", 0), Handler) as server:
        server.ranges = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/bundle"


def test_the_bundle_is_fetched_once_and_checked(server: Server) -> None:
    progress: list[int] = []
    path = bundle.pull(progress.append, address(server))
    assert path.read_bytes() == CONTENT
    assert progress[-1] == len(CONTENT)
    assert bundle.pull(progress.append, address(server)) == path
    assert len(server.ranges) == 1
    assert bundle.present()


def test_a_download_that_broke_off_goes_on(server: Server) -> None:
    bundle.path().with_suffix(".part").write_bytes(CONTENT[:1000])
    assert bundle.pull(lambda n: None, address(server)).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_another_file_is_refused_and_deleted(server: Server) -> None:
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(ModelError, match="not the pinned bundle"):
        bundle.pull(lambda n: None, address(server))
    assert not bundle.present()
    assert list(bundle.path().parent.iterdir()) == []


def test_too_much_is_refused(server: Server) -> None:
    server.content = CONTENT + b"more"
    with pytest.raises(ModelError, match="more came"):
        bundle.pull(lambda n: None, address(server))


def test_offline_is_said_in_words(server: Server) -> None:
    with pytest.raises(ModelError, match="Insula works without it"):
        bundle.pull(lambda n: None, "http://127.0.0.1:1/bundle")


def test_the_real_bundle_is_the_pinned_one(shared_data: Path) -> None:
    bundle.check(shared_data / "models" / "face_landmarker.task")
