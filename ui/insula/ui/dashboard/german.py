"""German words of the dashboard, by the English text."""

from __future__ import annotations

from typing import Final

from insula.models.explain.catalogue import GERMAN as EXPLAINED
from insula.ui.participant.german import PARTICIPANT
from insula.ui.report.german import REPORT

_WINDOW: Final = {
    "Back": "Zurück",
    "Close camera and microphone; both devices are released.": (
        "Kamera und Mikrofon schließen; beide Geräte werden freigegeben."
    ),
    "Close the microphone only.": "Nur das Mikrofon schließen.",
    "Mute": "Stumm",
    "Why": "Warum",
    "What the state rests on most, what stands out against the person's own rest, and what speaks "
    "against it.": (
        "Worauf der Zustand am meisten beruht, was gegen die eigene Ruhe der Person absticht, "
        "und was dagegen spricht."
    ),
    "Face and voice: how far their own estimates lie apart, in standard deviations of "
    "the difference. Beyond the mark they contradict each other and the state is less sure.": (
        "Gesicht und Stimme: wie weit ihre eigenen Schätzungen auseinanderliegen, in Standardabweichungen "
        "des Unterschieds. Jenseits der Marke widersprechen sie sich, und der Zustand ist weniger sicher."
    ),
    "Choose a folder …": "Ordner wählen …",
    "Choose a session folder": "Sitzungsordner wählen",
    "Dark or light.": "Dunkel oder hell.",
    "Devices": "Geräte",
    "Devices found here": "Gefundene Geräte",
    "Set up a session": "Sitzung einrichten",
    "person, use, devices, protocol": "Person, Zweck, Geräte, Ablauf",
    "End the session and close all sensors; asks to be clicked twice.": (
        "Die Sitzung beenden und alle Sensoren schließen; braucht zwei Klicks."
    ),
    "Really stop?": "Wirklich beenden?",
    "Events": "Ereignisse",
    "Expression": "Ausdruck",
    "Face, voice, EEG and EDA in one honest picture. On this device.": (
        "Gesicht, Stimme, EEG und EDA in einem ehrlichen Bild. Auf diesem Gerät."
    ),
    "Hold the picture still; the session goes on.": "Das Bild anhalten; die Sitzung läuft weiter.",
    "Last minute": "Letzte Minute",
    "Live session": "Live-Sitzung",
    "Look again": "Neu suchen",
    "Look through a recorded session: timeline, traces, raw signals and figures of any segment.": (
        "Eine aufgezeichnete Sitzung durchsehen: Zeitachse, Verläufe, Rohsignale und Zahlen jedes Abschnitts."
    ),
    "Marker … (M)": "Marker … (M)",
    "Markers and what the sensors did, newest first, by session time.": (
        "Marker und was die Sensoren taten, Neuestes zuerst, nach Sitzungszeit."
    ),
    "Mean and standard deviation over time of what was measured in the selected segment, "
    "and the share of time in which it was. What was not measured does not enter a mean.": (
        "Mittelwert und Standardabweichung über die Zeit dessen, was im gewählten Abschnitt gemessen wurde, "
        "und der Anteil der Zeit, in dem es das wurde. Nicht Gemessenes geht in keinen Mittelwert ein."
    ),
    "Models and licences": "Modelle und Lizenzen",
    "No sensor is involved: these data are made up.": "Kein Sensor beteiligt: Diese Daten sind erfunden.",
    "Not a medical device. Tell the person before you measure. Use at work or school is prohibited in the EU "
    "unless the purpose is medical or safety (AI Act, Art. 5(1)(f)).": (
        "Kein Medizinprodukt. Sagen Sie es der Person, bevor Sie messen. Der Einsatz bei der Arbeit "
        "oder in der Schule ist in der EU verboten, außer zu medizinischen oder Sicherheitszwecken "
        "(KI-Verordnung, Art. 5 Abs. 1 f)."
    ),
    "Open recording": "Aufzeichnung öffnen",
    "Pause": "Anhalten",
    "Pictures drawn per second · age of the newest estimate in the state": (
        "Gezeichnete Bilder je Sekunde · Alter der neuesten Schätzung im Zustand"
    ),
    "Play or hold": "Abspielen oder anhalten",
    "Privacy": "Blende",
    "Record": "Aufzeichnen",
    "SIMULATED": "SIMULIERT",
    "Save picture": "Bild speichern",
    "Save picture …": "Bild speichern …",
    "Save this window as PNG, or the timeline as a figure: SVG or PDF.": (
        "Dieses Fenster als PNG speichern oder die Zeitachse als Abbildung: SVG oder PDF."
    ),
    "Compare": "Vergleichen",
    "Compare no longer": "Nicht mehr vergleichen",
    "Compute again with the models installed now": "Mit den jetzt installierten Modellen neu rechnen",
    "Lay another run over the same recording beside this one, such as newer models'.": (
        "Einen anderen Lauf über dieselbe Aufzeichnung danebenlegen, etwa den neuerer Modelle."
    ),
    "Report": "Bericht",
    "Write the session's report and open it to print.": (
        "Den Bericht der Sitzung schreiben und zum Drucken öffnen."
    ),
    "Segment": "Abschnitt",
    "Sensors": "Sensoren",
    "Session": "Sitzung",
    "Set-up": "Einrichtung",
    "Signals": "Signale",
    "Simulated person": "Simulierte Person",
    "Start or stop writing to the disk.": "Das Schreiben auf die Platte beginnen oder beenden.",
    "State": "Zustand",
    "Stop": "Beenden",
    "Stop recording": "Aufzeichnung beenden",
    "The camera's picture. The box marks the face on the very frame that was analysed.": (
        "Das Bild der Kamera. Der Rahmen zeigt das Gesicht auf genau dem Bild, das ausgewertet wurde."
    ),
    "Drag moves the cursor, Shift and drag selects a segment, the wheel zooms, a double click shows all.": (
        "Ziehen bewegt den Zeiger, Umschalt und Ziehen wählt einen Abschnitt, das Rad vergrößert, "
        "ein Doppelklick zeigt alles."
    ),
    "Type what happens and press Enter; the marker gets the time of the first key.": (
        "Tippen, was geschieht, dann die Eingabetaste; der Marker erhält die Zeit der ersten Taste."
    ),
    "Valence and arousal": "Valenz und Erregung",
    "Watch a person's face, voice, EEG and skin conductance now, with every uncertainty shown.": (
        "Gesicht, Stimme, EEG und Hautleitwert einer Person jetzt ansehen, mit aller Unsicherheit."
    ),
    "Who is measured and what for, what is connected and what is not; what the models are worth "
    "and what they are not for.": (
        "Wer wozu gemessen wird, was angeschlossen ist und was nicht; was die Modelle taugen "
        "und wofür sie nicht sind."
    ),
}

_MESSAGES: Final = {
    "camera, microphone, LSL, boards": "Kamera, Mikrofon, LSL, Boards",
    "cut off": "abgebrochen",
    "Choose a file …": "Datei wählen …",
    "Opens the device while you look at it; nothing is stored.": (
        "Öffnet das Gerät, solange Sie hinsehen; nichts wird gespeichert."
    ),
    "The number decides the order of the protocol's conditions.": (
        "Die Nummer bestimmt die Reihenfolge der Bedingungen des Ablaufs."
    ),
    "Preview": "Vorschau",
    "Start session": "Sitzung beginnen",
    "choose at least one device, or the simulated person": (
        "mindestens ein Gerät wählen oder die simulierte Person"
    ),
    "de-identified: points of the face, no picture, no voice": (
        "nicht erkennbar: Punkte des Gesichts, kein Bild, keine Stimme"
    ),
    "features only: no face, no voice": "nur Merkmale: kein Gesicht, keine Stimme",
    "full: pictures and sound may be kept": "alles: Bilder und Ton dürfen bleiben",
    "keeps": "behält",
    "name the person by a pseudonym, such as P07": "die Person mit einem Pseudonym nennen, etwa P07",
    "needed for clinical use and research": "nötig für klinischen Gebrauch und Forschung",
    "no protocol: free session": "kein Ablauf: freie Sitzung",
    "nobody named": "niemand genannt",
    "not stated yet": "noch nicht angegeben",
    "participant": "Teilnehmer",
    "person": "Person",
    "preview": "Vorschau",
    "protocol": "Ablauf",
    "pseudonym, such as P07; never a name": "Pseudonym, etwa P07; nie ein Name",
    "ready: {n} devices, {who}": "bereit: {n} Geräte, {who}",
    "say what it is used for": "angeben, wofür es dient",
    "the medical or safety purpose, in words": "der medizinische oder Sicherheitszweck, in Worten",
    "the notice is up where people see it first": "der Hinweis hängt, wo man ihn zuerst sieht",
    "the person has not consented yet": "die Person hat noch nicht eingewilligt",
    "used for": "Zweck",
    "{person} consented until {until}": "{person} hat bis {until} eingewilligt",
    "{person} has not consented yet": "{person} hat noch nicht eingewilligt",
    "clinical, with the patient's consent (research software, not a medical device)": (
        "klinisch, mit Einwilligung (Forschungssoftware, kein Medizinprodukt)"
    ),
    "research, with each participant's consent": "Forschung, mit Einwilligung jeder Person",
    "own use: I measure nobody but myself": "eigener Gebrauch: Ich messe niemanden außer mich selbst",
    "demonstration of a robot, with a notice where people see it first": (
        "Vorführung eines Roboters, mit einem Hinweis, wo man ihn zuerst sieht"
    ),
    "at a workplace: only for a stated medical or safety purpose": (
        "am Arbeitsplatz: nur zu einem genannten medizinischen oder Sicherheitszweck"
    ),
    "in education: only for a stated medical or safety purpose": (
        "in der Bildung: nur zu einem genannten medizinischen oder Sicherheitszweck"
    ),
    "blue: {name}": "blau: {name}",
    "computing the recording again …": "die Aufzeichnung wird neu gerechnet …",
    "open the report to print it: {path}": "den Bericht zum Drucken öffnen: {path}",
    "the models are the same": "die Modelle sind dieselben",
    "the report opens; print it there: {path}": "der Bericht öffnet sich; dort drucken: {path}",
    "writing the report …": "der Bericht wird geschrieben …",
    "{name}: {model}": "{name}: {model}",
    "Δ: the other run less this one, mean": "Δ: der andere Lauf minus diesen, Mittelwert",
    "EEG bands": "EEG-Bänder",
    "no EEG in this session": "kein EEG in dieser Sitzung",
    "no map: places\nnot known": "keine Karte: Orte\nunbekannt",
    "reading ten seconds of EEG …": "lese zehn Sekunden EEG …",
    "the last {s:.0f} s, all electrodes that carry a signal": (
        "die letzten {s:.0f} s, alle Elektroden mit einem Signal"
    ),
    "Arrange the panels": "Felder anordnen",
    "Arrange the panels; the view for the room.": "Felder anordnen; die Ansicht für den Raum.",
    "Put the panels back": "Felder zurückstellen",
    "View": "Ansicht",
    "Room view": "Raumansicht",
    "For the room: what runs and what is wrong, readable from two metres. Escape goes back.": (
        "Für den Raum: was läuft und was fehlt, aus zwei Metern lesbar. Escape geht zurück."
    ),
    "all is well": "alles in Ordnung",
    "not recording": "keine Aufzeichnung",
    "outside the models' population": "nicht für solche Personen gemessen",
    "population": "Population",
    "agree": "stimmen überein",
    "at rest": "in Ruhe",
    "not both speak": "nicht beide gemessen",
    "contradict each other": "widersprechen sich",
    "face and voice": "Gesicht und Stimme",
    "free space": "freier Platz",
    "jitter {ms:.1f} ms": "Jitter {ms:.1f} ms",
    "no speech": "niemand spricht",
    "speech": "Sprache",
    "{n} gaps": "{n} Lücken",
    "{n} bursts": "{n} Schübe",
    "{n} samples are not finite": "{n} Werte sind keine Zahlen",
    "{n} samples at the end of the range": "{n} Werte am Anschlag",
    "{n} samples out of order": "{n} Werte in falscher Folge",
    "its rate is off by {p:.1%}": "Rate um {p:.1%} daneben",
    "its clock is off by {ppm:.0f} ppm": "Uhr um {ppm:.0f} ppm daneben",
    "blocks come unevenly, by {ms:.0f} ms": "kommt ungleichmäßig, um {ms:.0f} ms",
    "Consent …": "Einwilligung …",
    "Show the consent form to the person, to be signed here.": (
        "Der Person die Einwilligung zeigen, um sie hier zu unterschreiben."
    ),
    "looking …": "suche …",
    "marker text": "Text des Markers",
    "needs no device; says so everywhere": "braucht kein Gerät; sagt es überall",
    "pictures do not travel over LSL": "Bilder gehen nicht über LSL",
    "no camera in this session": "keine Kamera in dieser Sitzung",
    "no news from the engine for {s:.0f} s": "seit {s:.0f} s nichts von der Messung gehört",
    "no picture": "kein Bild",
    "encrypted": "verschlüsselt",
    "Passphrase of the encrypted session": "Passphrase der verschlüsselten Sitzung",
    "no passphrase was given": "keine Passphrase angegeben",
    "no recordings yet": "noch keine Aufzeichnungen",
    "no sensors yet": "noch keine Sensoren",
    "no signals yet": "noch keine Signale",
    "not analysed": "nicht ausgewertet",
    "not measured": "nicht gemessen",
    "not measured: {why}": "nicht gemessen: {why}",
    "nothing for {s:.0f} s": "seit {s:.0f} s nichts",
    "nothing happened up to here": "bis hier ist nichts geschehen",
    "nothing was recorded here": "hier wurde nichts aufgezeichnet",
    "nothing yet; M writes a marker": "noch nichts; M schreibt einen Marker",
    "privacy shutter closed": "Blende geschlossen",
    "quality {q:.0%}": "Güte {q:.0%}",
    "reading the raw signals …": "lese die Rohsignale …",
    "ready": "bereit",
    "rests on nothing now": "stützt sich gerade auf nichts",
    "running now": "läuft gerade",
    "starting …": "startet …",
    "the raw signals cannot be shown: the file lacks the states to align them with": (
        "die Rohsignale können nicht gezeigt werden: Der Datei fehlen die Zustände zum Ausrichten"
    ),
    "the raw signals cannot be shown: {why}": "die Rohsignale können nicht gezeigt werden: {why}",
    "the session ended at once": "die Sitzung endete sofort",
    "the session has ended": "die Sitzung ist beendet",
    "the video was not recorded": "das Video wurde nicht aufgezeichnet",
    "waiting for the first estimate": "warte auf die erste Schätzung",
    "waiting for the first samples": "warte auf die ersten Werte",
    "weak signal, quality {q:.0%}": "schwaches Signal, Güte {q:.0%}",
    "{ms:.0f} ms old": "{ms:.0f} ms alt",
    "{name} cannot be written; choose another folder": (
        "{name} kann nicht geschrieben werden; bitte einen anderen Ordner wählen"
    ),
    "{name} runs at full rate again": "{name} läuft wieder mit voller Rate",
    "{name} is back": "{name} ist wieder da",
    "{name} measured": "{name} gemessen",
    "{n} markers · {m} skin responses": "{n} Marker · {m} Hautreaktionen",
}

_MINUTE: Final = {
    "guided minute": "geführte Minute",
    "Calibrate …": "Kalibrieren …",
    "Calibrate {person}": "{person} kalibrieren",
    "step of the guided minute": "Schritt der geführten Minute",
    "instruction": "Anweisung",
    "what the sensors give": "was die Sensoren beitragen",
    "progress of the guided minute": "Fortschritt der geführten Minute",
    "Pseudonym": "Pseudonym",
    "Letters, digits, - and _; no name.": "Buchstaben, Ziffern, - und _; kein Name.",
    "Lead through one minute and keep what it teaches.": (
        "Durch eine Minute führen und behalten, was sie lehrt."
    ),
    "Cancel": "Abbrechen",
    "End the minute here; nothing is kept.": "Die Minute hier beenden; nichts wird behalten.",
    "Close": "Schließen",
    "Put this row away.": "Diese Zeile wegräumen.",
    "One guided minute: neutral face, closed eyes, a read sentence, a deep breath. "
    "It is the rest this person is measured against.": (
        "Eine geführte Minute: neutrales Gesicht, geschlossene Augen, ein vorgelesener Text, ein tiefer "
        "Atemzug. Sie ist die Ruhe, gegen die diese Person gemessen wird."
    ),
    "The session goes on meanwhile; a recording gets markers of the parts.": (
        "Die Sitzung läuft dabei weiter; eine Aufnahme bekommt Marker der Teile."
    ),
    "Step {n} of {of}": "Schritt {n} von {of}",
    "in {s} s": "in {s} s",
    "{s} s": "{s} s",
    "Thank you. Keeping what was learned …": "Danke. Das Gelernte wird gespeichert …",
    "Cancelled: nothing was kept.": "Abgebrochen: nichts wurde behalten.",
    "Nothing was kept: {reason}.": "Nichts wurde behalten: {reason}.",
    "Kept as {profile}: the rest of {names}, used from the next session on.": (
        "Behalten als {profile}: die Ruhe von {names}, gültig ab der nächsten Sitzung."
    ),
    "Could not be measured: {names}.": "Nicht zu messen: {names}.",
    "no sensor": "kein Sensor",
    "no sensor gave enough to measure against": "kein Sensor gab genug, um dagegen zu messen",
    "no sign of life": "kein Lebenszeichen",
    "too little of it": "zu wenig davon",
    "left out for this person": "für diese Person ausgelassen",
}

_TERMS: Final = {
    "activated": "aktiviert",
    "calm": "ruhig",
    "pleasant": "angenehm",
    "unpleasant": "unangenehm",
    "tense": "angespannt",
    "delta": "Delta",
    "theta": "Theta",
    "alpha": "Alpha",
    "beta": "Beta",
    "gamma": "Gamma",
    "blink": "Lidschlag",
    "muscle": "Muskel",
    "line noise": "Netzbrummen",
    "drowned in line noise": "im Netzbrummen ertrunken",
    "too large": "zu groß",
    "frozen": "eingefroren",
    "rail": "am Anschlag",
    "flat": "flach",
    "gap": "Lücke",
    "excited": "angeregt",
    "gloomy": "trüb",
    "relaxed": "entspannt",
    "valence": "Valenz",
    "arousal": "Erregung",
    "indices": "Indizes",
    "fused": "gesamt",
    "face": "Gesicht",
    "voice": "Stimme",
    "EDA": "EDA",
    "EEG": "EEG",
    "stress index": "Stressindex",
    "workload index": "Belastungsindex",
    "neutral": "neutral",
    "happiness": "Freude",
    "surprise": "Überraschung",
    "sadness": "Trauer",
    "anger": "Ärger",
    "disgust": "Ekel",
    "fear": "Angst",
    "contempt": "Verachtung",
    "good": "gut",
    "weak": "schwach",
    "starting": "startet",
    "stalled": "stockt",
    "lost": "verloren",
    "stopped": "beendet",
    "failed": "ausgefallen",
    "simulated": "simuliert",
    "recording": "Aufzeichnung",
    "session": "Sitzung",
    "session time": "Sitzungszeit",
    "speed": "Tempo",
    "speed and age": "Tempo und Alter",
    "theme": "Farben",
    "play": "abspielen",
    "{gb:.0f} GB free": "{gb:.0f} GB frei",
    "only {gb:.1f} GB left on the disk: make room or stop recording": (
        "nur noch {gb:.1f} GB auf der Platte frei: Platz schaffen oder die Aufzeichnung beenden"
    ),
    "now": "jetzt",
    "data": "Daten",
    "floors": "Untergrenzen",
    "licence": "Lizenz",
    "not for": "nicht für",
    "scores": "Ergebnisse",
    "split": "Aufteilung",
}

_GLOSSARY: Final = {
    "Valence: how unpleasant (−1) or pleasant (+1) the expression is. "
    "It describes what was measured, not what a person feels.": (
        "Valenz: wie unangenehm (−1) oder angenehm (+1) der Ausdruck ist. "
        "Sie beschreibt, was gemessen wurde, nicht, was eine Person fühlt."
    ),
    "Arousal: how calm (−1) or activated (+1). Face and voice show it in the expression, "
    "EDA in the skin's response.": (
        "Erregung: wie ruhig (−1) oder aktiviert (+1). Gesicht und Stimme zeigen sie im Ausdruck, "
        "EDA in der Reaktion der Haut."
    ),
    "The shaded band and the ellipse hold the true value with 90 % probability "
    "if the model's uncertainty is right. Wider means less sure.": (
        "Das Band und die Ellipse enthalten den wahren Wert mit 90 % Wahrscheinlichkeit, "
        "wenn die Unsicherheit des Modells stimmt. Breiter heißt weniger sicher."
    ),
    "Probabilities of eight kinds of expression in face and voice. "
    "An expression is not an emotion: people smile without joy.": (
        "Wahrscheinlichkeiten von acht Arten des Ausdrucks in Gesicht und Stimme. "
        "Ein Ausdruck ist kein Gefühl: Menschen lächeln auch ohne Freude."
    ),
    "Workload index, 0 to 1: how much the EEG is like under mental arithmetic and not "
    "like the person's own rest.": (
        "Belastungsindex, 0 bis 1: wie sehr das EEG dem beim Kopfrechnen gleicht und nicht der eigenen Ruhe."
    ),
    "The thin line on a bar: where it lay for nine tenths of the last five seconds.": (
        "Die dünne Linie auf einem Balken: wo er neun Zehntel der letzten fünf Sekunden lag."
    ),
    "A pale bar: excluded, at a rate of error of one in ten.": (
        "Ein blasser Balken: ausgeschlossen, mit einer Fehlerrate von eins zu zehn."
    ),
    "The dotted cross on the plane: where the person was at rest (B begins and ends the rest). "
    "Read the state as a distance from there, not from the middle.": (
        "Das gepunktete Kreuz auf der Ebene: wo die Person in Ruhe war (B beginnt und beendet die Ruhe). "
        "Den Zustand als Abstand von dort lesen, nicht von der Mitte."
    ),
    "Shaded stretches of a channel are no brain signal: blink, muscle, mains, loose wire. "
    "They do not enter the index or count less.": (
        "Getönte Stücke eines Kanals sind kein Hirnsignal: Lidschlag, Muskel, Netzbrummen, loses Kabel. "
        "Sie gehen nicht in den Index ein oder zählen weniger."
    ),
    "The line over the sound: the voice's pitch, drawn where somebody speaks.": (
        "Die Linie über dem Schall: die Tonhöhe der Stimme, wo jemand spricht."
    ),
    "Jitter: how unevenly the samples arrive. Drift: how much faster than nominal the device's own "
    "clock runs, in parts per million; it is corrected.": (
        "Jitter: wie ungleichmäßig die Werte eintreffen. Drift: wie viel schneller als vorgesehen die Uhr "
        "des Geräts läuft, in Millionsteln; sie wird ausgeglichen."
    ),
    "Bars on the picture: action units of the Facial Action Coding System, one for each "
    "movement of a muscle, 0 to 1. The arrow: where the head points.": (
        "Balken auf dem Bild: Action Units des Facial Action Coding System, eine für jede Bewegung "
        "eines Muskels, 0 bis 1. Der Pfeil: wohin der Kopf zeigt."
    ),
    "Stress index, 0 to 1: how much skin conductance is like under a stress task and not like "
    "the person's own rest.": (
        "Stressindex, 0 bis 1: wie sehr der Hautleitwert dem bei einer Stressaufgabe gleicht "
        "und nicht der eigenen Ruhe."
    ),
    "Electrodermal activity: how well the skin conducts, in microsiemens. "
    "A tick marks a skin conductance response (SCR), a short rise a few seconds after a stimulus.": (
        "Elektrodermale Aktivität: wie gut die Haut leitet, in Mikrosiemens. "
        "Ein Strich zeigt eine Reaktion (SCR), einen kurzen Anstieg wenige Sekunden nach einem Reiz."
    ),
    "Electroencephalogram, one line a channel, mean removed; the bar at the right is its scale. "
    "E or a double click shows its band powers over the head.": (
        "Elektroenzephalogramm, eine Linie je Kanal, ohne Mittelwert; der Balken rechts ist der Maßstab. "
        "E oder ein Doppelklick zeigt seine Bandleistungen über dem Kopf."
    ),
    "Sound level in decibels below full scale.": "Schallpegel in Dezibel unter Vollaussteuerung.",
    "Hatched: not measured in this stretch, for the reason written there. "
    "It does not mean neutral and it is not the last value.": (
        "Schraffiert: hier nicht gemessen, aus dem Grund, der dort steht. "
        "Das heißt nicht neutral, und es ist nicht der letzte Wert."
    ),
    "How much each modality counts in the fused state right now. A surer and fresher estimate weighs more.": (
        "Wie viel jede Modalität gerade im Gesamtzustand zählt. "
        "Eine sicherere und frischere Schätzung wiegt mehr."
    ),
    "Signal quality from 0 to 1, judged from the signal itself.": (
        "Signalgüte von 0 bis 1, am Signal selbst beurteilt."
    ),
    "How long ago the newest sample was captured.": "Wie lange die Aufnahme des neuesten Werts her ist.",
}

GERMAN: Final[dict[str, str]] = {
    **EXPLAINED,
    **_WINDOW,
    **_MESSAGES,
    **_MINUTE,
    **_TERMS,
    **_GLOSSARY,
    **PARTICIPANT,
    **REPORT,
}
