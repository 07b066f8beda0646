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
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from insula.edge.errors import ModelError

_WEIGHTS = "insula.models.weights"


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
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        card = raw["card"]
        return Manifest(
            name=raw["name"],
            version=raw["version"],
            modality=raw["modality"],
            file=raw["file"],
            sha256=raw["sha256"],
            preprocess=raw.get("preprocess", {}),
            card=Card(
                what=card["what"],
                data=card["data"],
                licence=card["licence"],
                split=card["split"],
                target=card["target"],
                recipe=card["recipe"],
                not_for=tuple(card["not_for"]),
                caveats=tuple(card["caveats"]),
                metrics=card["metrics"],
                floors=card["floors"],
            ),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ModelError(f"the manifest of {name!r} is malformed: {error!r}") from error
