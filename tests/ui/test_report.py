from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import ConfigError, DataError, SinkError
from insula.edge.session import SessionFolder
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.types import AffectEstimate, AffectState, Contribution, Marker, Measure
from insula.models import manifest
from insula.ui.annotations import Annotations
from insula.ui.commands import report
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.dashboard.words import Words
from insula.ui.report.charts import Course, Span, clock, runs
from insula.ui.report.facts import gather, plain_reason
from insula.ui.report.german import REPORT
from insula.ui.report.moments import strongest
from insula.ui.report.page import render
from insula.ui.report.pdf import to_pdf
from insula.ui.report.segments import hedges_g, second_means, stretches

ATTACK = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "rehearsal-1"
    faults = (("face", 4.0, 8.0, "no face in the picture"),)
    record(folder, 24.0, faults=faults, markers=((8.0, "stimulus"), (16.0, ATTACK)))
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return render(gather(folder))


class _Balance(HTMLParser):
    """Complains when a tag closes another than the last one opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [f"{k}={v}" for k, v in attrs if k in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(page: str) -> None:
    parser = _Balance()
    parser.feed(page)
    assert parser.open == []
    assert parser.outside == []
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_text_from_outside_is_escaped(page: str) -> None:
    assert ATTACK not in page
    assert "&lt;script&gt;" in page


def test_validity_comes_first(page: str) -> None:
    titles = re.findall(r"<h2>([^<]*)", page)
    assert titles[0] == "What was measured, and what was not"
    assert titles.index("Valence and arousal") < titles.index("Models that spoke")


def test_simulated_input_is_stamped_on_every_section_about_data(page: str) -> None:
    assert "No person was measured" in page
    for section in re.findall(r"<section><h2>(.*?)</h2>", page):
        about_data = not section.startswith(("Models", "How to", "Software"))
        assert ('class="stamp"' in section) == about_data, section


def test_the_gap_and_its_reason_are_counted(folder: Path) -> None:
    face = next(row for row in gather(folder).validity if row.key == "face")
    assert face.reasons[0][0] == "no face in the picture"
    assert face.reasons[0][1] == pytest.approx(4.0, abs=0.7)
    assert face.share == pytest.approx(20 / 24, abs=0.04)


def test_stretches_run_from_marker_to_marker(folder: Path) -> None:
    session = gather(folder).session
    found = stretches(session)
    assert [stretch.label for stretch in found] == ["start", "stimulus", ATTACK]
    assert found[0].effects == {}
    assert found[1].effects["valence"] is not None
    assert found[1].figures.t0 == pytest.approx(session.begin + 8.0, abs=0.11)


def test_real_estimates_show_card_licence_and_absence(tmp_path: Path) -> None:
    model = manifest.load("face-expression")
    folder = _session(tmp_path / "pilot", model.id)
    text = render(gather(folder))
    assert 'class="stamp"' not in text
    assert "Simulated" not in text
    assert model.card.licence.split(";")[0][:20] in text
    assert "no sensor for it in this session" in text
    assert "No workload index" in text
    assert "This very version is not installed" not in text
    other = _session(tmp_path / "other", "face-expression-v1@000000000000")
    assert "This very version is not installed" in render(gather(other))


def test_a_session_without_a_value_says_so(tmp_path: Path) -> None:
    folder = _session(tmp_path / "empty", "face-expression-v1@0", measured=False)
    text = render(gather(folder))
    assert "Not measured at any moment" in text
    assert "no face in the frame" in text
    assert text.count("NaN") == text.count("nan%") == 0


def test_a_session_that_was_cut_off_says_so(tmp_path: Path) -> None:
    folder = _session(tmp_path / "cut", "m-v1@0")
    about = json.loads((folder / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps({**about, "status": "running"}))
    assert "This session was cut off" in render(gather(folder))


def test_the_command_writes_beside_the_folder_and_leaves_the_hashes_true(folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    target = report.run(folder, None)
    assert target == folder.with_name("rehearsal-1-report.html")
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_same_page_as_pdf_on_a4(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        to_pdf("<p>x</p>")
    except ConfigError as error:
        pytest.skip(str(error))
    report.run(folder, tmp_path / "r.html", "de")
    content = (tmp_path / "r.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 10_000
    assert "r.pdf" in capsys.readouterr().out


def test_a_report_in_german_leaves_no_english_sentence(folder: Path) -> None:
    text = render(gather(folder, Words("de")))
    assert '<html lang="de">' in text
    assert "Was gemessen wurde und was nicht" in text
    sentences = [english for english in REPORT if len(english) > 30 and "{" not in english]
    assert sentences
    assert not [english for english in sentences if english in text]


def test_notes_of_people_stand_among_the_events(tmp_path: Path) -> None:
    folder = _session(tmp_path / "noted", "m-v1@0")
    Annotations(folder).add(110.0, "laughs <b>", "anna", "clinician")
    assert "note of anna: <i>laughs &lt;b&gt;</i>" in render(gather(folder))


def test_the_strongest_moments_are_explained(tmp_path: Path) -> None:
    folder = _session(tmp_path / "told", "m-v1@0")
    moments = strongest(gather(folder).session)
    assert len(moments) == 3
    assert all("face" in moment.why for moment in moments)


def test_no_session_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a session folder"):
        report.run(tmp_path, None)


def test_a_place_that_cannot_be_written_is_an_error_in_words(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written"):
        report.run(folder, tmp_path / "missing" / "report.html")


def test_a_line_never_bridges_what_was_not_measured() -> None:
    times = np.arange(0.0, 20.0, 0.1)
    mean = np.where((times > 8) & (times < 12), np.nan, 0.5)
    course = Course("valence", "valence", times, mean, np.full(len(times), 0.1), ())
    parts = runs(course, Span(0.0, 20.0))
    assert len(parts) == 2
    assert parts[0][0][-1] < 8.2
    assert parts[1][0][0] > 11.8


def test_hedges_g_against_its_definition() -> None:
    a, b = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, 3.0, 4.0, 5.0, 6.0])
    assert hedges_g(b, a) == pytest.approx(1 / np.sqrt(2.5) * (1 - 3 / 31))
    assert hedges_g(b[:4], a) is None
    assert hedges_g(np.ones(6), np.ones(6)) is None


def test_seconds_without_a_value_are_left_out() -> None:
    times = np.array([0.1, 0.6, 1.5, 2.5])
    means = second_means(times, np.array([1.0, 3.0, np.nan, 5.0]), 0.0, 3.0)
    assert means.tolist() == [2.0, 5.0]


def test_reasons_that_count_down_are_one_reason() -> None:
    assert plain_reason("gathering the baseline, 119 s left") == "gathering the baseline"
    assert plain_reason("no news for 1.2 s") == plain_reason("no news for 2.8 s")
    assert clock(3725) == "1:02:05"


def _session(path: Path, model: str, *, measured: bool = True) -> Path:
    """Thirty seconds of a face, real as far as the records say."""
    folder = SessionFolder.create(path, {"title": path.name, "clock_at_start": 100.0})
    sink = JsonlSink(path=str(folder.estimates))
    sink.open({})
    reason = "" if measured else "no face in the frame"
    for i in range(300):
        t = 100.0 + i / 10
        value = Measure(float(np.sin(i / 30)) / 2, 0.2) if measured else None
        source = "mapped" if measured else None
        sink.put(
            AffectEstimate(
                "face", "camera", t, 0.9, value, value, reason=reason, va_source=source, model=model
            )
        )
        told = (Contribution("face", measured, reason, 1.0 if measured else 0.0),)
        sink.put(AffectState(t + 0.01, value, value, contributions=told, reason=reason, va_source=source))
    sink.put(Marker(115.0, "stimulus"))
    sink.close()
    folder.finish({"title": path.name, "clock_at_start": 100.0, "length_s": 30.0})
    return path
