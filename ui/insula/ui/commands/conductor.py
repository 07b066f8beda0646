"""Leads a protocol through a session: drives the state machine, publishes what happens and what is said."""

from __future__ import annotations

from collections.abc import Sequence

from insula.edge import SensingLoop
from insula.edge.errors import DataError
from insula.edge.reports import ROLES, Answer, Rating, StepEvent
from insula.edge.untrusted import parse_json
from insula.ui.dashboard.control import Command
from insula.ui.protocol.filling import Said
from insula.ui.protocol.page import Progress
from insula.ui.protocol.plan import Plan
from insula.ui.protocol.questionnaire import Question
from insula.ui.protocol.run import Run

_LEFT = ("end", "skipped", "aborted")
_ALERT_SOURCE = "insula"  # the dashboard shows the engine's own markers as something to look at


class Conductor:
    """One protocol in one session. :meth:`advance` and :meth:`obey` change, :meth:`publish` tells."""

    def __init__(self, plan: Plan, loop: SensingLoop) -> None:
        self.plan = plan
        self._run = Run(plan)
        self._loop = loop
        self._respondent = loop.config.person or str(plan.participant)
        self._answered: set[tuple[int, str]] = set()

    @property
    def progress(self) -> Progress:
        """How the protocol stands."""
        return self._run.progress

    @property
    def over(self) -> bool:
        """Whether it has come to its end, or was ended."""
        return self._run.state in ("done", "aborted")

    def begin(self) -> list[StepEvent]:
        """Start with the first step now."""
        return self._run.begin(self._loop.clock())

    def advance(self) -> list[StepEvent]:
        """Do what the schedule wants by now."""
        return self._run.tick(self._loop.clock())

    def end(self) -> None:
        """End the protocol with the session, and say what was left unanswered."""
        self.publish(self._run.abort(self._loop.clock(), "session"))

    def due_in(self) -> float | None:
        """Seconds until the schedule wants something."""
        return self._run.due_in(self._loop.clock())

    def obey(self, command: Command) -> list[StepEvent]:
        """Carry out a command of operator or participant; an answer is published at once."""
        run, now = self._run, self._loop.clock()
        if command.name == "protocol":
            does = {
                "next": run.next,
                "skip": run.skip,
                "pause": run.pause,
                "resume": run.resume,
                "abort": run.abort,
            }.get(command.text)
            return does(now, "operator") if does else []
        if command.name == "participant":
            if command.text == "stop":
                return run.abort(now, "participant")
            if command.text == f"next:{run.index}":  # not of a page that has gone meanwhile
                return run.next(now, "participant")
        elif command.name == "shown" and command.text.isdigit():
            return run.shown(int(command.text), command.t)
        elif command.name == "answer":
            self._take(Said.loads(command.text))
        return []

    def publish(self, events: Sequence[StepEvent]) -> None:
        """Tell every sink what happened; what a left questionnaire still lacks is said to be lacking."""
        for event in events:
            self._loop.publish(event)
            if event.change != "shown":
                # The live window takes a rest from these two words, whatever the step is called.
                rest = event.kind == "baseline" and event.change in ("begin", *_LEFT)
                told = f"baseline {'begin' if event.change == 'begin' else 'end'}"
                self._loop.mark(told if rest else f"{event.name} {event.change}", "protocol", event.t)
            if event.change in _LEFT:
                self._complete(event)

    def _take(self, said: Said) -> None:
        question = self._question(said)
        form = self.plan.steps[said.step].step.questionnaire
        assert form is not None
        self._answered.add((said.step, said.item))
        self._loop.publish(
            Answer(
                said.t,
                form.name,
                said.item,
                said.onset,
                said.text,
                said.value,
                said.reason,
                respondent=self._respondent,
                step=said.step,
            )
        )
        alert = question.alert_from
        if alert is not None and said.value is not None and said.value >= alert:
            told = f"attention: {form.name} {said.item} was answered {said.value:g}"
            self._loop.mark(told, _ALERT_SOURCE, said.t)

    def _question(self, said: Said) -> Question:
        steps = self.plan.steps
        form = steps[said.step].step.questionnaire if 0 <= said.step < len(steps) else None
        for item in form.items if form else ():
            if item.name == said.item:
                return item
        raise DataError(f"step {said.step} has no question {said.item!r}")

    def _complete(self, event: StepEvent) -> None:
        form = self.plan.steps[event.index].step.questionnaire
        if form is None:
            return
        whys = {"skipped": f"skipped by the {event.by}", "aborted": f"the {event.by} ended the protocol"}
        why = whys.get(event.change, "time was up" if event.by == "protocol" else f"the {event.by} went on")
        for item in form.items:
            if (event.index, item.name) not in self._answered:
                self._loop.publish(
                    Answer(
                        event.t,
                        form.name,
                        item.name,
                        reason=why,
                        respondent=self._respondent,
                        step=event.index,
                    )
                )


def rating(command: Command) -> Rating:
    """Return the sample in a ``rating`` command; raises ``DataError``."""
    try:
        body = parse_json(command.text)
        values = tuple(None if value is None else float(value) for value in body["values"])
        if not all(value is None or -1.0 <= value <= 1.0 for value in values):
            raise ValueError("values are within −1 … 1")
        role = str(body["role"])
        if role not in ROLES:
            raise ValueError(f"role {role!r} is none of {', '.join(ROLES)}")
        return Rating(command.t, str(body["annotator"]), role, tuple(map(str, body["labels"])), values)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"a rating is wrong: {error}") from error
