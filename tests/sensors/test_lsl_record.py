"""Streams of other LSL programs in the recording: real outlets on the loopback, read back with pyxdf."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pylsl
import pytest
import pyxdf
from outlet import Sender

from insula.edge.clock import now
from insula.edge.errors import ConfigError, SensorUnavailable
from insula.edge.health import NodeState
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.sinks.xdf_streams import why_private_type
from insula.sensors.lsl_tap import LslTap, legal
from insula.sensors.lsl_watch import LslWatch


class Bench:
    """A watch whose streams go into a recorder; ``said`` is what the operator was told."""

    def __init__(self, path: Path, *queries: str, follow: bool = False) -> None:
        self.path = path
        self.said: list[tuple[str, NodeState, str]] = []
        self.taps: dict[str, LslTap] = {}
        self.recorder = XdfRecorder(path=str(path), sync=False)
        self.recorder.open({})
        self.watch = LslWatch(
            queries,
            lambda *told: self.said.append(told),
            follow=follow,
            refuse=lambda kind: why_private_type(kind, audio=False),
        )

    def begin(self) -> None:
        self.watch.find()
        self.watch.begin(self.take)

    def take(self, name: str, tap: LslTap) -> None:
        self.taps[name] = tap
        self.recorder.add_tap(name, tap)

    def until(self, done: Callable[[], bool], timeout_s: float = 15.0) -> None:
        """Poll the recorder as a session does, until something has happened."""
        end = now() + timeout_s
        while not done():
            assert now() < end, self.said
            self.recorder.poll()
            self.recorder.wait()

    def samples(self, name: str) -> int:
        found = self.recorder.recorded()
        return found[name].samples if name in found else 0

    def states(self, name: str) -> list[str]:
        return [str(state) for stream, state, _ in self.said if stream.startswith(name)]

    def close(self) -> None:
        self.recorder.close()
        self.watch.close()

    def streams(self, **options: Any) -> dict[str, dict[str, Any]]:
        self.close()
        found, _ = pyxdf.load_xdf(str(self.path), dejitter_timestamps=False, **options)
        return {stream["info"]["name"][0]: stream for stream in found}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(*queries: str, follow: bool = False) -> Bench:
        made.append(Bench(tmp_path / f"{len(made)}.xdf", *queries, follow=follow))
        return made[-1]

    yield make
    for one in made:
        one.close()


def outlet(name: str, fmt: str = "float32", rate: float = 100.0, source_id: str = "id") -> pylsl.StreamOutlet:
    kind = "Markers" if fmt == "string" else "EEG"
    info = pylsl.StreamInfo(
        name, kind, 1 if fmt == "string" else 2, rate, fmt, source_id and f"{name}-{source_id}"
    )
    cap = info.desc().append_child("cap")
    cap.append_child_value("size", "56 & more")
    cap.append_child_value("maker", "Caps\x01Inc.")
    return pylsl.StreamOutlet(info)


def push(out: pylsl.StreamOutlet, first: int, n: int, t: float) -> np.ndarray:
    rows = np.stack([np.arange(first, first + n), np.full(n, -7)], axis=1).astype(np.float32)
    out.push_chunk(rows, t + (n - 1) / 100.0)
    return rows


def test_values_times_description_and_offsets_are_kept_to_the_letter(bench: Callable[..., Bench]) -> None:
    amp, events = outlet("amp"), outlet("events", "string", 0.0)
    whole = outlet("counts", "int32", 50.0)
    b = bench("name='amp'", "name='events' or name='counts'")
    b.begin()
    t0 = pylsl.local_clock() - 5000.0  # a sender may have any clock
    rows = np.concatenate([push(amp, 100 * k, 100, t0 + k) for k in range(5)])
    for k, text in enumerate(("begin", "grün <&>", "x" * 300)):
        events.push_sample([text], t0 + k)
    whole.push_sample([2**31 - 1, -(2**31)], t0)
    b.until(lambda: (b.samples("amp"), b.samples("events"), b.samples("counts")) == (500, 3, 1))
    found = b.streams(synchronize_clocks=False)
    np.testing.assert_array_equal(found["amp"]["time_series"], rows)
    np.testing.assert_allclose(found["amp"]["time_stamps"], t0 + np.arange(500) / 100.0, rtol=0, atol=1e-9)
    assert [row[0] for row in found["events"]["time_series"]] == ["begin", "grün <&>", "x" * 300]
    np.testing.assert_array_equal(found["events"]["time_stamps"], [t0, t0 + 1, t0 + 2])
    assert found["counts"]["time_series"].tolist() == [[2**31 - 1, -(2**31)]]
    info = found["amp"]["info"]
    assert info["desc"][0]["cap"][0] == {"size": ["56 & more"], "maker": ["Caps\ufffdInc."]}
    assert (info["hostname"], info["source_id"]) == (
        [pylsl.StreamInfo().hostname() or info["hostname"][0]],
        ["amp-id"],
    )
    offsets = found["amp"]["clock_values"]
    assert len(offsets) >= 1
    assert max(map(abs, offsets)) < 0.01
    assert found["amp"]["footer"]["info"]["gaps"] == ["0"]


@pytest.mark.parametrize("source_id", ["id", ""], ids=["named", "nameless"])
def test_a_sender_that_comes_back_goes_on_with_a_gap(bench: Callable[..., Bench], source_id: str) -> None:
    """Liblsl finds one with a source_id again by itself; one without is found here."""
    name = f"back{source_id}"
    b = bench(f"name='{name}'")
    first = outlet(name, source_id=source_id)
    b.begin()
    t0 = pylsl.local_clock()
    push(first, 0, 100, t0)
    b.until(lambda: b.samples(name) == 100)
    known = b.taps[name].uid
    del first
    if not source_id:
        b.until(lambda: b.taps[name].gone)
    second = outlet(name, source_id=source_id)
    b.until(lambda: b.taps[name].uid != known and second.have_consumers())
    push(second, 100, 50, t0 + 3.0)
    b.until(lambda: b.samples(name) == 150)
    found = b.streams(synchronize_clocks=False)
    np.testing.assert_array_equal(found[name]["time_series"][:, 0], np.arange(150))
    assert found[name]["footer"]["info"]["gaps"] == ["1"]
    assert b.recorder.recorded()[name].gaps == 1


def test_a_stream_that_appears_later_is_told_or_taken(bench: Callable[..., Bench]) -> None:
    early = outlet("early")
    told, taking = bench("type='EEG'"), bench("type='EEG'", follow=True)
    told.begin()
    taking.begin()
    late = outlet("late")
    taking.until(lambda: "late" in taking.taps)
    told.until(lambda: "stopped" in told.states("late"))
    assert "late" not in told.taps
    assert "--follow" in told.said[-1][2]
    push(late, 0, 10, pylsl.local_clock())
    push(early, 0, 10, pylsl.local_clock())
    taking.until(lambda: taking.samples("late") == taking.samples("early") == 10)


def test_sound_and_pictures_of_others_stay_out_and_are_named(bench: Callable[..., Bench]) -> None:
    sound = pylsl.StreamOutlet(pylsl.StreamInfo("mic", "Audio", 1, 8000, "float32", "mic"))
    b = bench("name='mic'")
    b.begin()
    assert sound.channel_count == 1
    assert not b.taps
    assert b.said[-1][1] is NodeState.STOPPED
    assert "sound is not recorded" in b.said[-1][2]


def test_streams_of_one_name_get_names_of_their_own(bench: Callable[..., Bench]) -> None:
    both = outlet("twin", source_id="left"), outlet("twin", source_id="right")
    b = bench("name='twin'")
    b.begin()
    assert len(both) == 2
    assert sorted(b.taps) == ["twin", "twin (2)"]


def test_a_query_that_finds_nothing_or_is_none_is_an_error_in_words(bench: Callable[..., Bench]) -> None:
    with pytest.raises(SensorUnavailable, match="no LSL stream fits \"name='nobody'\""):
        bench("name='nobody'").begin()
    with pytest.raises(ConfigError, match="is no LSL query; try type='EEG'"):
        LslWatch(("name=",), lambda *told: None)


def test_only_what_xml_cannot_hold_is_replaced() -> None:
    assert legal("a&#01;b&#x9;&amp;&#252;") == "a\ufffdb&#x9;&amp;&#252;"


def test_the_command_records_alone_or_beside_a_session(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text(
        '[sensors.wrist]\ndriver = "simulated_eda"\n[sinks.lsl]\nsink = "lsl"\nsource_id = "mine"\n'
    )
    query = "name='typed' or starts-with(name,'insula.')"
    with Sender(pylsl.StreamInfo("typed", "EEG", 2, 100.0, "double64", "typed-1")):
        for name, options in (("alone", ()), ("beside", ("--config", "demo.toml"))):
            command = ["record", "--lsl", query, *options, "--headless", "--seconds", "3", "--out", name]
            done = subprocess.run(
                [sys.executable, "-W", "error", "-m", "insula.ui.cli", *command],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert "LSL typed (EEG" in done.stdout
            about = json.loads((tmp_path / name / "session.json").read_text())
            found, _ = pyxdf.load_xdf(str(tmp_path / name / "session.xdf"), dejitter_timestamps=False)
            streams = {stream["info"]["name"][0]: stream for stream in found}
            numbers = streams["typed"]["time_series"][:, 0]
            assert len(numbers) == about["recorded"]["typed"]["samples"] > 200
            np.testing.assert_array_equal(np.diff(numbers), 1.0)
            assert ("wrist" in streams) == ("insula.state" in streams) == (name == "beside")
            assert len(found) == len(streams)  # what the session itself sends out is not recorded twice


def test_what_comes_while_a_stream_is_cut_off_is_not_kept() -> None:
    out, cut = outlet("spy", source_id="cut"), [""]
    (info,) = pylsl.resolve_byprop("name", "spy", timeout=5.0)
    tap = LslTap(info, cut=lambda: cut[0])

    def sent(first: int) -> None:
        """Push ten samples and wait until they lie in the inlet."""
        push(out, first, 10, pylsl.local_clock())
        end = now() + 5.0
        while tap._inlet.samples_available() < 10:
            assert now() < end

    try:
        assert out.wait_for_consumers(5.0)
        sent(0)
        first = tap.pull()
        assert first is not None
        cut[0] = "the privacy shutter is closed"
        sent(10)
        assert tap.pull() is None
        sent(20)
        cut[0] = ""
        assert tap.pull() is None  # came before the shutter opened
        sent(30)
        last = tap.pull()
        assert last is not None
        assert [row[0] for part in (first, last) for row in part[1]] == [*range(10), *range(30, 40)]
    finally:
        tap.close()
