"""Late fusion: the newest estimate of every modality becomes one state with an honest interval."""

from __future__ import annotations

from insula.models.fusion.late import LateFusion
from insula.models.fusion.parameters import Parameters, Source, shipped

__all__ = ["LateFusion", "Parameters", "Source", "shipped"]
