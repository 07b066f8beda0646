"""Runs one estimator on one stream and says why when there is nothing to say."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable
from typing import Any

from insula.edge.budget import RestartBudget
from insula.edge.clock import Clock
from insula.edge.engines.choice import Engines
from insula.edge.governor import Governor, Pace
from insula.edge.health import Health, NodeState
from insula.edge.protocols import Estimator, Listening, Personal
from insula.edge.sensor_node import in_words
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, Modality

_REPEAT_S = 0.5
_STEP_S = 0.1
_EARLY = 0.2  # of a period: a camera's next frame comes a little early as often as late
_UP = {NodeState.STARTING, NodeState.RUNNING}


class EstimatorNode:
    """Runs one estimator on a thread of its own.

    Publishes its estimates; while the sensor is lost, stalled or ended, and after a failure of the
    estimator itself, publishes an estimate without a value whose reason says so.
    """

    def __init__(
        self,
        name: str,
        estimator: Estimator,
        reader: StreamReader,
        *,
        sensor: str,
        health: Health,
        publish: Callable[[AffectEstimate], None],
        engines: Engines,
        governor: Governor,
        clock: Clock,
    ) -> None:
        self.name = name
        self._estimator = estimator
        self._reader = reader
        self._sensor = sensor
        self._health = health
        self._publish = publish
        self.engines = engines
        self._governor = governor
        self._pace = Pace()
        self._clock = clock
        self._resting = False
        self._note = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name=f"estimator {name}", daemon=True)

    def start(self) -> None:
        """Load the model here, so that an unusable one ends the start with its error; then run."""
        self._health.set(self.name, "estimator", NodeState.STARTING)
        self._absent("starting")
        try:
            self._estimator.start(self._reader.info)
        except Exception as error:
            self._health.set(self.name, "estimator", NodeState.FAILED, in_words(error))
            raise
        self._running()
        self._thread.start()

    def stop(self) -> None:
        """Ask the node to end; returns at once."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; false when the estimator is still busy after ``timeout_s``."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def modality(self) -> Modality:
        """What it estimates."""
        return self._estimator.modality

    def learn(self, resting: bool) -> None:
        """Tell an estimator that has a personal rest whether the person rests now."""
        if isinstance(self._estimator, Personal) and resting != self._resting:
            self._resting = resting
            self._estimator.learn(resting)

    def learned(self) -> dict[str, Any] | None:
        """What the estimator learned of the person's rest."""
        return self._estimator.learned() if isinstance(self._estimator, Personal) else None

    def speaking(self, speaks: bool, t: float) -> None:
        """Tell an estimator of sound whether the device itself speaks from time ``t`` (s) on."""
        if isinstance(self._estimator, Listening):
            self._estimator.speaking(speaks, t)

    def run(self) -> None:
        """Do the work; the body of the node's thread."""
        budget = RestartBudget()
        self.engines.pin()
        while not self._stop.is_set():
            try:
                self._work()
            except Exception as error:  # a plug-in's border: the modality says why it is absent
                pause = budget.spend(self._clock())
                reason = in_words(error)
                if pause is None:
                    self._health.set(self.name, "estimator", NodeState.FAILED, f"gave up after: {reason}")
                    self._repeat_until_stopped(f"the estimator failed ({reason})")
                    break
                self._health.set(self.name, "estimator", NodeState.LOST, reason)
                self._absent(f"the estimator failed ({reason}) and is restarted")
                self._stop.wait(pause)
                self._running()
        try:
            self._estimator.close()
        except Exception as error:  # as above
            self._health.set(self.name, "estimator", NodeState.FAILED, in_words(error))
        self._reader.close()
        if (event := self._health.get(self.name)) and event.state is not NodeState.FAILED:
            self._health.set(self.name, "estimator", NodeState.STOPPED)

    def _work(self) -> None:
        due = self._clock()
        said: float | None = None
        while not self._stop.is_set():
            news = self._reader.wait(_STEP_S)
            t = self._clock()
            reason = self._sensor_reason()
            if reason and (said is None or t - said >= _REPEAT_S):
                said = t
                self._absent(reason)
            if not news or reason:
                continue
            self._wait_for_fresh(due - _EARLY * self._estimator.period_s)
            if self._sensor_reason():
                continue
            began = self._clock()
            estimate = self._estimator.estimate(self._reader)
            self._govern(began)
            due = max(due + self._estimator.period_s * self._pace.factor, self._clock())
            said = None
            if estimate is not None:
                self._publish(dataclasses.replace(estimate, simulated=self._reader.info.simulated))

    def _govern(self, began: float) -> None:
        """Take the pace that the last estimate's duration and the machine's warmth allow."""
        t = self._clock()
        pace = self._governor.took(self.name, t, t - began, self._estimator.period_s)
        note = self._estimator.note if isinstance(self._estimator, Listening) else ""
        if (pace, note) != (self._pace, self._note):
            self._pace, self._note = pace, note
            self._running()

    def _running(self) -> None:
        words = "; ".join(filter(None, (self._note, self._pace.reason, self.engines.note)))
        self._health.set(self.name, "estimator", NodeState.RUNNING, words)

    def _wait_for_fresh(self, from_t: float) -> None:
        """Return at time ``from_t`` (s) or, before it, with the first block that arrives after it.

        What arrived earlier has waited: its estimate would be as old as the time between two blocks.
        """
        left = from_t - self._clock()
        if left <= 0 or self._stop.wait(left):
            return
        there, period_s = self._reader.pushed, self._estimator.period_s
        for _ in range(math.ceil(period_s / _STEP_S)):  # a stream that stalls is judged by what there is
            arrived = self._reader.wait(min(_STEP_S, period_s), beyond=there)
            if arrived or self._stop.is_set() or self._sensor_reason():
                return

    def _sensor_reason(self) -> str:
        event = self._health.get(self._sensor)
        if event is None or event.state in _UP:
            return ""
        return f"{self._sensor} {event.state}" + (f": {event.reason}" if event.reason else "")

    def _absent(self, reason: str) -> None:
        info = self._reader.info
        self._publish(
            AffectEstimate(
                modality=self._estimator.modality,
                stream=info.name,
                t=self._clock(),
                quality=0.0,
                reason=reason,
                simulated=info.simulated,
            )
        )

    def _repeat_until_stopped(self, reason: str) -> None:
        self._absent(reason)
        while not self._stop.wait(_REPEAT_S):
            self._absent(reason)
