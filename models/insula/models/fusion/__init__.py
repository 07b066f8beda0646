"""Late fusion: the newest estimate of every modality becomes one state with an honest interval."""

from __future__ import annotations

from insula.models.fusion.late import GROWTH_PER_S, HORIZON_S, LateFusion
from insula.models.fusion.pool import RELIABILITY

__all__ = ["GROWTH_PER_S", "HORIZON_S", "RELIABILITY", "LateFusion"]
