"""German words of the report, by the English text; the dashboard's catalogue holds the terms they share."""

from __future__ import annotations

from typing import Final

REPORT: Final = {
    "Insula report": "Insula-Bericht",
    "Session report": "Sitzungsbericht",
    "{length} long": "Dauer {length}",
    "Insula version not recorded": "Insula-Version nicht vermerkt",
    "Research software, not a medical device. It describes expressions and bodily signals, "
    "not what a person feels.": (
        "Forschungssoftware, kein Medizinprodukt. Sie beschreibt Ausdruck und Körpersignale, "
        "nicht, was ein Mensch fühlt."
    ),
    "<strong>Simulated input.</strong> No person was measured on: {names}. "
    "Nothing here says anything about anyone.": (
        "<strong>Simulierte Eingabe.</strong> Kein Mensch wurde gemessen an: {names}. "
        "Nichts hier sagt etwas über irgendjemanden."
    ),
    "<strong>This session was cut off.</strong> It is reported as far as it was written.": (
        "<strong>Diese Sitzung brach ab.</strong> Berichtet wird, was geschrieben wurde."
    ),
    "Computed again from the recording {name}.": "Neu berechnet aus der Aufzeichnung {name}.",
    "simulated": "simuliert",
    "simulated input": "simulierte Eingabe",
    # sections
    "What was measured, and what was not": "Was gemessen wurde und was nicht",
    "Valence and arousal": "Valenz und Erregung",
    "Indices": "Indizes",
    "Expressions": "Ausdruck",
    "Between the markers": "Zwischen den Markern",
    "Strongest moments, and what they rested on": "Die stärksten Momente, und worauf sie beruhen",
    "Events and markers": "Ereignisse und Marker",
    "Signals": "Signale",
    "Models that spoke": "Beteiligte Modelle",
    "How to read this, and what it cannot tell": "Wie das zu lesen ist, und was es nicht sagen kann",
    "Software and files": "Software und Dateien",
    # validity
    "Full colour: measured. Hatched: not measured, which means neither “neutral” nor “as before”. "
    "Numbered lines are markers.": (
        "Volle Farbe: gemessen. Schraffiert: nicht gemessen, das heißt weder „neutral“ noch „wie vorher“. "
        "Nummerierte Linien sind Marker."
    ),
    "together": "gesamt",
    "measured": "gemessen",
    "signal quality": "Signalgüte",
    "why not, and for how long (min:s)": "warum nicht, und wie lange (min:s)",
    "no modality gave a value": "keine Modalität gab einen Wert",
    "not started yet": "noch nicht begonnen",
    "pictures are not recorded": "Bilder wurden nicht aufgezeichnet",
    "sound was not recorded": "Ton wurde nicht aufgezeichnet",
    "starting": "beginnt",
    # courses
    "Valence": "Valenz",
    "Arousal": "Erregung",
    "<b>{axis}</b> median {middle}, half of the time {low} to {high}, measured {share:.0%} of the time": (
        "<b>{axis}</b>: Median {middle}, die halbe Zeit {low} bis {high}, gemessen in {share:.0%} der Zeit"
    ),
    "Line: the estimate of all modalities together. Band: 90 % interval, as far as the models judge "
    "their own error rightly. Values are relative positions between −1 and +1, not scores of a test.": (
        "Linie: die Schätzung aller Modalitäten zusammen. Band: 90-%-Intervall, soweit die Modelle ihren "
        "eigenen Fehler richtig einschätzen. Werte sind Lagen zwischen −1 und +1, keine Testwerte."
    ),
    "Not measured at any moment: {why}.": "Zu keinem Zeitpunkt gemessen: {why}.",
    "Not measured: {why}.": "Nicht gemessen: {why}.",
    "no modality stated one": "keine Modalität nannte einen",
    "No stress index: {why}.": "Kein Stressindex: {why}.",
    "No workload index: {why}.": "Kein Beanspruchungsindex: {why}.",
    "as at rest": "wie in Ruhe",
    "as in a task": "wie bei Aufgabe",
    "0 to 1 against the person’s own rest at the start of the session, with 90 % intervals. An index, "
    "not a level of stress or effort as the person would state it.": (
        "0 bis 1 gegen die eigene Ruhe zu Beginn der Sitzung, mit 90-%-Intervallen. Ein Index, kein Maß von "
        "Stress oder Anstrengung, wie der Mensch sie selbst angäbe."
    ),
    "Mean probability over the {share:.0%} of the time in which face or voice could be judged. An "
    "expression is not an emotion: people smile without joy.": (
        "Mittlere Wahrscheinlichkeit über die {share:.0%} der Zeit, in der Gesicht oder Stimme beurteilbar "
        "waren. Ein Ausdruck ist kein Gefühl: Menschen lächeln ohne Freude."
    ),
    # answers and ratings
    "What the person said": "Was die Person sagte",
    "As the person answered, in their own words or numbers. What was not answered is not 0. "
    "A sum is a sum of answers and no diagnosis.": (
        "Wie die Person antwortete, in eigenen Worten oder Zahlen. Was nicht beantwortet wurde, ist nicht 0. "
        "Eine Summe ist eine Summe von Antworten und keine Diagnose."
    ),
    "step": "Schritt",
    "question": "Frage",
    "answer": "Antwort",
    "after": "nach",
    "sum": "Summe",
    "of {low:g} to {high:g}": "von {low:g} bis {high:g}",
    "no sum: not every question was answered": "keine Summe: nicht jede Frage wurde beantwortet",
    "not answered: {why}": "nicht beantwortet: {why}",
    "left out by the respondent": "ausgelassen",
    "time was up": "die Zeit war um",
    "skipped by the operator": "von der Leitung übersprungen",
    "skipped by the participant": "von der Person übersprungen",
    "the operator ended the protocol": "die Leitung beendete den Ablauf",
    "the operator went on": "die Leitung ging weiter",
    "the participant went on": "die Person ging weiter",
    "free text": "freier Text",
    "rated": "bewertet",
    "estimated": "geschätzt",
    "rated by {name} ({role})": "bewertet von {name} ({role})",
    "self": "selbst",
    "clinician": "Behandelnde",
    "parent": "Elternteil",
    "partner": "Partner",
    "observer": "Beobachtende",
    # stretches and moments
    "start": "Beginn",
    "whole session": "ganze Sitzung",
    "(no text)": "(ohne Text)",
    "stretch": "Abschnitt",
    "time": "Zeit",
    "{n} more are left out.": "{n} weitere sind weggelassen.",
    "Mean ± spread over time of what was measured. g: Hedges’ g against the first stretch over means of "
    "whole seconds, where both have {n} s or more; neighbouring seconds are alike, so it describes this "
    "session and is no test.": (
        "Mittelwert ± Streuung über die Zeit dessen, was gemessen wurde. g: Hedges’ g gegen den ersten "
        "Abschnitt über Mittelwerte ganzer Sekunden, wo beide mindestens {n} s haben; Sekunden nebeneinander "
        "gleichen sich, darum beschreibt es diese Sitzung und ist kein Test."
    ),
    "None: valence and arousal were measured too little or did not vary.": (
        "Keine: Valenz und Erregung wurden zu wenig gemessen oder änderten sich nicht."
    ),
    "what": "was",
    "weights": "Gewichte",
    "what it rested on": "worauf es beruhte",
    "{n:.1f} SD above the session’s mean": "{n:.1f} SD über dem Mittel der Sitzung",
    "{n:.1f} SD below the session’s mean": "{n:.1f} SD unter dem Mittel der Sitzung",
    # events and signals
    "note of {author}": "Notiz von {author}",
    "{n} more are in the session's folder.": "{n} weitere stehen im Sitzungsordner.",
    "event": "Ereignis",
    "None.": "Keine.",
    "No counts were recorded.": "Es wurden keine Zählungen aufgezeichnet.",
    "stream": "Strom",
    "nominal": "nominal",
    "samples": "Werte",
    "of expected": "vom Erwarteten",
    "jitter": "Jitter",
    "drift": "Drift",
    "what was wrong": "was nicht stimmte",
    "irregular": "unregelmäßig",
    "nothing": "nichts",
    # models
    "{n} estimates": "{n} Schätzungen",
    "This very version is not installed here, so its card is missing.": (
        "Genau diese Version ist hier nicht installiert; ihre Karte fehlt darum."
    ),
    "Learned from": "Gelernt aus",
    "The label is": "Das Zielmaß ist",
    "On unseen people": "An unbekannten Menschen",
    "floor": "Untergrenze",
    "Caveats": "Vorbehalte",
    "Not for": "Nicht für",
    "Licence": "Lizenz",
    # limits
    "It reports what face, voice, skin and EEG <b>showed</b>. What a person felt only the person can say.": (
        "Berichtet wird, was Gesicht, Stimme, Haut und EEG <b>zeigten</b>. "
        "Was ein Mensch fühlte, kann nur er selbst sagen."
    ),
    "Hatched time was <b>not measured</b>. Do not fill it with the values before or after it.": (
        "Schraffierte Zeit wurde <b>nicht gemessen</b>. "
        "Sie darf nicht mit den Werten davor oder danach gefüllt werden."
    ),
    "The band is the models’ own statement of their error. People unlike those they learned from (age, "
    "skin tone, language, illness, medication, movement) can lie outside it more often.": (
        "Das Band ist die Aussage der Modelle über ihren eigenen Fehler. Menschen, die denen nicht gleichen, "
        "von denen sie lernten (Alter, Hautton, Sprache, Krankheit, Medikamente, Bewegung), können öfter "
        "außerhalb liegen."
    ),
    "Compare a person with <b>their own</b> earlier minutes rather than with other people.": (
        "Ein Mensch ist mit <b>seinen eigenen</b> früheren Minuten zu vergleichen, nicht mit anderen."
    ),
    "Valence and arousal of face and voice are derived from expressions; arousal of EDA is derived from "
    "its index. They are not ratings.": (
        "Valenz und Erregung aus Gesicht und Stimme sind aus dem Ausdruck abgeleitet, die Erregung aus EDA "
        "aus ihrem Index. Es sind keine Selbstauskünfte."
    ),
    "Not for diagnosis, for lie detection, or for judging people at work, at school or at a border.": (
        "Nicht für Diagnosen, nicht zur Lügenerkennung und nicht, um Menschen bei der Arbeit, in der Schule "
        "oder an einer Grenze zu beurteilen."
    ),
    "file": "Datei",
    "bytes": "Bytes",
    "Hash of the estimates": "Prüfsumme der Schätzungen",
}
