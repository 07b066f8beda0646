"""A device's signal before any session: opened only while somebody looks at it (Qt-free)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge import registry
from insula.edge.errors import InsulaError
from insula.edge.types import Block, StreamInfo
from insula.ui.dashboard.series import FloatArray

KEPT = 4096
"""Samples of the first channel that are kept."""

WAIT_S = 0.1


class Preview:
    """Reads a device on a thread of its own until it is closed; nothing is stored."""

    def __init__(self, driver: str, options: Mapping[str, Any]) -> None:
        self.info: StreamInfo | None = None
        self.reason = ""
        """Why there is nothing to see, "" while all is well."""
        self.blocks = 0
        self._image: npt.NDArray[np.uint8] | None = None
        self._samples: FloatArray = np.empty(0)
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(driver, dict(options)), daemon=True)
        self._thread.start()

    def image(self) -> npt.NDArray[np.uint8] | None:
        """Return the newest frame ``(height, width, 3)``."""
        return self._image

    def samples(self) -> FloatArray:
        """Return the newest samples ``(n,)`` of the first channel."""
        with self._lock:
            return self._samples

    def close(self, patience_s: float = 3.0) -> None:
        """Let go of the device, so that a session can open it."""
        self._end.set()
        self._thread.join(patience_s)

    # -- the thread ------------------------------------------------------------------------------------

    def _read(self, driver: str, options: dict[str, Any]) -> None:
        try:
            sensor = registry.factory("sensors", driver)(**options)
            try:
                infos = sensor.open()
                self.info = infos[0]
                while not self._end.is_set():
                    for block in sensor.read(WAIT_S):
                        self._take(block, infos[0])
            finally:
                sensor.close()
        except InsulaError as error:
            self.reason = str(error)

    def _take(self, block: Block, info: StreamInfo) -> None:
        if block.stream != 0:
            return
        self.blocks += 1
        if info.is_video:
            self._image = np.asarray(block.data, np.uint8)
            return
        with self._lock:
            values = np.asarray(block.data, np.float64)[:, 0]
            self._samples = np.concatenate([self._samples, values])[-KEPT:]
