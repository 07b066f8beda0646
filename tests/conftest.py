"""Shared fixtures."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests open windows nobody looks at; set it before anything imports Qt.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", autouse=True)
def _own_records() -> Iterator[None]:
    """No test, nor a process it starts, touches this user's consents, keys and audit log.

    The use of this "machine" is stated, so that sessions run without a question.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["INSULA_DATA"] = folder
        stated = {"use": "own-use", "purpose": "", "medical_or_safety": "", "notice": False}
        Path(folder, "context.json").write_text(json.dumps(stated), "utf-8")
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings used in place; tests that need it skip in a clone without it."""
    root = Path(os.environ.get("INSULA_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no real recordings at {root}; set INSULA_SHARED_DATA to run this test")
    return root
