"""The constants of fusion, fitted on real recordings by ``insula train fusion`` and shipped with their card.

They stand in ``parameters.toml`` beside this file; ``docs/validity-fusion.md`` says what each was fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from insula.edge.errors import ModelError
from insula.edge.untrusted import parse_toml

FILE: Final = "parameters.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """How far one modality is to be trusted, and for how long.

    ``walk_sd`` (1/√s): what it speaks of wanders away from an estimate of age ``a`` by ``walk_sd · √a``.
    ``horizon_s``: the age at which an estimate no longer speaks of the present. ``reliability``: its say
    in the pool of expressions, relative to the others'. ``gain`` and ``extra_sd``, of valence and arousal,
    make its deviations honest: √((gain · sd)² + extra²), so that 90 % intervals hold 90 % of the truths.
    """

    walk_sd: float
    horizon_s: float
    reliability: float
    gain: tuple[float, float] = (1.0, 1.0)
    extra_sd: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Parameters:
    """All constants of :class:`insula.models.fusion.LateFusion`; ``sources`` by modality.

    ``correlation`` of the errors of any two sources, 0…1; ``process_sd`` (1/√s): how much a person's
    valence and arousal move in a second; ``gate_sd``: leaps beyond this many standard deviations are held
    back; ``pool_gain``: how much surer several agreeing sources are than one (1: not at all).
    ``candidate_p``: the least probability of an expression that cannot be excluded, by who speaks ("face",
    "voice", "face+voice"). ``index_gain``: what an index's deviation is multiplied by, by its name, so that
    its 90 % interval holds 90 % of people's rates; one that is not listed stays as its model states it.
    """

    sources: Mapping[str, Source]
    correlation: float
    process_sd: float
    gate_sd: float
    pool_gain: float
    candidate_p: Mapping[str, float]
    index_gain: Mapping[str, float]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Parameters:
        """Read the tables of ``parameters.toml``; raises ``ModelError`` when one is missing."""
        try:
            sources = {modality: _source(values) for modality, values in table["sources"].items()}
            by_name = {name: table[name] for name in ("candidate_p", "index_gain")}
            return cls(sources=sources, **by_name, **table["shared"])
        except (KeyError, TypeError) as error:
            raise ModelError(f"the parameters of fusion are malformed: {error!r}") from error


def _source(values: Mapping[str, Any]) -> Source:
    return Source(
        walk_sd=values["walk_sd"],
        horizon_s=values["horizon_s"],
        reliability=values["reliability"],
        gain=(values["gain"][0], values["gain"][1]),
        extra_sd=(values["extra_sd"][0], values["extra_sd"][1]),
    )


@cache
def shipped() -> Parameters:
    """The parameters of this installation; raises ``ModelError`` when they are unusable."""
    try:
        text = resources.files("insula.models.fusion").joinpath(FILE).read_text("utf-8")
        return Parameters.from_table(parse_toml(text))
    except (OSError, ValueError) as error:
        raise ModelError(f"{FILE} of fusion cannot be read ({error}); reinstall insula") from error
