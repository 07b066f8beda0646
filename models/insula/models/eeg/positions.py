"""Writes the table of electrode positions that ships with the weights (needs MNE; run once per template)."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np


def write_positions(path: Path) -> None:
    """Save names and positions (m) of MNE's 10–5 template as ``names`` ``(n,)`` and ``xyz_m`` ``(n, 3)``."""
    known = mne.channels.get_builtin_montages()
    template = "colin27_1005" if "colin27_1005" in known else "standard_1005"  # renamed in MNE 1.13
    places = mne.channels.make_standard_montage(template).get_positions()["ch_pos"]
    np.savez_compressed(
        path, names=np.array(list(places), np.str_), xyz_m=np.array(list(places.values()), np.float32)
    )
