"""What a person is asked to agree to, and what they ticked so far (Qt-free).

Nothing is ticked beforehand: silence and pre-ticked boxes are no consent (GDPR, Regulation (EU) 2016/679,
Recital 32), and every stream and purpose can be refused by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from insula.edge.privacy.consent import Consent
from insula.edge.privacy.mode import Mode

STREAM_WORDS: Final = {
    "camera": "my face (camera)",
    "voice": "my voice (microphone)",
    "eeg": "my brain waves (EEG)",
    "eda": "the conductance of my skin (EDA)",
    "heart": "my heart and pulse",
    "gaze": "where I look",
    "other": "other signals of my body",
}
PURPOSE_WORDS: Final = {
    "research": "research",
    "clinical": "clinical observation",
    "robot-demo": "a demonstration of a robot",
    "own-use": "my own use",
    "work": "the stated medical or safety purpose at work",
    "education": "the stated medical or safety purpose in education",
}
MODE_WORDS: Final = {
    Mode.FEATURES_ONLY: "measured values only, never my picture or voice",
    Mode.DE_IDENTIFIED: "also the position of points on my face",
    Mode.FULL: "also my picture and my voice",
}


@dataclass(slots=True)
class ConsentForm:
    """``asked`` is what the operator prepared; the rest is what the person chose."""

    asked: Consent
    streams: set[str] = field(default_factory=set)
    purposes: set[str] = field(default_factory=set)
    mode: Mode = Mode.FEATURES_ONLY
    code: str = ""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """What may be chosen to be kept: no more than was asked."""
        return tuple(mode for mode in Mode if self.asked.mode.covers(mode))

    def missing(self) -> str:
        """What is still to be done before it can be signed, in English; "" when nothing is."""
        if not self.streams:
            return "tick what may be measured"
        if not self.purposes:
            return "tick what for"
        if self.code.strip() != self.asked.person:
            return "type your code to sign"
        return ""

    def consent(self, language: str) -> Consent:
        """The agreement as it was given, in the order in which it was asked; not signed yet."""
        return replace(
            self.asked,
            streams=tuple(name for name in self.asked.streams if name in self.streams),
            purposes=tuple(name for name in self.asked.purposes if name in self.purposes),
            mode=self.mode,
            language=language,
        )
