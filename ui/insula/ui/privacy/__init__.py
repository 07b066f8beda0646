"""Privacy at work: the stated use, consent, keys, reading what is encrypted, erasure."""

from insula.ui.privacy.records import exported
from insula.ui.privacy.vault import opened

__all__ = ["exported", "opened"]
