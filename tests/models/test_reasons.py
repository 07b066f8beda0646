from __future__ import annotations

import re
import string
from pathlib import Path

import numpy as np
import pytest

from insula import edge, models, sensors, ui
from insula.models.eda.index import words as artefacts_in_words
from insula.models.eeg.quality import in_words
from insula.models.explain import reasons
from insula.models.explain.reasons import GERMAN, fields, reason_in
from insula.models.face.quality import picture_quality

CODE = "\n".join(
    path.read_text("utf-8")
    for part in (edge, models, sensors, ui)
    for path in Path(part.__path__[0]).rglob("*.py")
    if path != Path(reasons.__file__) and path.name != "german.py"
)
"""The whole program but its translations."""


@pytest.mark.parametrize("english", sorted(GERMAN))
def test_a_translation_wants_the_same_values(english: str) -> None:
    assert fields(GERMAN[english]) == fields(english)


@pytest.mark.parametrize("english", sorted(key for key in GERMAN if " " in key))
def test_the_program_still_says_what_is_translated(english: str) -> None:
    """Each fixed piece of a pattern stands in the code; else it was reworded and shows in English."""
    pieces = (piece for piece, *_ in string.Formatter().parse(english))
    words = (word for piece in pieces for word in re.findall(r"[\w' ;,]{6,}", piece))
    assert all(word.strip() in CODE for word in words)


def test_numbers_names_and_reasons_within_reasons() -> None:
    german = {
        "": "",
        "too dark: mean gray level 3 of 255": "zu dunkel: mittlerer Grauwert 3 von 255",
        "no news for 2.5 s": "nichts Neues seit 2.5 s",
        "provisional: gathering the baseline, 41 s left": (
            "vorläufig: die Ruhewerte werden gesammelt, noch 41 s"
        ),
        "voice began less than … s ago": "die Stimme begann vor weniger als … s",
        "front lost: front has sent no picture for 2.0 s": (
            "front verloren: front hat seit 2.0 s kein Bild geschickt"
        ),
        "eda: motion artefacts; face: no face in the frame": (
            "EDA: Bewegungsartefakte; Gesicht: kein Gesicht im Bild"
        ),
        "only 1 of 19 electrodes usable (flat: T3, T4; blink: Fp1)": (
            "nur 1 von 19 Elektroden brauchbar (flach: T3, T4; Lidschlag: Fp1)"
        ),
    }
    assert {english: reason_in("de", english) for english in german} == german


def test_what_is_not_known_stays_and_english_is_not_touched() -> None:
    assert reason_in("de", "[Errno 5] Input/output error") == "[Errno 5] Input/output error"
    assert reason_in("en", "no voice") == "no voice"
    assert reason_in("fr", "no voice") == "no voice"


def test_reasons_as_the_models_say_them() -> None:
    dark = np.full((60, 60), 2, np.uint8)
    said = [
        picture_quality(dark).reason,
        picture_quality(dark[:8, :8]).reason,
        artefacts_in_words(0b11),
        in_words(("flat", "good", "drowned in line noise"), ("T3", "Fz", "O1")),
    ]
    for reason in said:
        assert reason
        assert not {"too", "the", "in"} & set(reason_in("de", reason).split())
