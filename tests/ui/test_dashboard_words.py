from __future__ import annotations

import ast
from pathlib import Path

import pytest

from insula.edge.health import NodeState
from insula.edge.types import EXPRESSIONS
from insula.ui import commands, dashboard, participant, report
from insula.ui.dashboard.german import GERMAN
from insula.ui.dashboard.view import Light
from insula.ui.dashboard.words import GLOSSARY, INDEX_LABELS, MODALITY_LABELS, Words, fields


def said() -> set[str]:
    """Every text the code passes to ``words(...)`` as a literal or as a constant of its module."""
    texts: set[str] = set()
    folders = (Path(package.__path__[0]) for package in (dashboard, participant, report))
    terminal = Path(commands.__path__[0]) / "participant.py"
    for path in (terminal, *(path for folder in folders for path in folder.rglob("*.py"))):
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            value = node.args[0]
            if isinstance(value, ast.Name):
                value = constants.get(value.id, value)
            if name in ("words", "_words"):
                try:
                    texts.add(ast.literal_eval(value))
                except ValueError:
                    continue
    return texts


def test_the_scan_finds_the_words() -> None:
    assert {"not measured", "Live session", "nothing for {s:.0f} s"} <= said()


@pytest.mark.parametrize("text", sorted(said()))
def test_every_word_has_a_german_one(text: str) -> None:
    assert text in GERMAN


def test_terms_and_explanations_have_german_ones() -> None:
    terms = {*EXPRESSIONS, *MODALITY_LABELS.values(), *INDEX_LABELS.values(), *GLOSSARY.values()}
    terms |= {str(light) for light in Light} | {str(state) for state in NodeState if state != "running"}
    assert terms <= GERMAN.keys()


@pytest.mark.parametrize("text", sorted(GERMAN))
def test_a_translation_wants_the_same_values(text: str) -> None:
    assert fields(GERMAN[text]) == fields(text)


def test_words_are_translated_and_filled_in() -> None:
    german = Words("de")
    assert german("nothing for {s:.0f} s", s=3.4) == "seit 3 s nichts"
    assert german("a text nobody translated") == "a text nobody translated"
    assert Words("fr").language == "en"
    assert Words()("{name} is back", name="{wrist}") == "{wrist} is back"
