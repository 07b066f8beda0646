"""The live page in a real browser."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser

from insula.edge.sinks.websocket import WebSocketSink
from insula.edge.types import MODALITIES, AffectState, Contribution, Measure

EXPRESSION = tuple(math.log(p) for p in (0.1, 0.62, 0.1, 0.05, 0.05, 0.04, 0.02, 0.02))


@pytest.fixture
def sink() -> Iterator[WebSocketSink]:
    sink = WebSocketSink(port=0)
    sink.open({})
    yield sink
    sink.close()


def course() -> list[AffectState]:
    """A minute in which the face is away for a while and EEG never speaks."""
    states = []
    for i in range(1200):
        t = i / 20
        away = 25 < t < 33
        contributions = tuple(
            Contribution(m, not (away or m == "eeg"), _why(m, away), 1 / 3, 0.05, 0.9) for m in MODALITIES
        )
        state = AffectState(
            1000.0 + t,
            valence=Measure(0.55 * math.sin(t / 7), 0.18),
            arousal=Measure(0.4 * math.cos(t / 5), 0.25),
            expression=EXPRESSION,
            indices=(("stress", Measure(0.31, 0.1)),),
            contributions=contributions,
            va_source="mapped",
            simulated=True,
        )
        gone = replace(state, valence=None, arousal=None, expression=None, indices=(), va_source=None)
        states.append(gone if away else state)
    return states


def _why(modality: str, away: bool) -> str:
    if modality == "eeg":
        return "electrode <b>Fp1</b> is loose" if away else "electrode Fp1 is loose"
    return "no face in the frame" if away else ""


def test_the_page_shows_what_is_measured_and_why_the_rest_is_not(sink: WebSocketSink, tmp_path: Path) -> None:
    states = course()
    gone = next(state for state in states if not state.measured)
    with Browser(tmp_path, f"http://127.0.0.1:{sink.port}/") as browser:
        browser.until("document.getElementById('link').textContent.startsWith('connecting')")
        for state in states[: states.index(gone) + 40]:
            sink.put(state)
        browser.until("document.getElementById('why').textContent == 'valence, arousal not measured'")
        assert browser.evaluate("document.getElementById('bars').innerText") == "not measured"
        sources = browser.evaluate("document.getElementById('sources').innerText")
        assert "electrode <b>Fp1</b> is loose" in sources  # as text, never as markup
        for state in states[states.index(gone) + 40 :]:
            sink.put(state)
        browser.until("document.getElementById('bars').innerText.includes('62 %')")
        assert browser.evaluate("document.getElementById('why').textContent") == ""
        assert browser.evaluate("document.getElementById('link').textContent") == "live"
        assert browser.evaluate("document.getElementById('simulated').textContent") == "SIMULATED"
        browser.evaluate("plane = document.getElementById('plane')")
        pixels = "plane.getContext('2d').getImageData(0, 0, plane.width, plane.height).data"
        assert browser.evaluate(f"{pixels}.reduce((n, v) => n + (v > 0), 0)") > 1000
        picture = Path(os.environ.get("INSULA_PICTURES", str(tmp_path))) / "page.png"
        browser.picture(picture)
        assert picture.stat().st_size > 10_000
        browser.until("document.body.classList.contains('stale')")  # two seconds of silence
        assert "no state for" in browser.evaluate("document.getElementById('link').textContent")
        sink.close()
        browser.until("document.getElementById('link').textContent.startsWith('connection lost')")


def test_the_page_tells_how_much_it_missed(sink: WebSocketSink, tmp_path: Path) -> None:
    with Browser(tmp_path, f"http://127.0.0.1:{sink.port}/") as browser:
        browser.until("next.size == 0")
        sink.put(AffectState(1.0, reason="the camera is covered"))
        browser.until("state && document.getElementById('why').textContent.endsWith('the camera is covered')")
        browser.evaluate(
            "take({record: 'state', seq: 5, t: 1.1, absent: {}, contributions: [], indices: []})"
        )
        browser.until("document.getElementById('lost').textContent == 'records lost: 4'")
