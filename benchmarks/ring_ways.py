# ruff: noqa: D102 -- the methods are those of Way, which the module explains
"""The ways of moving blocks between two processes that ``ring.py`` compares, each as a push and a reader.

``push(block, t)`` is what the benchmark times; ``t`` (s, monotonic) travels with the block.
``receive(address)`` runs in the other process and yields the ``t`` of each block it holds a copy of, and
``None`` whenever nothing came for a while. What cannot be imported raises ``ImportError`` in ``__init__``.
"""

from __future__ import annotations

import ctypes
import multiprocessing as mp
import os
import struct
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from insula.edge.stream import StreamReader, StreamWriter
from insula.edge.types import StreamInfo

Block = npt.NDArray[np.generic]
IDLE_S = 0.2
SPAWN = mp.get_context("spawn")
LSL_CONFIG = """[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
AddressesOverride = {127.0.0.1}
ListenAddress = 127.0.0.1
[lab]
KnownPeers = {127.0.0.1}
SessionID = ring-benchmark
[log]
level = -2
"""


class Way(Protocol):
    """One way; ``address`` is what the reader's process needs to find the other end."""

    address: Any

    def __init__(self, block: Block, folder: Path) -> None: ...

    def push(self, block: Block, t: float) -> None: ...

    @staticmethod
    def receive(address: Any) -> Iterator[float | None]: ...

    def close(self) -> None: ...


class Ring:
    """Insula: ``StreamWriter.push``, read by ``wait`` and ``read_new`` in the other process."""

    def __init__(self, block: Block, folder: Path) -> None:
        if block.ndim == 3:
            info = StreamInfo("frames", "Video", 60.0, ("rgb",), ("",), "uint8", block.shape)
        else:
            n = block.shape[1]
            info = StreamInfo(
                "samples", "EEG", 1000.0, tuple(map(str, range(n))), ("",) * n, str(block.dtype)
            )
        self._writer = StreamWriter(info, directory=folder)
        self._offsets = 0.0 if block.ndim == 3 else np.arange(1 - len(block), 1) * 1e-8
        self.address = self._writer.path

    def push(self, block: Block, t: float) -> None:
        self._writer.push(block, np.atleast_1d(t + self._offsets))

    @staticmethod
    def receive(address: Path) -> Iterator[float | None]:
        reader = StreamReader.attach(address)
        while not reader.ended:
            if not reader.wait(IDLE_S):
                yield None
            yield from (float(chunk.times[-1]) for chunk in reader.read_new())

    def close(self) -> None:
        self._writer.close()


class Queue:
    """``multiprocessing.Queue``: ``put`` only hands to a feeder thread, the age shows the true cost."""

    def __init__(self, block: Block, folder: Path) -> None:
        self.address = SPAWN.Queue(64)

    def push(self, block: Block, t: float) -> None:
        self.address.put((t, block))

    @staticmethod
    def receive(address: Any) -> Iterator[float | None]:
        while True:
            yield address.get()[0]

    def close(self) -> None:
        self.address.cancel_join_thread()
        self.address.close()


class Pipe:
    """``multiprocessing.Pipe``; blocks the writer when the reader lags."""

    def __init__(self, block: Block, folder: Path) -> None:
        self.address, self._out = SPAWN.Pipe(duplex=False)

    def push(self, block: Block, t: float) -> None:
        self._out.send_bytes(struct.pack("d", t))
        self._out.send_bytes(memoryview(block).cast("B"))

    @staticmethod
    def receive(address: Connection) -> Iterator[float | None]:
        while True:
            t = struct.unpack("d", address.recv_bytes())[0]
            address.recv_bytes()
            yield t

    def close(self) -> None:
        self._out.close()
        self.address.close()


class Zmq:
    """ZeroMQ PUB/SUB over ipc."""

    def __init__(self, block: Block, folder: Path) -> None:
        import zmq

        self.address = f"ipc://{folder}/zmq-{os.urandom(4).hex()}"
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.bind(self.address)

    def push(self, block: Block, t: float) -> None:
        self._socket.send_multipart((struct.pack("d", t), block))

    @staticmethod
    def receive(address: str) -> Iterator[float | None]:
        import zmq

        socket = zmq.Context().socket(zmq.SUB)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(address)
        while True:
            if socket.poll(int(IDLE_S * 1000)):
                yield struct.unpack("d", socket.recv_multipart()[0])[0]
            else:
                yield None

    def close(self) -> None:
        self._socket.close(0)
        self._context.term()


class Lsl:
    """An LSL outlet and inlet on loopback; samples only."""

    def __init__(self, block: Block, folder: Path) -> None:
        if block.ndim == 3:
            raise ImportError("LSL carries no frames")
        keep_lsl_local()
        import pylsl

        self.address = f"ring-benchmark-{os.urandom(4).hex()}"
        info = pylsl.StreamInfo("bench", "EEG", block.shape[1], 1000.0, "float32", self.address)
        self._outlet = pylsl.StreamOutlet(info)

    def push(self, block: Block, t: float) -> None:
        self._outlet.push_chunk(block, t)

    @staticmethod
    def receive(address: str) -> Iterator[float | None]:
        keep_lsl_local()
        import pylsl

        (info,) = pylsl.resolve_byprop("source_id", address, timeout=20)
        inlet = pylsl.StreamInlet(info)
        inlet.open_stream(timeout=20)
        while True:
            _, t = inlet.pull_sample(timeout=IDLE_S)
            if t is None:
                yield None
                continue
            _, later = inlet.pull_chunk(timeout=0.0)
            yield later[-1] if later else t

    def close(self) -> None:
        del self._outlet


class Iceoryx:
    """iceoryx2 publish/subscribe with an event for the wake-up."""

    def __init__(self, block: Block, folder: Path) -> None:
        self.address = f"insula-{os.urandom(4).hex()}"
        service, event = _iceoryx(self.address)
        self._publisher = service.publisher_builder().initial_max_slice_len(block.nbytes + 8).create()
        self._notifier = event.notifier_builder().create()
        self._size = block.nbytes

    def push(self, block: Block, t: float) -> None:
        sample = self._publisher.loan_slice_uninit(self._size + 8)
        target = np.frombuffer(sample.payload().as_memory_view(), np.uint8)
        target[:8] = np.frombuffer(struct.pack("d", t), np.uint8)
        np.copyto(target[8:].view(block.dtype).reshape(block.shape), block)
        sample.assume_init().send()
        self._notifier.notify()

    @staticmethod
    def receive(address: str) -> Iterator[float | None]:
        import iceoryx2

        service, event = _iceoryx(address)
        subscriber = service.subscriber_builder().create()
        listener = event.listener_builder().create()
        while True:
            listener.timed_wait(iceoryx2.Duration.from_millis(int(IDLE_S * 1000)))
            got = False
            while (sample := subscriber.receive()) is not None:
                copy = np.frombuffer(sample.payload().as_memory_view(), np.uint8).copy()
                got = True
                yield struct.unpack("d", copy[:8].tobytes())[0]
            if not got:
                yield None

    def close(self) -> None:
        del self._publisher, self._notifier


def _iceoryx(address: str) -> tuple[Any, Any]:
    import iceoryx2

    iceoryx2.set_log_level(iceoryx2.LogLevel.Fatal)
    node = iceoryx2.NodeBuilder.new().create(iceoryx2.ServiceType.Ipc)
    name = iceoryx2.ServiceName.new(address)
    kind = iceoryx2.Slice[ctypes.c_uint8]
    service = node.service_builder(name).publish_subscribe(kind).subscriber_max_buffer_size(16)
    return service.open_or_create(), node.service_builder(name).event().open_or_create()


def keep_lsl_local() -> None:
    """Point LSL to loopback before it is loaded."""
    if "LSLAPICFG" not in os.environ:
        config = Path(tempfile.gettempdir()) / f"ring-benchmark-{os.getpid()}.cfg"
        config.write_text(LSL_CONFIG)
        os.environ["LSLAPICFG"] = str(config)


WAYS: dict[str, type[Way]] = {
    "insula ring": Ring,
    "mp.Queue": Queue,
    "mp.Pipe": Pipe,
    "pyzmq PUB": Zmq,
    "LSL": Lsl,
    "iceoryx2": Iceoryx,
}
