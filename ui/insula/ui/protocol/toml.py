"""TOML tables that can say where they stand: every complaint names the file, the line and the key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from insula.edge.errors import ConfigError
from insula.edge.registry import nearest
from insula.edge.untrusted import parse_toml

Key = str | int
Localised = Mapping[str, str]
"""A text by language; a text that is the same in all languages has the key ""."""

LANGUAGES = ("en", "de")

_HEADER = re.compile(r"(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"([A-Za-z0-9_-]+|\"[^\"]+\"|'[^']+')\s*=")


def read(path: Path) -> Table:
    """Read a TOML file; raises ``ConfigError``."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    return Table(raw, path, lines(text), ())


class Table:
    """One table of a file. Every getter raises ``ConfigError`` with file, line, table and key."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        path: Path,
        known_lines: Mapping[tuple[Key, ...], int],
        place: tuple[Key, ...],
        values: Mapping[str, str] | None = None,
    ) -> None:
        """``values`` replace ``{name}`` in every text of the table."""
        self.raw, self.path, self.values = raw, path, dict(values or {})
        self._lines, self._place = known_lines, place

    def filled(self, values: Mapping[str, str]) -> Table:
        """Return the same table with more placeholders filled in."""
        return Table(self.raw, self.path, self._lines, self._place, {**self.values, **values})

    def wrong(self, told: str, key: str = "") -> ConfigError:
        """Return the error about this table, or about one of its keys."""
        place = self._place + ((key,) if key else ())
        line = next((self._lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self._lines), 0)
        where = f"{self.path}, line {line}" if line else str(self.path)
        steps = [f"{part + 1}" if isinstance(part, int) else part for part in self._place]
        named = " ".join(steps) + (f" {self.raw['name']!r}" if isinstance(self.raw.get("name"), str) else "")
        return ConfigError(f"{where}: {named + ': ' if steps else ''}{told}")

    def only(self, *known: str) -> None:
        """Refuse keys that are not known."""
        for key in self.raw:
            if key not in known:
                raise self.wrong(f"unknown key {key!r}{nearest(key, known)}", key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without ``default`` it must be there."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.wrong(f"{key} = {value!r} should be text", key)
        return self._fill(value, key)

    def number(self, key: str, default: float | None = None, *, least: float | None = None) -> float:
        """Return a number of at least ``least``."""
        value = self._get(key, default)
        if isinstance(value, str) and self.values:  # "{seconds}" of a trial
            try:
                value = float(self._fill(value, key))
            except ValueError:
                raise self.wrong(f"{key} = {value!r} should be a number", key) from None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(f"{key} = {value!r} should be a number", key)
        if least is not None and value < least:
            raise self.wrong(f"{key} = {value:g} should be at least {least:g}", key)
        return float(value)

    def whole(self, key: str, default: int | None = None, *, least: int) -> int:
        """Return a whole number of at least ``least``."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(f"{key} = {value!r} should be a whole number of at least {least}", key)
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false when it is not there."""
        value = self._get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(f"{key} = {value!r} should be true or false", key)
        return value

    def one_of(self, key: str, options: tuple[str, ...], default: str | None = None) -> str:
        """Return one of ``options``."""
        value = self.text(key, default)
        if value not in options:
            raise self.wrong(f"{key} = {value!r} is unknown{nearest(value, options)}", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when it is not there."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.wrong(f"{key} = {value!r} should be a list of texts", key)
        return tuple(self._fill(entry, key) for entry in value)

    def localised(self, key: str, *, needed: bool = False) -> Localised:
        """Return a text in all its languages: ``"text"`` or ``{ en = "text", de = "Text" }``."""
        value = self._get(key, None if needed else "")
        if isinstance(value, str):
            return {"": self._fill(value, key)}
        if not isinstance(value, dict) or not value:
            raise self.wrong(f'{key} = {value!r} should be text or {{ en = "…", de = "…" }}', key)
        for language, text in value.items():
            if language not in LANGUAGES:
                raise self.wrong(
                    f"{key} has the unknown language {language!r}{nearest(language, LANGUAGES)}", key
                )
            if not isinstance(text, str):
                raise self.wrong(f"{key}.{language} = {text!r} should be text", key)
        return {language: self._fill(text, key) for language, text in value.items()}

    def table(self, key: str) -> Table:
        """Return the table under ``key``, empty when it is not there."""
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f"{key} should be a table", key)
        return Table(value, self.path, self._lines, (*self._place, key), self.values)

    def tables(self, key: str) -> tuple[Table, ...]:
        """Return the tables of the array under ``key``."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.wrong(f"{key} should be a list of tables", key)
        places = ((*self._place, key, number) for number in range(len(value)))
        return tuple(
            Table(entry, self.path, self._lines, place, self.values)
            for entry, place in zip(value, places, strict=True)
        )

    def _get(self, key: str, default: object) -> Any:
        if key in self.raw:
            return self.raw[key]
        if default is None:
            raise self.wrong(f"{key} is missing")
        return default

    def _fill(self, text: str, key: str) -> str:
        for name, value in self.values.items():
            text = text.replace(f"{{{name}}}", value)
        if self.values and (left := re.search(r"\{(\w+)\}", text)):
            raise self.wrong(f"{key}: no trial gives {left[1]!r}{nearest(left[1], self.values)}", key)
        return text


def say(text: Localised, language: str) -> str:
    """Return ``text`` in ``language``, else in English, else in the first there is."""
    return next((text[key] for key in (language, "en", "") if key in text), next(iter(text.values()), ""))


def lines(text: str) -> dict[tuple[Key, ...], int]:
    """Return the line (from 1) of every table header and key: tomllib does not tell."""
    found: dict[tuple[Key, ...], int] = {}
    last: dict[tuple[Key, ...], int] = {}
    here: tuple[Key, ...] = ()
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        bare = line.strip()
        if header := _HEADER.match(bare):
            here = _table_at(header[2].split("."), last, new=header[1] == "[[")
            found.setdefault(here, number)
        elif key := _KEY.match(bare):
            found.setdefault((*here, key[1].strip("\"'")), number)
        for mark in ('"""', "'''"):
            if bare.count(mark) % 2:
                quote = mark
    return found


def _table_at(names: list[str], last: dict[tuple[Key, ...], int], *, new: bool) -> tuple[Key, ...]:
    here: tuple[Key, ...] = ()
    for depth, name in enumerate(names):
        here = (*here, name.strip().strip("\"'"))
        if new and depth == len(names) - 1:
            last[here] = last.get(here, -1) + 1
        if here in last:
            here = (*here, last[here])
    return here
