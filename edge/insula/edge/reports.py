"""What people said and did during a session: steps of a protocol, answers, continuous ratings.

They flow like markers: published by the program that runs the session, kept by its sinks. Times are
float64 seconds on LSL's clock. *Not answered* is ``None`` with a ``reason``; it is never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StepChange = Literal["begin", "shown", "end", "skipped", "paused", "resumed", "aborted"]


@dataclass(frozen=True, slots=True)
class StepEvent:
    """Something happened to step ``index`` (from 0) of a protocol at time ``t`` (s).

    ``planned`` is when the schedule wanted it, ``None`` where the schedule names no time. ``shown`` tells
    when the participant's window had painted the step. ``by`` is who caused it: "protocol", "operator"
    or "participant". ``trial`` counts the rounds of the innermost loop from 1, 0 outside of loops.
    """

    t: float
    index: int
    name: str
    kind: str
    change: StepChange
    planned: float | None = None
    by: str = "protocol"
    condition: str = ""
    trial: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one item of a questionnaire, given at time ``t`` (s) and seen since ``onset`` (s).

    ``text`` is the answer in words, ``value`` its number where the scale has numbers. An item without an
    answer has neither and says why in ``reason``. A later answer to the same item of the same step replaces
    an earlier one: the respondent went back. ``step`` is the index of the protocol's step.
    """

    t: float
    questionnaire: str
    item: str
    onset: float | None = None
    text: str | None = None
    value: float | None = None
    reason: str = ""
    respondent: str = ""
    role: str = "self"
    step: int = -1

    def __post_init__(self) -> None:
        if not self.answered and not self.reason:
            raise ValueError(f"{self.questionnaire}.{self.item}: what is not answered must say why")

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return self.text is not None or self.value is not None


@dataclass(frozen=True, slots=True)
class Rating:
    """One sample of a continuous rating at time ``t`` (s): a value for every label, ``None`` while not rated.

    Axes such as valence and arousal are in [−1, 1]. For a set of classes the chosen class is 1, the others 0.
    """

    t: float
    annotator: str
    role: str
    labels: tuple[str, ...]
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.values) or not self.labels:
            raise ValueError("a rating has one value for every label")


ROLES = ("self", "clinician", "parent", "partner", "observer")
"""Who may speak about the person; anything else is refused, so that files stay comparable."""
