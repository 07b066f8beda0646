"""States and estimates as rows of numbers: the channels of ``insula.state`` and ``insula.<modality>``.

LSL outlets and XDF recordings share this layout. NaN means *not measured*; the reason is text and goes
its own way. Indices this table does not know get a stream of their own, so none is lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast, get_args

from insula.edge import codec
from insula.edge.errors import DataError
from insula.edge.explanation import Explanation
from insula.edge.reports import Answer, Rating, StepChange, StepEvent
from insula.edge.types import EXPRESSIONS, MODALITIES, AffectEstimate, AffectState, Measure

INDICES: Final = {"eda": ("stress",), "eeg": ("workload",)}
"""Which index has a channel in which modality's stream; the state's stream has all of them."""

_ALL_INDICES: Final = tuple(name for names in INDICES.values() for name in names)


@dataclass(frozen=True, slots=True)
class Layout:
    """A stream of ours: LSL's name and type, one label and unit a channel; ``sfreq`` 0 is irregular."""

    name: str
    type: str
    labels: tuple[str, ...]
    units: tuple[str, ...]
    sfreq: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One sample for a stream of ours."""

    layout: Layout
    t: float
    values: tuple[float, ...]


def _layout(name: str, kind: str, channels: Mapping[str, str]) -> Layout:
    return Layout(name, kind, tuple(channels), tuple(channels.values()))


def _measures(names: tuple[str, ...]) -> dict[str, str]:
    return {label: "1" for name in names for label in (name, f"{name}_sd")}


_PROBABILITIES: Final = {f"p_{name}": "probability" for name in EXPRESSIONS}
_VA: Final = ("valence", "arousal")

STATE: Final = _layout(
    "insula.state",
    "AffectState",
    _measures(_VA)
    | _PROBABILITIES
    | _measures(_ALL_INDICES)
    | {"age_newest": "seconds", "age_oldest": "seconds"}
    | {f"weight_{modality}": "1" for modality in MODALITIES}
    | {"simulated": "boolean"},
)
"""The fused state. A weight is NaN when the modality did not enter it."""

ESTIMATES: Final = {
    modality: _layout(
        f"insula.{modality}",
        "AffectEstimate",
        _measures(_VA)
        | _PROBABILITIES
        | _measures(INDICES.get(modality, ()))
        | {"quality": "1", "sample": "sample number", "simulated": "boolean"},
    )
    for modality in MODALITIES
}
"""One modality's estimates. ``sample`` is the number of the newest sample or frame of its stream."""

MARKERS: Final = Layout("insula.markers", "Markers", ("text",), ("",))
MARKER_SOURCES: Final = Layout("insula.marker_sources", "Text", ("source",), ("",))
"""Who set each marker: as many samples as ``insula.markers``, at the same times."""

REASONS: Final = Layout("insula.reasons", "Text", ("node", "reason"), ("", ""))
"""Why a modality or the state is not measured, whenever that changes; an empty reason means measured.

Over LSL it is told again every few seconds."""

HEALTH: Final = Layout("insula.health", "Text", ("node", "state", "reason"), ("", "", ""))
"""Changes of sensors, estimators and outputs."""

RATING_HZ: Final = 25.0
"""Nominal rate of continuous ratings (that of OMG-Empathy)."""

STEPS: Final = Layout(
    "insula.protocol",
    "Protocol",
    ("step", "name", "kind", "change", "planned", "by", "condition", "trial"),
    ("", "", "", "", "seconds", "", "", ""),
)
"""Steps of a protocol: ``planned`` is when the schedule wanted what happened at the row's time."""

ANSWERS: Final = Layout(
    "insula.answers",
    "Answers",
    (
        "questionnaire",
        "item",
        "answer",
        "value",
        "onset",
        "response_time",
        "reason",
        "respondent",
        "role",
        "step",
    ),
    ("", "", "", "", "seconds", "seconds", "", "", "", ""),
)
"""One row an answer; where there is none, answer and value are empty and ``reason`` says why."""


EXPLANATIONS: Final = Layout("insula.explanations", "Text", ("sentence", "record"), ("", ""))
"""Why the state is so, twice a second: one English sentence, and the record as JSON."""


def text_row(item: StepEvent | Answer | Explanation) -> tuple[Layout, tuple[str, ...]]:
    """The stream and the texts of a step, an answer or an explanation; the time is the item's."""
    if isinstance(item, Explanation):
        return EXPLANATIONS, (item.english, codec.dumps(item).decode())
    if isinstance(item, StepEvent):
        told = (item.index, item.name, item.kind, item.change, item.planned, item.by, item.condition)
        return STEPS, (*map(_text, told), _text(item.trial or None))
    taken = None if item.onset is None or not item.answered else round(item.t - item.onset, 6)
    said = (item.questionnaire, item.item, item.text, item.value, item.onset, taken, item.reason)
    return ANSWERS, (*map(_text, said), item.respondent, item.role, _text(item.step))


def text_item(name: str, t: float, texts: Sequence[str]) -> StepEvent | Answer:
    """The step or answer of a row of the stream ``name``; raises ``DataError`` where the row cannot be one.

    ``t`` may be on any clock: an answer's onset is reckoned back from it; without an answer it is unknown.
    """
    try:
        if name == STEPS.name:
            index, step, kind, change, planned, by, condition, trial = texts
            if change not in get_args(StepChange):
                raise ValueError(f"a step does not {change!r}")
            how = cast(StepChange, change)
            return StepEvent(t, int(index), step, kind, how, _number(planned), by, condition, int(trial or 0))
        form, asked, text, value, _onset, taken, reason, respondent, role, place = texts
        onset = t - float(taken) if taken else None
        said = (form, asked, onset, text or None, _number(value), reason, respondent, role)
        return Answer(t, *said, int(place))
    except ValueError as error:
        raise DataError(f"{name} holds a row that cannot be: {error}") from error


def _number(text: str) -> float | None:
    return float(text) if text else None


def rating_row(rating: Rating) -> Row:
    """The row of a rating in the stream of its annotator and labels; not rated is NaN."""
    name = f"insula.rating.{rating.annotator}.{'+'.join(rating.labels)}"
    layout = Layout(name, "Rating", rating.labels, ("1",) * len(rating.labels), RATING_HZ)
    return Row(layout, rating.t, tuple(math.nan if v is None else float(v) for v in rating.values))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def rows(item: AffectState | AffectEstimate) -> list[Row]:
    """The row of ``item``, and one for each index that has no channel in it."""
    if isinstance(item, AffectState):
        layout, known = STATE, _ALL_INDICES
    else:
        layout, known = ESTIMATES[item.modality], INDICES.get(item.modality, ())
    indices = dict(item.indices)
    values = [*_pair(item.valence), *_pair(item.arousal), *_probabilities(item.expression)]
    for name in known:
        values += _pair(indices.get(name))
    values += _state_tail(item) if isinstance(item, AffectState) else _estimate_tail(item)
    row = Row(layout, item.t, tuple(values))
    others = (name for name in indices if name not in known)
    return [row, *(Row(_index(layout, name), item.t, _pair(indices[name])) for name in others)]


def _index(layout: Layout, name: str) -> Layout:
    return _layout(f"{layout.name}.{name}", "AffectIndex", _measures((name,)))


def _pair(measure: Measure | None) -> tuple[float, float]:
    return (math.nan, math.nan) if measure is None else (measure.mean, measure.sd)


def _probabilities(expression: tuple[float, ...] | None) -> list[float]:
    return [math.nan] * len(EXPRESSIONS) if expression is None else [math.exp(logp) for logp in expression]


def _state_tail(state: AffectState) -> list[float]:
    weights = {c.modality: c.weight for c in state.contributions if c.measured or c.weight > 0}
    ages = [math.nan if age is None else age for age in (state.age_newest_s, state.age_oldest_s)]
    return [*ages, *(weights.get(modality, math.nan) for modality in MODALITIES), float(state.simulated)]


def _estimate_tail(estimate: AffectEstimate) -> list[float]:
    sample = float(estimate.sample) if estimate.sample >= 0 else math.nan
    return [estimate.quality, sample, float(estimate.simulated)]


class Reasons:
    """Follows why things are not measured: one line whenever a reason changes, none while it stays."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    def changed(self, node: str, reason: str) -> bool:
        """Whether ``reason`` ("" = measured) is news for ``node``."""
        before = self._now.get(node, "")
        self._now[node] = reason
        return reason != before

    def standing(self) -> list[tuple[str, str]]:
        """Pairs of node and reason of all that is not measured now."""
        return [(node, reason) for node, reason in self._now.items() if reason]

    def news(self, item: AffectState | AffectEstimate) -> list[tuple[str, str]]:
        """Pairs of node and reason that changed with ``item``."""
        told: dict[str, str]
        if isinstance(item, AffectEstimate):
            told = {item.modality: "" if item.measured else item.reason}
        else:
            told = {"state": "" if item.measured else item.reason}
            told |= {f"state.{c.modality}": "" if c.measured else c.reason for c in item.contributions}
        return [(node, reason) for node, reason in told.items() if self.changed(node, reason)]
