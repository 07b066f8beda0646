"""A real headless browser on one page, spoken to over its DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect


class Browser:
    """Use as a context manager; skips the test where no Chromium is installed."""

    def __init__(self, folder: Path, url: str, size: tuple[int, int] = (1280, 1000)) -> None:
        found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
        program = next(filter(None, found), None) or pytest.skip("no Chromium is installed")
        self._url = url
        self._command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en-US",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={size[0]},{size[1]}",
            "about:blank",
        ]
        self._numbers = itertools.count(1)

    def __enter__(self) -> Browser:
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        try:
            where = next(line for line in self._process.stderr if line.startswith("DevTools listening on"))
            self._line = connect(where.split()[-1], max_size=None)
            self._socket = self._line.__enter__()
            targets = self._call("Target.getTargets")["targetInfos"]
            page = next(target["targetId"] for target in targets if target["type"] == "page")
            attached = self._call("Target.attachToTarget", targetId=page, flatten=True)
            self._session = attached["sessionId"]
            self._call("Page.enable")
            self._call("Page.navigate", url=self._url)
            while json.loads(self._socket.recv(20)).get("method") != "Page.loadEventFired":
                pass
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._line.__exit__(None, None, None)
        self._process.terminate()
        self._process.wait(20)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait, in the page, until a JavaScript condition holds."""
        self.evaluate(
            "new Promise((done, fail) => {"
            f" const look = () => ({condition}) ? done() : setTimeout(look, 20);"
            " setTimeout(() => fail(new Error(document.body.innerText)), 15000); look(); })"
        )

    def picture(self, path: Path) -> None:
        """Write a PNG of what is seen."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(20))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
