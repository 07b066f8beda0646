"""An RTSP camera on 127.0.0.1: H.264 by FFmpeg inside the RTSP connection, the time in each picture."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import numpy as np
from mjpeg import FPS, HEIGHT, WIDTH, write_time

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track0\r\n"
)
_HEADERS = {
    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n",
    "SETUP": "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
    "PLAY": "Session: 1\r\nRange: npt=now-\r\n",
}


def missing_program() -> str:
    return "" if shutil.which("ffmpeg") else "ffmpeg"


class RtspServer:
    """One client at a time; ``stop()`` ends the stream and the server."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/camera"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                with client, contextlib.suppress(OSError):
                    self._talk(client)
        self._listener.close()

    def _talk(self, client: socket.socket) -> None:
        for lines in self._requests(client):
            method = lines[0].split()[0]
            number = next(line.split(":")[1].strip() for line in lines if line.lower().startswith("cseq"))
            body = _SDP if method == "DESCRIBE" else ""
            head = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{_HEADERS.get(method, '')}\r\n"
            client.sendall((head + body).encode())
            if method == "PLAY":
                self._stream(client)
                return

    def _requests(self, client: socket.socket) -> Iterator[list[str]]:
        client.settimeout(0.1)
        text = b""
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                data = client.recv(4096)
                if not data:
                    return
                text += data
            while b"\r\n\r\n" in text:
                head, _, text = text.partition(b"\r\n\r\n")
                yield head.decode().splitlines()

    def _stream(self, client: socket.socket) -> None:
        client.settimeout(2.0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.bind(("127.0.0.1", 0))
            packets.settimeout(0.1)
            size, port = f"{WIDTH}x{HEIGHT}", packets.getsockname()[1]
            source = f"-f rawvideo -pix_fmt bgr24 -s {size} -r {FPS} -i -"
            coder = "-c:v libx264 -preset ultrafast -tune zerolatency -g 15 -bsf:v dump_extra -threads 1"
            target = f"-f rtp rtp://127.0.0.1:{port}?pkt_size=1200"
            command = f"ffmpeg -loglevel quiet {source} -pix_fmt yuv420p {coder} {target}"
            coding = subprocess.Popen(command.split(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            feeder = threading.Thread(target=self._feed, args=(coding,), daemon=True)
            feeder.start()
            try:
                while not self._stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        packet = packets.recv(2048)
                        client.sendall(b"$\x00" + len(packet).to_bytes(2, "big") + packet)
            finally:
                coding.kill()
                coding.wait(5.0)
                feeder.join(2.0)

    def _feed(self, coding: subprocess.Popen[bytes]) -> None:
        assert coding.stdin is not None
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        due = time.monotonic()
        with contextlib.suppress(OSError, ValueError):
            while not self._stop.is_set():
                write_time(image, time.monotonic())
                coding.stdin.write(image.tobytes())
                coding.stdin.flush()
                due = max(due + 1.0 / FPS, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))
            coding.stdin.close()

    def __enter__(self) -> RtspServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the stream and the server."""
        self._stop.set()

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self._thread.join(5.0)
