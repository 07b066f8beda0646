"""What a person said, from the session to the report and into other programs' formats."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from insula.edge.errors import DataError
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.sinks.rows import text_item, text_row
from insula.ui.commands import export
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.dashboard.words import Words
from insula.ui.protocol import questionnaire
from insula.ui.protocol.sheets import dump, load, sheets
from insula.ui.report.facts import gather
from insula.ui.report.page import render

PHQ = [item.name for item in questionnaire.load(questionnaire.shipped()["phq-9"]).items]
REPORTS = (
    StepEvent(1.0, 0, "before", "questionnaire", "begin"),
    Answer(2.5, "sam", "valence", 1.0, "7", 7.0, step=0),
    Answer(3.0, "sam", "arousal", 2.5, "4", 4.0, step=0),
    Answer(3.5, "sam", "arousal", 3.0, reason="left out by the respondent", step=0),  # went back
    Answer(4.0, "sam", "dominance", reason="time was up", step=0),
    StepEvent(4.0, 1, "health", "questionnaire", "begin", condition="calm"),
    *(Answer(4.2 + k / 5, "phq-9", name, 4.0 + k / 5, "shown", 2.0, step=1) for k, name in enumerate(PHQ)),
    StepEvent(6.0, 2, "health", "questionnaire", "begin", condition="tense"),
    Answer(6.5, "phq-9", PHQ[0], 6.0, "shown", 0.0, step=2),
    *(Answer(7.0, "phq-9", name, reason="time was up", step=2) for name in PHQ[1:]),
    *(
        Rating(7.0 + k / 25, "anna", "clinician", ("valence",), (None if k < 10 else 0.5,))
        for k in range(50)
    ),
    *(
        Rating(3.0 + k / 25, "bea", "parent", ("calm", "tense"), (0.0, 1.0) if k < 25 else (1.0, 0.0))
        for k in range(51)
    ),
)  # fmt: skip


def about(*names: str) -> dict[str, Any]:
    forms = [dump(questionnaire.load(questionnaire.shipped()[name])) for name in names]
    return {"protocol": {"name": "study", "questionnaires": forms}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("said") / "study-1"
    record(path, 10.0, faults=(), reports=REPORTS, about=about("sam", "phq-9"))
    return path


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def section(folder: Path, language: str) -> str:
    page = render(gather(folder, Words(language)))
    title = Words(language)("What the person said")
    return page.partition(f"<h2>{title}")[2].partition("</section>")[0]


def test_the_report_tells_answers_scales_and_sums(folder: Path) -> None:
    told = section(folder, "en")
    assert "1 unpleasant … 9 pleasant" in told
    assert "<b>7</b>" in told
    assert "1.5 s" in told
    assert "<b>4</b>" not in told  # taken back
    assert "not answered: left out by the respondent" in told
    assert told.count("0 Not at all … 3 Nearly every day") == 1
    assert '<b>18</b> <span class="absent">of 0 to 27' in told
    assert told.count("no sum: not every question was answered") == 1
    assert "health · tense" in told


def test_the_report_shows_when_each_class_was_chosen(folder: Path) -> None:
    figure = section(folder, "en").partition("rated by bea (parent)")[2].partition("</figure>")[0]
    bar = r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="13" fill="#5b7c99"/>'
    (calm,) = re.findall(bar, figure.partition(">calm</text>")[2].partition("<text")[0])
    (tense,) = re.findall(bar, figure.partition(">tense</text>")[2])
    assert float(calm[0]) == pytest.approx(float(tense[0]) + float(tense[1]), abs=0.11)
    assert figure.count('fill="url(#hatch)"') == 4
    assert figure.count("not measured: nobody rated") == 4


def test_the_report_sets_ratings_beside_the_estimate(folder: Path) -> None:
    told = section(folder, "en")
    assert "rated by anna (clinician)" in told
    assert "not measured: nobody rated" in told
    assert told.count("<svg") == 2  # anna's axes, bea's classes


def test_the_report_speaks_german(folder: Path) -> None:
    told = section(folder, "de")
    for german in ("Wenig Interesse", "nicht beantwortet: ausgelassen", "von 0 bis 27", "bewertet von anna"):
        assert german in told


def test_a_session_without_answers_has_no_such_section(tmp_path: Path) -> None:
    record(tmp_path / "plain", 3.0, faults=())
    assert "What the person said" not in render(gather(tmp_path / "plain"))
    export.run(tmp_path / "plain", "csv", tmp_path / "out")
    assert not (tmp_path / "out" / "answers.csv").exists()


def test_answers_without_their_questionnaire_are_told_by_name(tmp_path: Path) -> None:
    record(tmp_path / "bare", 4.0, faults=(), reports=[Answer(2.0, "own", "how<", 1.0, value=3.0)])
    assert "how&lt;" in section(tmp_path / "bare", "en")


def test_a_questionnaire_that_was_tampered_with_is_told_all_the_same(tmp_path: Path) -> None:
    told = about("phq-9")
    told["protocol"]["questionnaires"][0]["items"][0] |= {"choices": [], "text": {}}
    record(
        tmp_path / "odd", 4.0, faults=(), reports=[Answer(2.0, "phq-9", PHQ[0], 1.0, value=9.0)], about=told
    )
    assert "<b>9</b>" in section(tmp_path / "odd", "de")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_hold_answers_scores_and_ratings(folder: Path, tmp_path: Path, kind: export.Format) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    export.run(folder, kind, tmp_path)
    read = pandas.read_parquet if kind == "parquet" else pandas.read_csv
    answers = read(tmp_path / f"answers.{kind}")
    assert len(answers) == 3 + 2 * len(PHQ)
    first, arousal = answers.iloc[0], answers[answers["item"] == "arousal"].iloc[0]
    assert (first["item"], first["answer"], first["response_time_s"]) == ("valence", 7.0, 1.5)
    assert arousal["missing"] == "left out by the respondent"
    assert pandas.isna(arousal["answer"])
    assert pandas.isna(arousal["response_time_s"])
    scores = read(tmp_path / f"scores.{kind}")
    assert scores["score"][0] == 18.0
    assert pandas.isna(scores["score"][1])
    rating = read(tmp_path / f"signal-insula.rating.anna.valence.{kind}")
    assert rating.iloc[:, 1].isna().sum() == 10
    assert rating.iloc[-1, 1] == 0.5
    assert rating["time_s"].iloc[0] - first["time_s"] == pytest.approx(7.0 - 2.5)


def test_the_recording_alone_gives_the_same_answers(folder: Path, tmp_path: Path) -> None:
    export.run(folder, "csv", tmp_path / "session")
    export.run(folder / "session.xdf", "csv", tmp_path / "alone")
    ours, alone = (table(tmp_path / name / "answers.csv") for name in ("session", "alone"))
    times = [[float(row.pop("time_s")) for row in rows] for rows in (ours, alone)]
    assert times[1] == pytest.approx(times[0], abs=1e-3)
    key = ("step", "questionnaire", "item")
    by_item = [sorted(rows, key=lambda row: [row[k] for k in key]) for rows in (ours, alone)]
    assert by_item[0] == by_item[1]


def test_annotation_programs_get_a_track_of_each_questionnaire(folder: Path, tmp_path: Path) -> None:
    (file,) = export.run(folder, "elan", tmp_path / "elan")
    tiers = {t.get("TIER_ID"): t for t in ElementTree.parse(file).getroot().iter("TIER")}
    texts = [e.text for e in tiers["answers sam"].iter("ANNOTATION_VALUE")]
    assert texts[:2] == ["valence: 7", "arousal: not answered: left out by the respondent"]
    export.run(folder, "nova", tmp_path / "nova")
    lines = (tmp_path / "nova/person.answers_phq-9.insula.annotation~").read_text("utf-8").splitlines()
    assert len(lines) == len(PHQ) + 1 + 1  # what was left open when time was up is one stretch
    ends = [float(line.split(";")[1]) for line in lines]
    begins = [float(line.split(";")[0]) for line in lines]
    assert all(end <= begin + 1e-9 for end, begin in zip(ends, begins[1:], strict=False))


def test_rows_of_the_recording_are_read_back() -> None:
    for item in REPORTS[:3]:
        assert not isinstance(item, Rating)
        layout, texts = text_row(item)
        assert text_item(layout.name, item.t, texts) == item
    with pytest.raises(DataError, match=r"insula\.answers holds a row that cannot be"):
        text_item("insula.answers", 1.0, ("sam",))
    with pytest.raises(DataError, match="does not 'jump'"):
        text_item("insula.protocol", 1.0, ("0", "a", "rest", "jump", "", "", "", ""))


def test_a_questionnaire_is_read_back_or_refused() -> None:
    told = json.loads(json.dumps(about(*questionnaire.shipped())))
    assert load(told) == {
        form.name: form for form in map(questionnaire.load, questionnaire.shipped().values())
    }
    assert load({}) == {}
    told["protocol"]["questionnaires"][0]["items"] = 5
    with pytest.raises(DataError, match=r"session\.json: a questionnaire items should be a list"):
        load(told)


def test_the_same_step_of_another_take_is_another_sheet() -> None:
    begin = StepEvent(1.0, 0, "before", "questionnaire", "begin")
    again = StepEvent(5.0, 0, "before", "questionnaire", "begin")
    said = [Answer(t, "sam", "valence", t - 1, "7", 7.0, step=0) for t in (2.0, 6.0)]
    assert [sheet.t for sheet in sheets([begin, said[0], again, said[1]], {})] == [1.0, 5.0]
