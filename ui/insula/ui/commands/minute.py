"""The guided minute inside a session that runs: asked for by a window, carried out here, told to all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from insula.edge import SensingLoop
from insula.edge.errors import InsulaError
from insula.edge.profile import Profile
from insula.edge.protocols import Item
from insula.edge.types import MODALITIES, AffectEstimate, Modality
from insula.models.person.guide import STEPS, Guide, Step
from insula.ui.commands.person import About, keep, kept
from insula.ui.dashboard.minute import Minute, Sensed

SETTLE_S: Final = 2.0
"""The estimators take notice of the rest's end with their next estimate."""

_STALE_S: Final = 3.0
_SOURCE: Final = "calibration"


class GuidedMinute:
    """One minute at a time; :meth:`advance` is called some ten times a second.

    ``allow`` raises ``NotPermitted`` where a person must not be measured.
    """

    def __init__(
        self, loop: SensingLoop, allow: Callable[[str], None], steps: Sequence[Step] = STEPS
    ) -> None:
        self.told: Minute | None = None
        """How it stands, ``None`` before the first."""
        self._loop = loop
        self._allow = allow
        self._steps = tuple(steps)
        self._guide: Guide | None = None
        self._part = ""
        self._newest: dict[Modality, AffectEstimate] = {}
        loop.subscribe(self._take)

    def begin(self, person: str) -> None:
        """Begin the minute of a person, unless one runs; a refusal is told in words."""
        if self._guide is not None:
            return
        guide = Guide(self._loop.clock(), self._steps)
        self.told = Minute(person, "lead", guide.start, guide.seconds, len(guide.steps))
        try:
            Profile(person)
            self._allow(person)
        except InsulaError as error:
            self.told = replace(self.told, state="failed", reason=str(error))
            return
        self._guide = guide
        self._loop.mark("calibration begin", _SOURCE)
        self.advance()

    def cancel(self) -> None:
        """End it early; nothing is kept."""
        if self._guide is not None:
            self._end("cancelled")

    def advance(self) -> bool:
        """Do what is due; returns whether the step changed, so that the windows are told at once."""
        guide, before = self._guide, self.told
        if guide is None or before is None:
            return False
        now = self._loop.clock()
        moment = guide.at(now)
        if moment.step is None:
            self._loop.learn(())
            self._enter("")
            if now >= guide.start + guide.seconds + SETTLE_S:
                self._keep(guide, before)
                return True
            self.told = replace(before, state="keeping", step="", ends=None, sensed=self._sensed(now))
            return before.state != "keeping"
        self._loop.learn(moment.rests)
        self._enter(moment.step.key if moment.begun else "")
        state, key = "step" if moment.begun else "lead", moment.step.key
        same = (before.state, before.step) == (state, key)
        self.told = replace(
            before,
            state="step" if moment.begun else "lead",
            number=moment.number,
            step=key,
            ends=before.ends if same else now + moment.left_s,
            sensed=self._sensed(now),
        )
        return not same

    # -- inside --------------------------------------------------------------------------------------

    def _take(self, item: Item) -> None:
        if isinstance(item, AffectEstimate):
            self._newest[item.modality] = item
            if (guide := self._guide) is not None:
                guide.take(item)

    def _enter(self, key: str) -> None:
        """Mark where the part before ends and this one begins."""
        if key == self._part:
            return
        for part, change in ((self._part, "end"), (key, "begin")):
            if part:  # the window takes its resting point from the baseline's two markers
                name = "baseline" if part == "rest" else f"calibration {part}"
                self._loop.mark(f"{name} {change}", _SOURCE)
        self._part = key

    def _end(self, state: str) -> None:
        self._guide = None
        self._loop.learn(())
        self._enter("")
        self._loop.mark(f"calibration {state}", _SOURCE)
        if state == "cancelled" and self.told is not None:
            self.told = replace(self.told, state="cancelled", step="", ends=None, sensed=())

    def _keep(self, guide: Guide, told: Minute) -> None:
        found = tuple(self._gave(guide, modality) for modality in MODALITIES)
        self.told = replace(told, state="failed", step="", ends=None, sensed=found, checks=guide.checks())
        if not any(one.well for one in found):
            self.told = replace(self.told, reason="no sensor gave enough to measure against")
            self._end("failed")
            return
        try:
            profile = keep(told.person, self._loop, guide, _declared(told.person))
        except InsulaError as error:
            self.told = replace(self.told, reason=str(error))
            self._end("failed")
            return
        self.told = replace(self.told, state="kept", profile=profile.id)
        self._end(f"kept as {profile.id}")

    def _gave(self, guide: Guide, modality: Modality) -> Sensed:
        if modality not in self._loop.modalities:
            weights = self._loop.profile.weights if self._loop.profile is not None else {}
            left_out = weights.get(modality) == 0
            return Sensed(modality, False, "left out for this person" if left_out else "no sensor")
        if not guide.signal("read" if modality == "voice" else "rest", modality):
            newest = self._newest.get(modality)
            return Sensed(modality, False, (newest.reason if newest else "") or "no sign of life")
        if modality not in self._loop.learned():
            return Sensed(modality, False, "too little of it")
        return Sensed(modality, True)

    def _sensed(self, now: float) -> tuple[Sensed, ...]:
        return tuple(self._senses(modality, now) for modality in self._loop.modalities)

    def _senses(self, modality: Modality, now: float) -> Sensed:
        newest = self._newest.get(modality)
        if newest is None or now - newest.t > _STALE_S:
            return Sensed(modality, False, "no sign of life")
        well = newest.quality > 0
        return Sensed(modality, well, "" if well else newest.reason)


def _declared(person: str) -> About:
    """What the person declared before, and what was left out for them, stays."""
    known = kept(person)
    if known is None:
        return About()
    left_out = {modality: weight for modality, weight in known.weights.items() if weight == 0}
    return About(known.age, known.conditions, left_out)
