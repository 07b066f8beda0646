"""A protocol on the simulated person: one command, answers typed, everything in the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from insula.ui.commands import export
from insula.ui.dashboard.words import Words
from insula.ui.report.facts import gather
from insula.ui.report.page import render

PROTOCOL = """
[protocol]
name = "short"

[[step]]
kind = "instruction"
name = "welcome"
text = { en = "Welcome", de = "Willkommen" }

[[step]]
kind = "baseline"
name = "quiet"
seconds = 2

[[step]]
kind = "questionnaire"
name = "feeling"
questionnaire = "sam"

[[step]]
kind = "instruction"
name = "thanks"
text = "Danke"
seconds = 1
"""


def insula(*arguments: str, cwd: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "insula.ui.cli", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, input=typed, timeout=120.0, check=False
    )


def test_one_command_from_the_welcome_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text(PROTOCOL, "utf-8")
    done = insula(
        "demo", "--headless", "--out", "session", "--protocol", "short.toml", "--participant", "4",
        "--language", "de", cwd=tmp_path, typed="\n7\n\n12\n3\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Willkommen" in done.stdout
    assert "bitte eins von 1, 2, 3, 4, 5, 6, 7, 8, 9 eingeben" in done.stdout  # 12 is no place

    about = json.loads((tmp_path / "session" / "session.json").read_text("utf-8"))
    assert about["status"] == "complete"
    assert (about["protocol"]["participant"], about["protocol"]["language"]) == (4, "de")
    streams = {
        s["info"]["name"][0]: s
        for s in pyxdf.load_xdf(str(tmp_path / "session" / "session.xdf"), dejitter_timestamps=False)[0]
    }
    steps = streams["insula.protocol"]
    begun = {
        row[1]: t
        for row, t in zip(steps["time_series"], steps["time_stamps"], strict=True)
        if row[3] == "begin"
    }
    assert list(begun) == ["welcome", "quiet", "feeling", "thanks"]
    planned = next(float(r[4]) for r in steps["time_series"] if r[1:4] == ["quiet", "baseline", "end"])
    assert planned == pytest.approx(begun["quiet"] + 2.0)
    assert 0.0 <= begun["feeling"] - planned < 1.0
    answers = {row[1]: (row[3], row[6]) for row in streams["insula.answers"]["time_series"]}
    assert answers == {
        "valence": ("7.0", ""),
        "arousal": ("", "left out by the respondent"),
        "dominance": ("3.0", ""),
    }
    marks = [row[0] for row in streams["insula.markers"]["time_series"]]
    assert marks[:4] == ["welcome begin", "welcome end", "baseline begin", "baseline end"]
    eda = streams["eda"]
    during = (eda["time_stamps"] >= begun["quiet"]) & (eda["time_stamps"] < begun["feeling"])
    assert np.sum(during) > 40  # the sensors were recorded meanwhile, on the same clock

    page = render(gather(tmp_path / "session", Words("de")))
    assert "nicht beantwortet: ausgelassen" in page
    assert "1 unangenehm … 9 angenehm" in page  # the file keeps what was asked
    export.run(tmp_path / "session", "csv", tmp_path / "tables")
    assert (tmp_path / "tables" / "answers.csv").read_text("utf-8").count("feeling") == 3


def test_a_wrong_protocol_stops_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text(PROTOCOL.replace('"sam"', '"mas"'), "utf-8")
    done = insula("demo", "--headless", "--out", "session", "--protocol", "short.toml", cwd=tmp_path)
    assert done.returncode == 1
    assert "short.toml, line 18: step 3 'feeling': there is no questionnaire 'mas'" in done.stderr
    assert not (tmp_path / "session").exists()


def test_show_prints_the_participants_own_order(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "protocols" / "blocks.toml"
    first, second = (
        insula("protocol", "show", str(example), "--participant", n, cwd=tmp_path).stdout for n in "12"
    )
    assert first.index("quiet-begins") < first.index("loud-begins")
    assert second.index("loud-begins") < second.index("quiet-begins")
