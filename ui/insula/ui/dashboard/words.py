"""The words of the window: English in the code, German in a catalogue (Qt-free).

The presenter makes sentences too and knows no Qt, so the catalogue is a plain mapping from the English
text and not Qt's. The engine's reasons, which carry numbers and names, are known by their patterns.
"""

from __future__ import annotations

import string
from typing import Final

from insula.models.explain.reasons import reason_in
from insula.ui.dashboard.german import GERMAN

LANGUAGES: Final = {"en": {}, "de": GERMAN}


class Words:
    """Translate and fill in: ``words("nothing for {s:.0f} s", s=3.2)``; untranslated text stays English."""

    def __init__(self, language: str = "en") -> None:
        self.language = language if language in LANGUAGES else "en"
        self._catalogue: dict[str, str] = LANGUAGES[self.language]

    def __call__(self, text: str, **values: object) -> str:
        """Return ``text``, or a reason of the engine, in the chosen language with ``values`` filled in."""
        found = self._catalogue.get(text) or (str(text) if values else reason_in(self.language, str(text)))
        return found.format(**values) if values else found


def fields(text: str) -> set[str]:
    """Return the names a text wants filled in; a translation must want the same ones."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


MODALITY_LABELS: Final = {"fused": "fused", "face": "face", "voice": "voice", "eda": "EDA", "eeg": "EEG"}

INDEX_LABELS: Final = {"stress": "stress index", "workload": "workload index"}

GLOSSARY: Final = {
    "valence": "Valence: how unpleasant (−1) or pleasant (+1) the expression is. "
    "It describes what was measured, not what a person feels.",
    "arousal": "Arousal: how calm (−1) or activated (+1). Face and voice show it in the expression, "
    "EDA in the skin's response.",
    "interval": "The shaded band and the ellipse hold the true value with 90 % probability "
    "if the model's uncertainty is right. Wider means less sure.",
    "expression": "Probabilities of eight kinds of expression in face and voice. "
    "An expression is not an emotion: people smile without joy.",
    "likely": "The thin line on a bar: where it lay for nine tenths of the last five seconds.",
    "candidates": "A pale bar: excluded, at a rate of error of one in ten.",
    "baseline": "The dotted cross on the plane: where the person was at rest (B begins and ends the rest). "
    "Read the state as a distance from there, not from the middle.",
    "electrodes": "Shaded stretches of a channel are no brain signal: blink, muscle, mains, loose wire. "
    "They do not enter the index or count less.",
    "voice activity": "The line over the sound: the voice's pitch, drawn where somebody speaks.",
    "jitter": "Jitter: how unevenly the samples arrive. Drift: how much faster than nominal the device's own "
    "clock runs, in parts per million; it is corrected.",
    "action units": "Bars on the picture: action units of the Facial Action Coding System, one for each "
    "movement of a muscle, 0 to 1. The arrow: where the head points.",
    "workload index": "Workload index, 0 to 1: how much the EEG is like under mental arithmetic and not "
    "like the person's own rest.",
    "stress index": "Stress index, 0 to 1: how much skin conductance is like under a stress task "
    "and not like the person's own rest.",
    "EDA": "Electrodermal activity: how well the skin conducts, in microsiemens. "
    "A tick marks a skin conductance response (SCR), a short rise a few seconds after a stimulus.",
    "EEG": "Electroencephalogram, one line a channel, mean removed; the bar at the right is its scale. "
    "E or a double click shows its band powers over the head.",
    "Audio": "Sound level in decibels below full scale.",
    "not measured": "Hatched: not measured in this stretch, for the reason written there. "
    "It does not mean neutral and it is not the last value.",
    "weights": "How much each modality counts in the fused state right now. "
    "A surer and fresher estimate weighs more.",
    "quality": "Signal quality from 0 to 1, judged from the signal itself.",
    "age": "How long ago the newest sample was captured.",
}
"""Short explanations shown as tooltips; what was measured, in the terms of the field."""
