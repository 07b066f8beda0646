"""Write a model's manifest as TOML (training side); ``insula.models.manifest`` reads it back."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def sha256(path: Path) -> str:
    """Hash of a file, as the manifest states it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_manifest(path: Path, table: Mapping[str, Any]) -> None:
    """Write nested tables of strings, numbers, booleans and lists of these; raises ``ValueError`` on others.

    Plain values of a table come before its sub-tables, as TOML wants it.
    """
    path.write_text("\n".join(_lines(table, ())).lstrip("\n") + "\n", "utf-8")


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = ["", f"[{'.'.join(_key(part) for part in path)}]"] if path and (plain or not table) else []
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _lines(value, (*path, key))
    return lines


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "").isalnum() and key.isascii()
    return key if bare else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise ValueError(f"a manifest cannot hold {value!r}")
