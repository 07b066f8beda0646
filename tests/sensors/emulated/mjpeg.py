"""An MJPEG network camera on 127.0.0.1 that writes into each picture when it was taken.

Pictures are taken at even intervals, as a camera does, and sent as soon as the machine gets to it; those
that it does not get to in time are left out.
"""

from __future__ import annotations

import math
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

WIDTH, HEIGHT, FPS = 640, 480, 30.0
FLASH_S = 0.1
_BITS, _CELL, _ROWS = 40, 16, 32


def write_time(image: np.ndarray, t: float) -> None:
    """Draw ``t`` (s) as 40 black or white blocks, 16 pixels wide, in 10 µs steps."""
    ticks = round(t * 1e5) & ((1 << _BITS) - 1)
    bits = (ticks >> np.arange(_BITS)) & 1
    image[:_ROWS, : _BITS * _CELL] = np.repeat(bits * 255, _CELL)[None, :, None]


def read_time(image: np.ndarray) -> float:
    """The time written into a picture, modulo 2**40 × 10 µs (127 days)."""
    cells = image[8:24, : _BITS * _CELL].astype(float).mean(axis=(0, 2)).reshape(_BITS, _CELL)
    bits = cells[:, 4:12].mean(axis=1) > 127
    return float((bits.astype(np.int64) << np.arange(_BITS)).sum() / 1e5)


class MjpegServer:
    """Serves one endless picture; ``stall()`` keeps the connection and sends nothing."""

    def __init__(self, port: int = 0, period_s: float = 1.0 / FPS) -> None:
        self._running = threading.Event()
        self._running.set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._flashes: list[float] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
                due = time.monotonic()
                while outer._running.is_set():
                    outer._flowing.wait(0.1)
                    if not outer._flowing.is_set():
                        continue
                    image[_ROWS:] = 230 if any(f <= due < f + FLASH_S for f in outer._flashes) else 90
                    write_time(image, due)
                    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + data + b"\r\n")
                    except OSError:
                        return
                    due += period_s * max(1, math.ceil((time.monotonic() - due) / period_s))
                    time.sleep(max(0.0, due - time.monotonic()))

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/stream.mjpg"

    def flash_at(self, t: float) -> None:
        """Turn the picture bright for 0.1 s at ``t`` on the monotonic clock."""
        self._flashes = [*self._flashes[-2:], t]

    def stall(self) -> None:
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def __enter__(self) -> MjpegServer:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._running.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2.0)
