"""The notice: complete in both languages, one self-contained page, and safe with whatever is filled in."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from insula.edge.errors import ConfigError
from insula.edge.privacy.mode import Mode
from insula.ui.cli import app
from insula.ui.privacy import notice
from insula.ui.privacy.notice import About, Language


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    ("language", "device", "law"),
    [("en", "not a medical device", "AI Act"), ("de", "kein Medizinprodukt", "KI-Verordnung")],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_the_page_says_all_that_must_be_said(language: Language, device: str, law: str, mode: Mode) -> None:
    about = About("Lab <A> & B", "dpo@example.org", "sleep study", "2030-12-31", mode)
    page = Page(notice.page(about, language))
    for part in (device, law, "2024/1689", "50(3)", *("Lab <A> & B", "dpo@example.org", "2030-12-31")):
        assert part in page.words, part
    assert page.tags.count("section") == 7
    assert page.links == []  # nothing is fetched from anywhere
    assert "script" not in page.tags
    for heading, body in notice.sections(about, language):
        assert heading in page.words
        assert body in page.words
        assert body in notice.text(about, language)


def test_both_languages_have_the_same_parts() -> None:
    english, german = (notice.sections(About(), language) for language in notice.LANGUAGES)
    assert len(english) == len(german)
    assert all(a != b for a, b in zip(english, german, strict=True))


def test_what_is_not_filled_in_is_a_line_to_write_on() -> None:
    assert notice.page(About(), "en").count("_" * 40) == 3


def test_the_command_writes_a_page_or_shows_the_text(tmp_path: Path) -> None:
    out = tmp_path / "notice.html"
    CliRunner().invoke(app, ["notice", "--lang", "de", "--out", str(out)])
    assert 'lang="de"' in out.read_text("utf-8")
    assert "Your rights" in CliRunner().invoke(app, ["notice"]).stdout
    assert isinstance(CliRunner().invoke(app, ["notice", "--lang", "fr"]).exception, ConfigError)
