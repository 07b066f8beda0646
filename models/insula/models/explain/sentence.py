"""An explanation as one plain sentence.

Names say what is shown or measured, never what a person feels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from insula.edge.explanation import Against, Explanation
from insula.edge.types import Clue
from insula.models.explain.catalogue import GERMAN
from insula.models.explain.reasons import reason_in
from insula.models.face.blendshapes import ACTION_UNITS

LANGUAGES: Final[Mapping[str, Mapping[str, str]]] = {"en": {}, "de": GERMAN}

_LABELS: Final = {"eda": "EDA", "eeg": "EEG", "stress": "stress index", "workload": "workload index"}
_UNIT = re.compile(r"AU(\d+) (.+)")
_WINDOW = re.compile(r"(.+?)( \(\d+ s\))")


def sentence(explanation: Explanation, language: str = "en") -> str:
    """One sentence in ``language``; raises ``KeyError`` for one that has no catalogue."""
    return _Writer(language).write(explanation)


class _Writer:
    def __init__(self, language: str) -> None:
        self._language = language
        self._catalogue = LANGUAGES[language]

    def _say(self, text: str, **values: object) -> str:
        found = self._catalogue.get(text, _LABELS.get(text, text))
        return found.format(**values) if values else found

    def write(self, e: Explanation) -> str:
        if e.name.kind == "none":
            return self._say("Not measured: {reason}.", reason=reason_in(self._language, e.reason))
        because = self._say(", because of {clues}", clues=self._clues(e.clues)) if e.clues else ""
        text = f"{self._name(e)}{self._by(e)}{because}; {self._quality(e)}{self._sure(e)}{self._against(e)}."
        return text[0].upper() + text[1:]

    def _name(self, e: Explanation) -> str:
        shown = e.name.probability is not None and e.name.parts
        return self._say(e.name.text) + (f" ({e.name.probability:.0%})" if shown else "")

    def _by(self, e: Explanation) -> str:
        if e.leading is None or not e.weight:
            return ""
        return self._say(
            ", mostly from the {modality} (weight {weight:.0%})",
            modality=self._say(e.leading),
            weight=e.weight,
        )

    def _quality(self, e: Explanation) -> str:
        if e.quality is None:
            return ""
        word = "good" if e.quality >= 0.8 else "fair" if e.quality >= 0.5 else "poor"
        return self._say("signal {word} ({quality:.2f}), ", word=self._say(word), quality=e.quality)

    def _sure(self, e: Explanation) -> str:
        axes = [
            f"{self._say(axis)} {m.mean:+.2f} ± {m.sd:.2f}"
            for axis, m in (("valence", e.valence), ("arousal", e.arousal))
            if m is not None
        ]
        source = [self._say(e.va_source)] if e.va_source is not None else []
        indices = [f"{self._say(index)} {m.mean:.2f} ± {m.sd:.2f}" for index, m in e.indices]
        told = ", ".join([*axes, *source, *indices])
        sureness = self._say(e.sureness)
        return f"{sureness} ({told})" if told else sureness

    def _clues(self, clues: tuple[Clue, ...]) -> str:
        return ", ".join(self._clue(clue) for clue in clues)

    def _clue(self, clue: Clue) -> str:
        feature = self._feature(clue.feature)
        if clue.z is not None:
            return self._say("{feature} {z:+.1f} sd", feature=feature, z=clue.z)
        unit = f" {clue.unit}" if clue.unit and "…" not in clue.unit else ""
        return self._say(
            "{feature} {value:.2f}{unit} (no baseline)", feature=feature, value=clue.value, unit=unit
        )

    def _feature(self, feature: str) -> str:
        if found := _UNIT.fullmatch(feature):
            return f"{self._say(found[2])} (AU{int(found[1])})"
        if found := _WINDOW.fullmatch(feature):
            return self._say(found[1]) + found[2]
        return self._say(feature)

    def _against(self, e: Explanation) -> str:
        if not e.against:
            return ""
        return self._say("; against it: {list}", list=", ".join(self._counter(a) for a in e.against))

    def _counter(self, a: Against) -> str:
        values = {
            "modality": self._say(a.modality or ""),
            "value": a.value,
            "reason": reason_in(self._language, a.reason),
            "units": ", ".join(f"{self._say(ACTION_UNITS[u][0])} (AU{u})" for u in a.units),
        }
        return self._say(_COUNTERS[a.kind], **values)


_COUNTERS: Final = {
    "contradiction": "face and voice contradict ({value:.1f} sd)",
    "template": "the face does not show {units}",
    "poor signal": "poor signal of the {modality} ({value:.2f})",
    "old": "the {modality} is {value:.1f} s old",
    "not measured": "{modality} not measured ({reason})",
    "simulated": "the input is simulated",
}
