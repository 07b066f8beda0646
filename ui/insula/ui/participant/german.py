"""German words of the participant's window and terminal, by the English text."""

from __future__ import annotations

from typing import Final

PARTICIPANT: Final = {
    "Continue": "Weiter",
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
    "Skip": "Auslassen",
    "baseline": "Ruhemessung",
    "consent": "Einwilligung",
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
