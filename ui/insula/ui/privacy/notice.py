"""The notice for the people who are measured: one A4 page and one screen, in English or German."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from insula.edge.privacy.mode import Mode

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")


@dataclass(frozen=True, slots=True)
class About:
    """What the operator fills in; an empty field becomes a line to write on."""

    operator: str = ""
    contact: str = ""
    purpose: str = ""
    until: str = ""
    mode: Mode = Mode.FEATURES_ONLY


Section = tuple[str, str]


def title(language: Language) -> str:
    """The headline."""
    if language == "de":
        return "Hier werden Signale gemessen, aus denen auf Gefühlsausdruck geschlossen wird"
    return "Signals are measured here from which emotional expression is inferred"


def sections(about: About, language: Language) -> list[Section]:
    """The notice as pairs of heading and text."""
    blank = "\N{NO-BREAK SPACE}" + "_" * 40
    operator, contact = about.operator or blank, about.contact or blank
    purpose = about.purpose or blank
    if language == "de":
        return [
            ("Was geschieht", _WHAT_DE),
            ("Wozu", f"{purpose}."),
            ("Was gespeichert wird", f"{_KEPT_DE[about.mode]} {_until_de(about.until)}"),
            ("Wo", _WHERE_DE),
            ("Was es nicht ist", _NOT_DE),
            ("Ihre Rechte", _RIGHTS_DE),
            ("Verantwortlich", f"{operator}. Kontakt: {contact}."),
        ]
    return [
        ("What happens", _WHAT_EN),
        ("What for", f"{purpose}."),
        ("What is kept", f"{_KEPT_EN[about.mode]} {_until_en(about.until)}"),
        ("Where", _WHERE_EN),
        ("What it is not", _NOT_EN),
        ("Your rights", _RIGHTS_EN),
        ("Responsible", f"{operator}. Contact: {contact}."),
    ]


def text(about: About, language: Language) -> str:
    """The notice for a screen, as plain lines."""
    parts = [title(language), *(f"{heading}: {body}" for heading, body in sections(about, language))]
    return "\n\n".join([*parts, _footer(language)])


def page(about: About, language: Language) -> str:
    """The notice as one self-contained HTML page that prints on one A4 sheet."""
    rows = "".join(
        f"<section><h2>{html.escape(heading)}</h2><p>{html.escape(body)}</p></section>"
        for heading, body in sections(about, language)
    )
    return _PAGE.format(
        language=language,
        title=html.escape(title(language)),
        rows=rows,
        footer=html.escape(_footer(language)),
        style=_STYLE,
    )


def _until_en(until: str) -> str:
    return f"It is erased after {until}." if until else "It is erased when the purpose is fulfilled."


def _until_de(until: str) -> str:
    return f"Gelöscht wird nach dem {until}." if until else "Gelöscht wird, sobald der Zweck erfüllt ist."


def _footer(language: Language) -> str:
    law = "Art. 50(3), Art. 5(1)(f)"
    if language == "de":
        return (
            f"Hinweis nach der KI-Verordnung, Verordnung (EU) 2024/1689, {law}. Insula ist "
            "Forschungssoftware und kein Medizinprodukt."
        )
    return (
        f"Notice under the AI Act, Regulation (EU) 2024/1689, {law}. Insula is research software, "
        "not a medical device."
    )


_WHAT_EN = (
    "A computer program (Insula) looks at facial expression, listens to the tone of voice, or reads skin "
    "conductance, brain waves and other body signals, as far as sensors are switched on. From them it "
    "estimates expression, arousal and workload, each with an uncertainty."
)
_WHAT_DE = (
    "Ein Computerprogramm (Insula) betrachtet den Gesichtsausdruck, hört auf den Tonfall oder "
    "liest Hautleitwert, Hirnströme und andere Körpersignale, soweit Sensoren eingeschaltet sind. Daraus "
    "schätzt es Ausdruck, Erregung und Beanspruchung, jeweils mit Angabe der Unsicherheit."
)
_WHERE_EN = "Everything is computed on this device. Nothing is sent to the manufacturer or to a cloud."
_WHERE_DE = "Alles wird auf diesem Gerät berechnet. Nichts wird an Hersteller oder in eine Cloud gesendet."
_NOT_EN = (
    "It does not know what you feel, does not recognise who you are, makes no diagnosis, and no decision "
    "about you is made by it."
)
_NOT_DE = (
    "Es weiß nicht, was Sie fühlen, erkennt nicht, wer Sie sind, stellt keine Diagnose und trifft keine "
    "Entscheidung über Sie."
)
_RIGHTS_EN = (
    "You may say no, or stop at any time, without giving a reason and without disadvantage: ask the person "
    "in charge to close the camera and microphone (one button) or to erase your data. You may see what is "
    "kept about you, have it corrected or erased, and complain to a data protection authority."
)
_RIGHTS_DE = (
    "Sie dürfen ablehnen oder jederzeit abbrechen, ohne Begründung und ohne Nachteil: Bitten Sie die "
    "verantwortliche Person, Kamera und Mikrofon zu schließen (ein Knopf) oder Ihre Daten zu löschen. Sie "
    "dürfen erfahren, was über Sie gespeichert ist, es berichtigen oder löschen lassen und sich bei einer "
    "Datenschutzbehörde beschweren."
)
_KEPT_EN = {
    Mode.FEATURES_ONLY: "Estimates and measured values under a code, never your picture or your voice.",
    Mode.DE_IDENTIFIED: (
        "Estimates, measured values and the positions of points on your face under a code; not your picture "
        "and not your voice. The shape of a face can still be personal."
    ),
    Mode.FULL: "Estimates and measured values and, where switched on, your voice and your picture.",
}
_KEPT_DE = {
    Mode.FEATURES_ONLY: "Schätzungen und Messwerte unter einem Code, nie Ihr Bild oder Ihre Stimme.",
    Mode.DE_IDENTIFIED: (
        "Schätzungen, Messwerte und die Lage von Punkten Ihres Gesichts unter einem Code; weder Ihr Bild "
        "noch Ihre Stimme. Auch die Form eines Gesichts kann personenbezogen sein."
    ),
    Mode.FULL: "Schätzungen und Messwerte und, soweit eingeschaltet, Ihre Stimme und Ihr Bild.",
}

_STYLE = """
@page { size: A4; margin: 18mm }
* { box-sizing: border-box }
body { font: 13pt/1.42 system-ui, "Segoe UI", Arial, sans-serif; color: #16202a; margin: 0 auto;
  max-width: 180mm; padding: 10mm 0 }
h1 { font-size: 25pt; line-height: 1.16; margin: 0 0 7mm; padding-bottom: 5mm;
  border-bottom: 1.2mm solid #0b7285 }
section { display: grid; grid-template-columns: 38mm 1fr; gap: 6mm; padding: 2.6mm 0;
  border-bottom: .2mm solid #c9d3da; break-inside: avoid }
h2 { font-size: 13pt; margin: 0; color: #0b7285 }
p { margin: 0; overflow-wrap: anywhere }
footer { margin-top: 6mm; font-size: 10pt; color: #52606d }
@media print { body { padding: 0 } }
"""

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>
<body><h1>{title}</h1>{rows}<footer>{footer}</footer></body></html>
"""
