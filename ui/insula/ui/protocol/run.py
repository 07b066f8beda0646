"""The state machine of a running protocol. It knows no clock: whoever drives it says what time it is (s)."""

from __future__ import annotations

from insula.edge.reports import StepChange, StepEvent
from insula.ui.protocol.page import Progress, State
from insula.ui.protocol.plan import Plan
from insula.ui.protocol.toml import say


class Run:
    """Goes through a plan. Every method that changes something returns what happened, in order.

    A step begins when it really begins and lasts its full time from there; ``planned`` tells when the
    schedule had wanted it. A wake-up that comes too late (a computer that slept) shortens no step.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.state: State = "ready"
        self.index = -1
        self._began: float | None = None
        self._ends: float | None = None
        self._left: float | None = None

    def begin(self, t: float) -> list[StepEvent]:
        """Start with the first step."""
        return self._start(0, t, None, "operator") if self.state == "ready" else []

    def tick(self, t: float) -> list[StepEvent]:
        """End and begin what is due at ``t``."""
        if self.state != "running" or self._ends is None or t < self._ends:
            return []
        return self._leave("end", t, "protocol")

    def next(self, t: float, by: str) -> list[StepEvent]:
        """Go on; a participant may do so only where the step is in their hands."""
        if self.state == "ready" and by == "operator":
            return self.begin(t)
        if self.state != "running" or (
            by == "participant" and not self.plan.steps[self.index].step.self_paced
        ):
            return []
        return self._leave("end", t, by)

    def skip(self, t: float, by: str) -> list[StepEvent]:
        """Leave the step out, or what remains of it."""
        return self._leave("skipped", t, by) if self.state in ("running", "paused") else []

    def pause(self, t: float, by: str) -> list[StepEvent]:
        """Hold the step's time."""
        if self.state != "running":
            return []
        self.state = "paused"
        self._left = None if self._ends is None else max(self._ends - t, 0.0)
        return [self._event("paused", t, None, by)]

    def resume(self, t: float, by: str) -> list[StepEvent]:
        """Let the time go on."""
        if self.state != "paused":
            return []
        self.state = "running"
        self._ends = None if self._left is None else t + self._left
        self._left = None
        return [self._event("resumed", t, None, by)]

    def abort(self, t: float, by: str) -> list[StepEvent]:
        """End the protocol here; the session goes on."""
        if self.state not in ("running", "paused"):
            return []
        self.state = "aborted"
        return [self._event("aborted", t, None, by)]

    def shown(self, index: int, t: float) -> list[StepEvent]:
        """Note that the participant's window had painted step ``index`` at ``t``."""
        return [self._event("shown", t, self._began, "participant")] if index == self.index else []

    def due_in(self, t: float) -> float | None:
        """Seconds until :meth:`tick` has something to do, ``None`` while nothing is timed."""
        if self.state != "running" or self._ends is None:
            return None
        return max(self._ends - t, 0.0)

    @property
    def progress(self) -> Progress:
        """How it stands."""
        plan, k = self.plan, self.index
        here = plan.steps[k] if 0 <= k < len(plan.steps) else None
        after = plan.steps[k + 1].step.name if k + 1 < len(plan.steps) else ""
        live = self.state in ("running", "paused")
        return Progress(
            title=say(plan.protocol.title, plan.language),
            state=self.state,
            index=k,
            total=len(plan.steps),
            began=self._began if live else None,
            ends=self._ends if self.state == "running" else None,
            left_s=self._left,
            condition=here.step.condition if here else "",
            page=plan.page(k) if here and live else None,
            coming=after if self.state in ("ready", "running", "paused") else "",
            keys=plan.protocol.markers,
            language=plan.language,
        )

    def _start(self, index: int, t: float, planned: float | None, by: str) -> list[StepEvent]:
        self.state, self.index, self._left = "running", index, None
        seconds = self.plan.steps[index].step.seconds
        self._began, self._ends = t, None if seconds is None else t + seconds
        return [self._event("begin", t, planned, by)]

    def _leave(self, change: StepChange, t: float, by: str) -> list[StepEvent]:
        planned = self._ends if self.state == "running" else None
        left = [self._event(change, t, planned, by)]
        if self.index + 1 == len(self.plan.steps):
            self.state, self._ends, self._left = "done", None, None
            return left
        timely = planned if by == "protocol" else t
        return left + self._start(self.index + 1, t, timely, "protocol")

    def _event(self, change: StepChange, t: float, planned: float | None, by: str) -> StepEvent:
        here = self.plan.steps[self.index]
        step = here.step
        return StepEvent(t, self.index, step.name, step.kind, change, planned, by, step.condition, here.trial)
