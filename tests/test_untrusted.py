"""Nothing that is read can run: the code has no way to load code from data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

UNPICKLERS = {"deap.py", "wesad.py"}
"""Data sets that exist as pickles only; both let in arrays and nothing else (their own tests attack them)."""
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "yaml"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load", "pickle.loads"}
READERS = {"json.loads", "json.load", "tomllib.loads", "tomllib.load"}


@pytest.fixture(scope="module")
def code() -> dict[str, ast.Module]:
    """Every file of the package, parsed."""
    files = (path for folder in ("edge", "sensors", "models", "ui") for path in (ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in files}


def calls(code: dict[str, ast.Module]) -> Iterator[tuple[str, str, ast.Call]]:
    """File, dotted name and node of every call."""
    for file, tree in code.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                yield file, ast.unparse(node.func), node


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {name.name for name in node.names}
    return {node.module or ""} if isinstance(node, ast.ImportFrom) else set()


def argument(call: ast.Call, name: str) -> str | None:
    """A keyword argument as it is written, ``None`` when it is not given."""
    return next((ast.unparse(k.value) for k in call.keywords if k.arg == name), None)


def test_no_file_can_run_what_it_reads(code: dict[str, ast.Module]) -> None:
    runs = {(file, name) for file, name, _ in calls(code) if name in CALLS}
    runs |= {
        (file, "shell=") for file, _, call in calls(code) if argument(call, "shell") not in (None, "False")
    }
    assert not runs
    loads = {
        (file, node.lineno)
        for file, tree in code.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and imported(node) & MODULES
    }
    assert {Path(file).name for file, _ in loads} == UNPICKLERS


def test_arrays_and_weights_are_never_pickles(code: dict[str, ast.Module]) -> None:
    for file, name, call in calls(code):
        if name in ("np.load", "numpy.load"):
            assert argument(call, "allow_pickle") in (None, "False"), file
        if name == "torch.load":
            assert argument(call, "weights_only") == "True", file


def test_foreign_json_and_toml_have_one_reader_each(code: dict[str, ast.Module]) -> None:
    assert {file for file, name, _ in calls(code) if name in READERS} == {"edge/insula/edge/untrusted.py"}


def test_nothing_is_unpacked_to_the_disk(code: dict[str, ast.Module]) -> None:
    """So no member of an archive can lead out of a folder; and archives have one bounded reader."""
    names = {"extract", "extractall", "unpack_archive"}
    assert not {(file, name) for file, name, _ in calls(code) if name.rpartition(".")[2] in names}
    openers = {file for file, name, call in calls(code) if name == "zipfile.ZipFile" and len(call.args) == 1}
    assert openers == {"edge/insula/edge/packfile.py"}


def test_the_threat_model_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    named = set(re.findall(r"`((?:tests|\.github)/[\w./-]+)`", text))
    assert len(named) > 10
    assert {name for name in named if not (ROOT / name).exists()} == set()
