"""What of a person may leave the memory of the running session: the one question every writer asks."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How much is kept. Signals of the body (EEG, EDA, PPG …) are kept in every mode.

    ``features-only`` is the default: estimates and their clues, never sound, pictures or the face's shape.
    ``de-identified`` adds the points of the face mesh in place of pictures; the voice stays prosody.
    ``full`` permits sound and pictures; each is still written only when its own option asks for it.
    """

    FEATURES_ONLY = "features-only"
    DE_IDENTIFIED = "de-identified"
    FULL = "full"

    @property
    def keeps_audio(self) -> bool:
        """Whether raw sound may reach a disk or a network."""
        return self is Mode.FULL

    @property
    def keeps_video(self) -> bool:
        """Whether pictures may reach a disk or a network."""
        return self is Mode.FULL

    @property
    def keeps_mesh(self) -> bool:
        """Whether the points of the face mesh may: they are its shape, which can identify a person."""
        return self is not Mode.FEATURES_ONLY

    def covers(self, other: Mode) -> bool:
        """Whether a permission for this mode includes ``other``."""
        order = list(Mode)
        return order.index(other) <= order.index(self)
