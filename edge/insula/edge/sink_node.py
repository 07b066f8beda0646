"""Runs one sink behind a bounded queue; a slow sink loses its oldest items, counted, and nobody waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

from insula.edge.errors import InsulaError
from insula.edge.health import Health, NodeState
from insula.edge.protocols import Item, Sink
from insula.edge.sensor_node import in_words
from insula.edge.stream import StreamReader

_QUEUE = 2000  # items; at 20 states/s plus estimates about 40 s of a blocked disk
_POLL_S = 0.1


class SinkNode:
    """Runs one sink on a thread of its own. ``dropped`` counts the items a slow sink lost."""

    def __init__(self, name: str, sink: Sink, *, health: Health) -> None:
        self.name = name
        self.sink = sink
        self.dropped = 0
        self._health = health
        self._queue: deque[Item] = deque()
        self._change = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self.run, name=f"sink {name}", daemon=True)

    def start(self, streams: Mapping[str, StreamReader]) -> None:
        """Open the sink here, so that an unusable one ends the start with its error; then run."""
        self._streams = streams
        self._health.set(self.name, "sink", NodeState.STARTING)
        try:
            self.sink.open(streams)
        except Exception as error:
            self._health.set(self.name, "sink", NodeState.FAILED, in_words(error))
            raise
        self._health.set(self.name, "sink", NodeState.RUNNING, getattr(self.sink, "address", ""))
        self._thread.start()

    def offer(self, item: Item) -> None:
        """Queue an item; never blocks longer than it takes to append it."""
        with self._change:
            if self._stopping:
                return
            if len(self._queue) >= _QUEUE:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(item)
            self._change.notify()

    def stop(self) -> None:
        """Let the sink take what is queued, then close it."""
        with self._change:
            self._stopping = True
            self._change.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; false when the sink is still busy after ``timeout_s``."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Do the work; the body of the node's thread."""
        try:
            self._work()
        except Exception as error:  # a plug-in's border: this output is gone, the session goes on
            self._fail(error)
        try:
            self.sink.close()
        except Exception as error:  # as above
            self._fail(error)
        for reader in self._streams.values():
            reader.close()
        if (event := self._health.get(self.name)) and event.state is not NodeState.FAILED:
            self._health.set(self.name, "sink", NodeState.STOPPED, self._lost())

    def _work(self) -> None:
        while True:
            with self._change:
                if not self._queue and not self._stopping:
                    self._change.wait(_POLL_S)
                items, stopping = list(self._queue), self._stopping
                self._queue.clear()
            for item in items:
                self.sink.put(item)
            self.sink.poll()
            if stopping:
                return

    def _lost(self) -> str:
        """What did not get through, by cause; a sink may count ``losses`` of its own."""
        lost = [f"{self.dropped} items lost: the output was too slow"] if self.dropped else []
        lost += [f"{cause}: {n}" for cause, n in getattr(self.sink, "losses", {}).items()]
        return "; ".join(lost)

    def _fail(self, error: Exception) -> None:
        reason = in_words(error) if isinstance(error, InsulaError) else f"failed: {in_words(error)}"
        self._health.set(self.name, "sink", NodeState.FAILED, reason)
