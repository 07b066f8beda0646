"""Keeps an eye on the LSL network: streams that fit a query are tapped, those that come later are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from insula.edge.errors import ConfigError, SensorUnavailable
from insula.edge.health import NodeState
from insula.sensors.lsl_inlet import load_pylsl
from insula.sensors.lsl_tap import LslTap, identity, label

ALL: Final = "true()"
"""The query that every stream fits."""
_LOOK_S: Final = 0.5
_FORGET_S: Final = 5.0
_SETTLE_S: Final = 1.5
"""How long the first search goes on: streams of other machines answer within a second."""
_SILENT_S: Final = 3.0

Tell = Callable[[str, NodeState, str], None]
"""Told of each stream, by its label, what became of it and why."""


class LslWatch:
    """Searches by ``queries`` (XPath predicates such as ``type='EEG'``) until it is closed.

    ``follow``: streams that appear later are tapped too, not only told. ``refuse`` says why a stream of a
    content type must not be recorded, "" where it may; ``cut`` why one is cut off just now. First
    :meth:`find`, then :meth:`begin`.
    """

    def __init__(
        self,
        queries: Sequence[str],
        tell: Tell,
        *,
        follow: bool = False,
        refuse: Callable[[str], str] = lambda kind: "",
        cut: Callable[[str], str] = lambda kind: "",
    ) -> None:
        """Start the searches; raises ``ConfigError`` for a query that is none."""
        self._tell, self._refuse, self._cut, self._follow = tell, refuse, cut, follow
        self._take: Callable[[str, LslTap], None] = lambda name, tap: None
        self._taps: dict[str, tuple[str, LslTap]] = {}  # by name: label and tap
        self._states: dict[str, NodeState] = {}
        self._known: set[str] = set()  # by LSL's uid, one for each life of a sender
        self._resolvers = {query: _resolver(query) for query in queries}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="LSL watch", daemon=True)

    def find(self) -> None:
        """Tap what is there; raises ``SensorUnavailable`` when a query finds nothing.

        With ``follow`` nothing has to be there yet.
        """
        self._end.wait(_SETTLE_S)
        for query, resolver in self._resolvers.items():
            if not resolver.results() and not self._follow:
                raise SensorUnavailable(
                    f"no LSL stream fits {query!r}: is it running, on this network? "
                    "'insula devices' lists what answers; --follow waits for it"
                )
        self._look(wanted=True)

    def begin(self, take: Callable[[str, LslTap], None]) -> None:
        """Give every tapped stream, under a name of its own, to ``take``, and watch from now on."""
        self._take = take
        for name, (_, tap) in self._taps.items():
            take(name, tap)
        self._thread.start()

    def close(self) -> None:
        """Stop watching and let the streams go."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join(_FORGET_S)
        for _, tap in self._taps.values():
            tap.close()

    def _run(self) -> None:
        while not self._end.wait(_LOOK_S):
            self._look(wanted=self._follow)

    def _look(self, *, wanted: bool) -> None:
        found = {info.uid(): info for resolver in self._resolvers.values() for info in resolver.results()}
        for uid, info in found.items():
            if uid not in self._known:
                try:
                    self._meet(info, wanted=wanted)
                except SensorUnavailable as error:
                    self._say(label(info), NodeState.LOST, str(error))
                else:
                    self._known.add(uid)
        for called, tap in self._taps.values():
            if tap.gone or tap.uid not in found:
                self._say(called, NodeState.LOST, "its sender is gone")
            elif reason := self._cut(tap.stream.type):
                self._say(called, NodeState.STOPPED, f"not recorded: {reason}")
            elif tap.stream.sfreq > 0 and tap.silent_s() > _SILENT_S:
                self._say(called, NodeState.STALLED, "its sender is silent")
            else:
                self._say(called, NodeState.RUNNING, "")

    def _meet(self, info: Any, *, wanted: bool) -> None:
        called = label(info)
        same = [tap for _, tap in self._taps.values() if tap.identity == identity(info)]
        lost = [tap for tap in same if tap.gone]
        if lost:
            lost[0].reopen(info)
        elif same and info.source_id():  # started again: liblsl finds it by itself
            same[0].uid = info.uid()
        elif reason := self._refuse(info.type()):
            self._say(called, NodeState.STOPPED, f"not recorded: {reason}")
        elif wanted:
            self._tap(info)
        else:
            self._say(called, NodeState.STOPPED, "appeared, not recorded (--follow records what comes later)")

    def _tap(self, info: Any) -> None:
        kind = info.type()
        tap = LslTap(info, cut=lambda: self._cut(kind))
        name, number = info.name(), 2
        while name in self._taps:
            name, number = f"{info.name()} ({number})", number + 1
        self._taps[name] = (label(info), tap)
        self._take(name, tap)

    def _say(self, called: str, state: NodeState, reason: str) -> None:
        if self._states.get(called) is not state:
            if called not in self._states:
                self._tell(called, NodeState.STARTING, "")
            self._states[called] = state
            self._tell(called, state, reason)


def _resolver(query: str) -> Any:
    try:
        return load_pylsl().ContinuousResolver(pred=query, forget_after=_FORGET_S)
    except RuntimeError as error:
        raise ConfigError(f"--lsl {query!r} is no LSL query; try type='EEG' or name='My stream'") from error
