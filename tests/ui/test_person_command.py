"""``insula calibrate person`` and ``insula profile``, as a user types them, on the simulated person."""

from __future__ import annotations

import json
import queue
from pathlib import Path

import pytest
from typer.testing import CliRunner

from insula.edge import SensingLoop
from insula.edge import config as configuration
from insula.edge.health import NodeState
from insula.edge.profile import Profile, Profiles
from insula.edge.types import AffectEstimate
from insula.ui.cli import app


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profiles:
    monkeypatch.setenv("INSULA_DATA", str(tmp_path))
    return Profiles(tmp_path / "profiles")


def test_a_session_measures_against_the_rest_of_its_person(store: Profiles) -> None:
    rests = {"eda": {"tonic_us": 2.5, "responses_per_min": 3.0}}
    profile = store.save(Profile("P01", rests=rests, weights={"eda": 0.5}))
    sensors = {"eda": {"driver": "simulated_eda"}}
    config = configuration.parse({"sensors": sensors, "estimators": {"eda": {"estimator": "eda"}}})
    found: queue.SimpleQueue[AffectEstimate] = queue.SimpleQueue()
    with SensingLoop(config, profile=profile) as loop:
        loop.subscribe(
            lambda item: found.put(item) if isinstance(item, AffectEstimate) and item.clues else None
        )
        estimate = found.get(timeout=20.0)
    assert "tonic level above rest" in {clue.feature for clue in estimate.clues}


def test_a_modality_that_a_person_leaves_out_is_not_even_computed(store: Profiles) -> None:
    profile = store.save(Profile("P01", weights={"eda": 0.0}))
    config = configuration.parse(
        {"sensors": {"eda": {"driver": "simulated_eda"}}, "estimators": {"eda": {"estimator": "eda"}}}
    )
    with SensingLoop(config, profile=profile) as loop:
        event = loop.health.get("eda estimator")
        assert event is not None
        assert (event.state, event.reason) == (NodeState.STOPPED, "left out by the settings of this person")
        assert loop.modalities == ()


def typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output + str(result.exception or "")


def test_a_profile_is_listed_shown_exported_and_erased(store: Profiles, tmp_path: Path) -> None:
    assert "nobody has a profile yet" in typed("profile", "list")[1]
    rests = {"eda": {"tonic_us": 2.5, "responses_per_min": 3.0}}
    store.save(Profile("P01", made="2026-01-02T03:04:05+00:00", rests=rests, weights={"face": 0.5}, age=8))
    assert "P01-v1" in typed("profile", "list")[1]
    code, shown = typed("profile", "show", "P01")
    assert code == 0
    assert "tonic 2.50 µS, 3.0 responses a minute" in shown
    assert "outside the models' population" in shown
    out = tmp_path / "P01.json"
    assert typed("profile", "export", "P01", "--out", str(out))[0] == 0
    assert json.loads(out.read_text())["weights"] == {"face": 0.5}
    assert "exists already" in typed("profile", "export", "P01", "--out", str(out))[1]
    assert "1 version of the profile of P01 erased" in typed("profile", "erase", "P01", "--yes")[1]
    assert "has no profile" in typed("profile", "show", "P01")[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("Anna Muster", "--simulated"), "is no pseudonym"),
        (("P01", "--simulated", "--language", "fr"), "--language 'fr'"),
        (("P01", "--simulated", "--weight", "face"), "should look like face=0.5"),
        (("P01", "--simulated", "--weight", "nose=1"), "[fusion.weights] knows face"),
        (("P01", "x.toml", "--simulated"), "leave the configuration file out"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_minute(
    store: Profiles, words: tuple[str, ...], why: str
) -> None:
    code, output = typed("calibrate", "person", *words)
    assert code == 1
    assert why in output
    assert store.people() == []
