"""The headings under which ``insula --help`` lists the commands."""

from __future__ import annotations

from typing import Final

SENSE: Final = "Sense and record"
RECORDINGS: Final = "Recordings"
STUDY: Final = "Studies and people"
PRIVACY: Final = "Privacy"
MODELS: Final = "Models"
MACHINE: Final = "This machine"
