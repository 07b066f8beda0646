"""Why a state is what it is: a structured record and one plain sentence, in English or German."""

from __future__ import annotations

from insula.edge.explanation import Explanation
from insula.models.explain.record import explain
from insula.models.explain.sentence import LANGUAGES, sentence

__all__ = ["LANGUAGES", "Explanation", "explain", "sentence"]
