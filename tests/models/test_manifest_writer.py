from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

from insula.models.manifest_writer import sha256, write_manifest


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    table = {
        "name": "a-b",
        "deep": {"x y": 1, "empty": {}, "deeper": {"list": ['µ "q"', "b\nc"], "flag": True}},
        "n": 3,
        "values": [0.5, 1e-9, -2],
    }
    write_manifest(tmp_path / "m.toml", table)
    assert tomllib.loads((tmp_path / "m.toml").read_text("utf-8")) == table


@pytest.mark.parametrize("value", [math.nan, math.inf, None, object()])
def test_what_toml_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        write_manifest(tmp_path / "m.toml", {"x": [value]})


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256(tmp_path / "f").startswith("ba7816bf8f01cfea")
