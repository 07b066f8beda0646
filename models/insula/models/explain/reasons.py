"""Why something is not measured, in German: the engine's English reasons by their patterns.

The engine writes each reason once, in English, and recordings keep it so. Who shows it to people asks here.
A field in braces stands for what changes: ``{n}`` for a number, ``{name}`` for a part's name, ``{why}`` for
another reason, which is translated too. Device names and messages of other programs stay as they are.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

GERMAN: Final[Mapping[str, str]] = {
    # face
    "no face in the frame": "kein Gesicht im Bild",
    "too dark to see a face": "zu dunkel, um ein Gesicht zu sehen",
    "face too small: {n} pixels": "Gesicht zu klein: {n} Bildpunkte",
    "too dark: mean gray level {n} of 255": "zu dunkel: mittlerer Grauwert {n} von 255",
    "too bright: mean gray level {n} of 255": "zu hell: mittlerer Grauwert {n} von 255",
    "no contrast: standard deviation {n} gray levels": "kein Kontrast: Standardabweichung {n} Graustufen",
    # voice
    "no voice": "keine Stimme",
    "voice began less than {n} s ago": "die Stimme begann vor weniger als {n} s",
    "no signal: the microphone delivers silence": "kein Signal: das Mikrofon liefert Stille",
    "no signal: the sound is silent": "kein Signal: der Ton ist stumm",
    "the sound holds values that are not numbers": "der Ton enthält Werte, die keine Zahlen sind",
    "own voice: the device itself is speaking": "eigene Stimme: das Gerät spricht selbst",
    "clipped: {n} of the samples are at full scale; lower the microphone's gain": (
        "übersteuert: {n} der Werte am Anschlag; den Pegel des Mikrofons senken"
    ),
    "too noisy: speech is {n} dB above the noise": "zu laut ringsum: Sprache {n} dB über dem Rauschen",
    # EDA
    "the first 60 s window is filling": "die ersten 60 s werden gesammelt",
    "too many artefacts in the last 60 s": "zu viele Artefakte in den letzten 60 s",
    "gathering the baseline, {n} s left": "die Ruhewerte werden gesammelt, noch {n} s",
    "gathering the baseline": "die Ruhewerte werden gesammelt",
    "provisional": "vorläufig",
    "the electrodes have lost contact": "die Elektroden haben keinen Kontakt",
    "the amplifier is saturated": "der Verstärker ist übersteuert",
    "motion artefacts": "Bewegungsartefakte",
    "the signal does not change (frozen sensor)": "das Signal ändert sich nicht (Sensor eingefroren)",
    "the resolution is too coarse for skin conductance responses": (
        "die Auflösung ist zu grob für Hautleitwertreaktionen"
    ),
    # EEG
    "gathering the rest baseline, {n} s left": "die Ruhewerte werden gesammelt, noch {n} s",
    "gathering the rest baseline": "die Ruhewerte werden gesammelt",
    "only {n} of {n2} electrodes usable ({why})": "nur {n} von {n2} Elektroden brauchbar ({why})",
    "no baseline": "keine Ruhewerte",
    "blink": "Lidschlag",
    "muscle": "Muskel",
    "line noise": "Netzbrummen",
    "drowned in line noise": "im Netzbrummen untergegangen",
    "too large": "zu groß",
    "frozen": "eingefroren",
    "rail": "am Anschlag",
    "flat": "flach",
    "gap": "Lücke",
    # fusion
    "no estimate yet": "noch keine Schätzung",
    "no news for {n} s": "nichts Neues seit {n} s",
    "its time stamp is {n} s in the future": "sein Zeitstempel liegt {n} s in der Zukunft",
    "its clock is {n} s off": "seine Uhr geht {n} s falsch",
    "read by arrival": "nach der Ankunft gelesen",
    "left out by the settings of this person": "durch die Einstellungen der Person ausgelassen",
    "nothing is measured yet": "noch nichts gemessen",
    "no sensor for it in this session": "kein Sensor dafür in dieser Sitzung",
    "not recorded": "nicht aufgezeichnet",
    # parts
    "no data for {n} s": "keine Daten seit {n} s",
    "the sensor is open but silent": "der Sensor ist offen, aber stumm",
    "the recording is through": "die Aufnahme ist zu Ende",
    "another device answers in its place; restart the session to use it": (
        "ein anderes Gerät antwortet an seiner Stelle; für dieses die Sitzung neu beginnen"
    ),
    "the privacy shutter is closed": "die Blende ist geschlossen",
    "the microphone is muted": "das Mikrofon ist stumm geschaltet",
    "gave up after: {why}": "aufgegeben nach: {why}",
    "the estimator failed ({why}) and is restarted": (
        "die Schätzung ist ausgefallen ({why}) und wird neu gestartet"
    ),
    "the estimator failed ({why})": "die Schätzung ist ausgefallen ({why})",
    "no stream fits it ({why})": "kein Strom passt dazu ({why})",
    "unplugged (on purpose)": "ausgesteckt (mit Absicht)",
    "slowed to every {n} ms: {why}": "verlangsamt auf alle {n} ms: {why}",
    "an estimate takes {n} ms of its {n2} ms": "eine Schätzung braucht {n} ms von ihren {n2} ms",
    "{n} items lost: the output was too slow": "{n} Einträge verloren: der Ausgang war zu langsam",
    "{name} has gone: no more pictures come": "{name} ist weg: es kommen keine Bilder mehr",
    "{name} has gone: {why}": "{name} ist weg: {why}",
    "{name} has sent no picture for {n} s": "{name} hat seit {n} s kein Bild geschickt",
    "{name} opened but gives no picture: another program may use it": (
        "{name} ist offen, gibt aber kein Bild: vielleicht nutzt ein anderes Programm es"
    ),
    "{name} has been silent for {n} s": "{name} ist seit {n} s stumm",
    "the LSL stream {name} has been silent for {n} s": "der LSL-Strom {name} ist seit {n} s stumm",
    "the LSL stream {name} has ended": "der LSL-Strom {name} ist zu Ende",
    "the microphone has delivered no block for {n} s": "das Mikrofon hat seit {n} s nichts geliefert",
    "the microphone has stopped: unplugged, or the sound server ended": (
        "das Mikrofon steht: ausgesteckt, oder der Tondienst ist beendet"
    ),
    "starting": "beginnt",
    "{name} stopped": "{name} beendet",
    "{name} lost: {why}": "{name} verloren: {why}",
    "{name} stalled: {why}": "{name} stockt: {why}",
    "{name} failed: {why}": "{name} ausgefallen: {why}",
    # the modality a reason belongs to
    "face": "Gesicht",
    "voice": "Stimme",
    "eda": "EDA",
    "eeg": "EEG",
}

_KINDS: Final = {"n": r"[-+]?\d[\d.]*%?|…", "name": r"[^:]+?", "why": r".+"}


def fields(template: str) -> set[str]:
    """Names of the parts of a pattern that change."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@lru_cache(maxsize=512)
def reason_in(language: str, reason: str) -> str:
    """``reason`` in ``language`` ("en" or "de"); parts that are not known stay as they are."""
    if language != "de" or not reason:
        return reason
    return _whole(reason) or "; ".join(_part(part) for part in reason.split("; "))


def _part(reason: str) -> str:
    """One reason, perhaps with the name of what it belongs to before it: "flat: T3, T4"."""
    if (whole := _whole(reason)) is not None:
        return whole
    head, colon, rest = reason.partition(": ")
    return f"{GERMAN.get(head, head)}: {reason_in('de', rest)}" if colon else reason


def _whole(reason: str) -> str | None:
    for pattern, german in _PATTERNS:
        if found := pattern.fullmatch(reason):
            said = {k: reason_in("de", v) if k == "why" else v for k, v in found.groupdict().items()}
            return german.format(**said)
    return None


def _compiled(template: str) -> re.Pattern[str]:
    pieces = []
    for literal, name, _, _ in string.Formatter().parse(template):
        field = f"(?P<{name}>{_KINDS[name.rstrip('2')]})" if name else ""
        pieces.append(re.escape(literal) + field)
    return re.compile("".join(pieces))


_PATTERNS: Final = tuple((_compiled(english), german) for english, german in GERMAN.items())
