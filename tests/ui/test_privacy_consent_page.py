"""The consent form: nothing is ticked beforehand, parts can be refused, what is ticked is signed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from insula.edge.privacy.consent import Consent
from insula.edge.privacy.mode import Mode
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.words import Words
from insula.ui.participant.consent_form import ConsentForm
from insula.ui.participant.consent_page import ConsentPage

ASKED = Consent("P07", ("camera", "voice", "eda"), ("research", "teaching"), "2030-12-31", Mode.FULL)


@pytest.fixture
def page(qtbot: QtBot) -> ConsentPage:
    made = ConsentPage(ConsentForm(ASKED), Style(themes.LIGHT, Words("de")))
    qtbot.addWidget(made)
    made.show()
    return made


def test_nothing_is_ticked_beforehand_and_nothing_can_be_signed(page: ConsentPage) -> None:
    assert not any(box.isChecked() for box in (*page.streams.values(), *page.purposes.values()))
    assert page.modes[Mode.FEATURES_ONLY].isChecked()
    assert not page.agree.isEnabled()
    assert page.hint.text() == "bitte ankreuzen, was gemessen werden darf"


def test_what_is_signed_is_what_was_ticked(page: ConsentPage, qtbot: QtBot) -> None:
    page.streams["eda"].click()
    page.streams["camera"].click()
    page.streams["camera"].click()  # and taken back
    page.purposes["research"].click()
    assert page.hint.text() == "zum Unterschreiben bitte den Code eintippen"
    qtbot.keyClicks(page.code, "P08")
    assert not page.agree.isEnabled()  # somebody else's code
    page.code.clear()
    qtbot.keyClicks(page.code, "P07")
    with qtbot.waitSignal(page.signed) as signed:
        qtbot.mouseClick(page.agree, Qt.MouseButton.LeftButton)
    (given,) = signed.args
    assert given == Consent("P07", ("eda",), ("research",), "2030-12-31", Mode.FEATURES_ONLY, language="de")


def test_more_may_be_given_but_never_more_than_was_asked(page: ConsentPage) -> None:
    page.modes[Mode.DE_IDENTIFIED].click()
    page.streams["eda"].click()
    page.purposes["teaching"].click()
    assert page.form.consent("en").mode is Mode.DE_IDENTIFIED
    assert ConsentForm(Consent("P07", ("eda",), ("research",), "2030-12-31")).modes == (Mode.FEATURES_ONLY,)


def test_no_is_an_answer(page: ConsentPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.declined):
        qtbot.mouseClick(page.refuse, Qt.MouseButton.LeftButton)
