"""Consent records: what they permit, and what they refuse in words."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from insula.edge.errors import DataError
from insula.edge.privacy.consent import Consent, Consents, dumps, kind_of, loads
from insula.edge.privacy.mode import Mode
from insula.edge.types import StreamInfo

TODAY = datetime.date(2027, 3, 1)
GIVEN = Consent(
    person="P07",
    streams=("eda", "eeg"),
    purposes=("research",),
    until="2027-12-31",
    signed="2027-02-01T10:00:00+00:00",
    how="paper",
)


def info(kind: str) -> StreamInfo:
    return StreamInfo("s", kind, 100.0, ("a",), ("1",), "float32", (1,), "id")


@pytest.mark.parametrize(
    ("consent", "kind", "purpose", "mode", "why"),
    [
        (GIVEN, "EDA", "research", Mode.FEATURES_ONLY, ""),
        (GIVEN, "Markers", "research", Mode.FEATURES_ONLY, ""),  # of nobody
        (GIVEN, "Audio", "research", Mode.FEATURES_ONLY, "did not consent to voice"),
        (GIVEN, "Video", "research", Mode.FEATURES_ONLY, "did not consent to camera"),
        (GIVEN, "Sweat", "research", Mode.FEATURES_ONLY, "did not consent to other"),
        (GIVEN, "EDA", "clinical", Mode.FEATURES_ONLY, "the purpose 'clinical'"),
        (GIVEN, "EDA", "research", Mode.DE_IDENTIFIED, "the mode de-identified"),
        (replace(GIVEN, until="2027-02-28"), "EDA", "research", Mode.FEATURES_ONLY, "ended on 2027-02-28"),
        (replace(GIVEN, signed=""), "EDA", "research", Mode.FEATURES_ONLY, "is not signed"),
        (replace(GIVEN, withdrawn="2027-02-20T09"), "EDA", "research", Mode.FEATURES_ONLY, "withdrew"),
    ],
)
def test_a_session_is_permitted_or_refused_in_words(
    consent: Consent, kind: str, purpose: str, mode: Mode, why: str
) -> None:
    said = consent.why_not([info(kind)], purpose=purpose, mode=mode, today=TODAY)
    assert said == "" if not why else why in said


def test_kinds_are_those_a_person_is_asked_about() -> None:
    assert [kind_of(kind) for kind in ("VideoRaw", "GSR", "PPG", "GroundTruth")] == [
        "camera",
        "eda",
        "heart",
        "",
    ]


@pytest.mark.parametrize("person", ["", "Ada Lovelace", "a@b.org", "../P07", "P07/x", "x" * 33])
def test_a_name_or_a_path_is_no_pseudonym(person: str) -> None:
    with pytest.raises(DataError, match="is no pseudonym"):
        replace(GIVEN, person=person)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"person": 1}', dumps(GIVEN).replace("eda", "soul"), dumps(GIVEN)[:-9]]
)
def test_what_is_no_consent_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        loads(text)


def test_a_consent_is_kept_read_and_withdrawn(tmp_path: Path) -> None:
    consents = Consents(tmp_path / "consents")
    with pytest.raises(DataError, match="insula consent new P07"):
        consents.load("P07")
    consents.save(GIVEN)
    assert consents.load("P07") == GIVEN == loads(dumps(GIVEN))
    withdrawn = consents.withdraw("P07", "2027-02-20T09:00:00+00:00")
    assert consents.all() == [withdrawn]
    assert not list(consents.folder.glob("*.part"))
