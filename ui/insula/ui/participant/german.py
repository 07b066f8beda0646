"""German words of the participant's window and terminal, by the English text."""

from __future__ import annotations

from typing import Final

PARTICIPANT: Final = {
    "Continue": "Weiter",
    "I agree": "Ich willige ein",
    "I do not agree": "Ich willige nicht ein",
    "It is kept until {until} at the latest.": "Es wird längstens bis {until} aufbewahrt.",
    "Signals are measured from which emotional expression is inferred, on this device only. This is research "
    "software, not a medical device; it makes no diagnosis and no decision about you.": (
        "Es werden Signale gemessen, aus denen auf Gefühlsausdruck geschlossen wird, nur auf diesem Gerät. "
        "Das ist Forschungssoftware, kein Medizinprodukt; sie stellt keine Diagnose und entscheidet nichts "
        "über Sie."
    ),
    "What for": "Wozu",
    "What may be kept": "Was aufbewahrt werden darf",
    "What may be measured": "Was gemessen werden darf",
    "You may say no to all or to parts, and withdraw at any time without giving a reason: everything kept "
    "under your code is then erased.": (
        "Sie dürfen alles oder Teile ablehnen und jederzeit ohne Begründung widerrufen: Dann wird alles "
        "gelöscht, was unter Ihrem Code aufbewahrt wird."
    ),
    "Your consent": "Ihre Einwilligung",
    "a demonstration of a robot": "eine Vorführung eines Roboters",
    "also my picture and my voice": "auch mein Bild und meine Stimme",
    "also the position of points on my face": "auch die Lage von Punkten meines Gesichts",
    "clinical observation": "klinische Beobachtung",
    "measured values only, never my picture or voice": "nur Messwerte, nie mein Bild oder meine Stimme",
    "my brain waves (EEG)": "meine Hirnströme (EEG)",
    "my face (camera)": "mein Gesicht (Kamera)",
    "my heart and pulse": "mein Herz und Puls",
    "my own use": "meine eigene Nutzung",
    "my voice (microphone)": "meine Stimme (Mikrofon)",
    "other signals of my body": "andere Signale meines Körpers",
    "research": "Forschung",
    "the conductance of my skin (EDA)": "der Leitwert meiner Haut (EDA)",
    "the stated medical or safety purpose at work": (
        "der genannte medizinische oder Sicherheitszweck bei der Arbeit"
    ),
    "the stated medical or safety purpose in education": (
        "der genannte medizinische oder Sicherheitszweck in der Ausbildung"
    ),
    "tick what for": "bitte ankreuzen, wozu",
    "tick what may be measured": "bitte ankreuzen, was gemessen werden darf",
    "type your code to sign": "zum Unterschreiben bitte den Code eintippen",
    "where I look": "wohin ich blicke",
    "your code, as on your sheet": "Ihr Code, wie auf Ihrem Blatt",
    "Enter goes on": "Weiter mit der Eingabetaste",
    "Add": "Hinzufügen",
    "Annotate": "Anmerken",
    "Annotations": "Anmerkungen",
    "Change": "Ändern",
    "Delete": "Löschen",
    "Note what happens here; the recording itself is never changed.": (
        "Anmerken, was hier geschieht; die Aufzeichnung selbst bleibt, wie sie ist."
    ),
    "annotation": "Anmerkung",
    "author": "Verfasser",
    "by": "von",
    "clinician": "Behandelnde",
    "observer": "Beobachtende",
    "operator": "Bedienung",
    "parent": "Elternteil",
    "partner": "Partner",
    "role": "Rolle",
    "say what happens here first": "erst sagen, was hier geschieht",
    "self": "selbst",
    "time": "Zeit",
    "what happens here": "was hier geschieht",
    "your name or initials": "Ihr Name oder Kürzel",
    "Begin": "Beginnen",
    "End protocol": "Protokoll beenden",
    "End the protocol here; asks to be clicked twice.": "Das Protokoll hier beenden; braucht zwei Klicks.",
    "End this step and begin the next one.  [Shift+N]": (
        "Diesen Schritt beenden und den nächsten beginnen.  [Umschalt+N]"
    ),
    "Go on": "Weiter",
    "Hold": "Anhalten",
    "Hold the step's time, or let it go on.": "Die Zeit des Schritts anhalten oder weiterlaufen lassen.",
    "Leave this step out; the file says so.": "Diesen Schritt auslassen; die Datei sagt es.",
    "Next step": "Nächster Schritt",
    "Note … (N)": "Notiz … (N)",
    "Really end?": "Wirklich beenden?",
    "Rating": "Bewertung",
    "Skip": "Auslassen",
    "The joystick is gone: plug it in and open this window again.": (
        "Der Joystick ist weg: einstecken und dieses Fenster neu öffnen."
    ),
    "The recording is through. Thank you.": "Die Aufzeichnung ist zu Ende. Danke.",
    "digits choose, 0 or Escape chooses nothing": "Ziffern wählen, 0 oder Escape wählt nichts",
    "nothing is rated while it is held": "solange angehalten, wird nichts bewertet",
    "{n} values so far": "{n} Werte bisher",
    "baseline": "Ruhemessung",
    "held": "angehalten",
    "instruction": "Anweisung",
    "next step": "nächster Schritt",
    "protocol done": "Protokoll zu Ende",
    "protocol ended early": "Protokoll vorzeitig beendet",
    "questionnaire": "Fragebogen",
    "ready to begin": "bereit",
    "rest": "Ruhe",
    "step of the protocol": "Schritt des Protokolls",
    "stimulus": "Reiz",
    "then {name}": "dann {name}",
    "time left in the step": "Zeit im Schritt",
    "what the step is": "was der Schritt ist",
    "Go on with the study": "Mit der Studie weitermachen",
    "I want to stop": "Ich möchte aufhören",
    "I would rather not answer": "Möchte ich nicht beantworten",
    "It begins soon.": "Gleich geht es los.",
    "Please wait a moment.": "Bitte warten Sie einen Moment.",
    "That was all. Thank you.": "Das war alles. Danke.",
    "The connection to the study is lost. Please tell the study team.": (
        "Die Verbindung zur Studie ist unterbrochen. Bitte sagen Sie dem Studienteam Bescheid."
    ),
    "The study has been stopped. The study team has been told.": (
        "Die Studie wurde beendet. Das Studienteam weiß Bescheid."
    ),
    "The study is paused.": "Die Studie macht eine Pause.",
    "This cannot be shown here: {why}": "Das kann hier nicht gezeigt werden: {why}",
    "Would you like to stop?": "Möchten Sie aufhören?",
    "Yes, stop": "Ja, aufhören",
    "You may stop at any time, without giving a reason.": (
        "Sie dürfen jederzeit aufhören, ohne Angabe von Gründen."
    ),
    "hold the mouse button and move, or use a joystick": (
        "Maustaste halten und bewegen, oder Joystick benutzen"
    ),
    "please type one of {allowed}": "bitte eins von {allowed} eingeben",
    "put a word in here, if you like": "hier ist Platz für Worte",
    "question {k} of {n}": "Frage {k} von {n}",
    "type it, or just Enter to leave it out": "eintippen, oder nur die Eingabetaste, um sie auszulassen",
}
