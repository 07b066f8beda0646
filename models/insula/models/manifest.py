"""A model is data: weights, a manifest that says how to feed them, and a card that says what they are worth.

Both stand in one TOML file beside the ONNX file in ``insula/models/weights/``::

    name = "face-expression"
    version = 1
    modality = "face"
    file = "face-expression.onnx"
    sha256 = "…"

    [preprocess]            # whatever the estimator needs, as data: sizes, means, bands, rates
    size = 64

    [card]
    what = "…"              # what it estimates, in one sentence
    data = "…"              # what it was trained on
    licence = "…"           # of the weights
    split = "…"             # unit of the split
    target = "…"            # what the label really is (perceived votes, acted intention, condition)
    recipe = "insula train face --data DIR"
    not_for = ["…"]
    caveats = ["…"]

    [card.metrics]          # measured on the validation people
    accuracy = 0.0

    [card.floors]           # what a constant or a confound reaches on the same items
    majority = 0.0
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from insula.edge.errors import ModelError
from insula.edge.untrusted import parse_toml

_WEIGHTS = "insula.models.weights"
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # beside the manifest, nowhere else
_SHA256 = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is worth and what it must not be used for."""

    what: str
    data: str
    licence: str
    split: str
    target: str
    recipe: str
    not_for: tuple[str, ...]
    caveats: tuple[str, ...]
    metrics: Mapping[str, float]
    floors: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Name, weights, preprocessing and card of one shipped model."""

    name: str
    version: int
    modality: str
    file: str
    sha256: str
    preprocess: Mapping[str, Any]
    card: Card

    @property
    def id(self) -> str:
        """Name, version and the start of the hash, as written into every estimate."""
        return f"{self.name}-v{self.version}@{self.sha256[:12]}"

    def weights(self) -> bytes:
        """The model file's bytes; raises ``ModelError`` when it is missing or its hash differs."""
        try:
            content = resources.files(_WEIGHTS).joinpath(self.file).read_bytes()
        except FileNotFoundError as error:
            raise ModelError(f"{self.file} is missing from the installation; reinstall insula") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"{self.file} does not match its manifest (sha256 {found[:12]}…, "
                f"expected {self.sha256[:12]}…); reinstall insula, "
                "or retrain and let the recipe write the manifest"
            )
        return content


def names() -> list[str]:
    """Names of all shipped models."""
    files = resources.files(_WEIGHTS).iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


def load(name: str) -> Manifest:
    """The manifest of a shipped model; raises ``ModelError`` when there is none or it is malformed."""
    path = resources.files(_WEIGHTS).joinpath(f"{name}.toml")
    if not path.is_file():
        raise ModelError(f"there is no model {name!r}; shipped are {', '.join(names()) or 'none'}")
    return parse(path.read_text("utf-8"), name)


def parse(text: str, name: str) -> Manifest:
    """The manifest in a TOML ``text``; raises ``ModelError`` that names what is wrong with it."""
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise ModelError(f"the manifest of {name!r} is malformed: {error}") from error
    table = _Table(name, raw)
    card = _Table(name, table.take("card", dict))
    file, sha256 = table.take("file", str), table.take("sha256", str)
    if not _FILE.fullmatch(file) or not _SHA256.fullmatch(sha256):
        raise ModelError(
            f"the manifest of {name!r} is malformed: file names a file beside it, sha256 is 64 hex digits"
        )
    return Manifest(
        name=table.take("name", str),
        version=table.take("version", int),
        modality=table.take("modality", str),
        file=file,
        sha256=sha256,
        preprocess=table.take("preprocess", dict) if "preprocess" in raw else {},
        card=Card(
            what=card.take("what", str),
            data=card.take("data", str),
            licence=card.take("licence", str),
            split=card.take("split", str),
            target=card.take("target", str),
            recipe=card.take("recipe", str),
            not_for=tuple(map(str, card.take("not_for", list))),
            caveats=tuple(map(str, card.take("caveats", list))),
            metrics=card.take("metrics", dict),
            floors=card.take("floors", dict),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the manifest ``name``."""

    name: str
    raw: Mapping[str, Any]

    def take(self, key: str, kind: type[_T]) -> _T:
        value = self.raw.get(key)
        if not isinstance(value, kind):
            raise ModelError(
                f"the manifest of {self.name!r} is malformed: {key} is missing or no {kind.__name__}"
            )
        return value
