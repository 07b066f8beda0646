"""Maps of EEG power over the head, drawn by MNE, with the figures beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.figure import Figure

from insula.models.eeg import montage
from insula.ui.dashboard.bands import BANDS, Powers
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_PLACES = 4
"""A map between fewer electrodes would be invention."""

LEAST_DB = 6.0
"""The colours of a map span at least this: noise must not look like a pattern."""

INCHES = (9.6, 5.4)


def picture(powers: Powers, theme: Theme, words: Words, dpi: float = 100.0) -> npt.NDArray[np.uint8]:
    """Return ``(height, width, 4)`` RGBA; imports MNE and takes most of a second the first time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with mpl.rc_context({"text.color": theme.ink, "axes.labelcolor": theme.muted, "font.size": 9.0}):
        figure = Figure(figsize=INCHES, dpi=dpi, facecolor=theme.panel, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        grid = figure.add_gridspec(2, len(BANDS), height_ratios=(1.15, 1.0))
        places = _places(powers.ch_names)
        for k, (name, (low, high)) in enumerate(BANDS.items()):
            axes = figure.add_subplot(grid[0, k])
            axes.set_title(f"{words(name)}\n{low:g}–{high:g} Hz", color=theme.ink, fontsize=10)
            _map(axes, powers, k, places, theme, words)
        bars = figure.add_subplot(grid[1, :])
        _bars(bars, powers, theme, words)
        canvas.draw()  # type: ignore[no-untyped-call]
        return np.asarray(canvas.buffer_rgba()).copy()  # type: ignore[no-untyped-call]


def _places(names: tuple[str, ...]) -> Any:
    """Return MNE's info on the electrodes whose place is known, and which they are; ``None`` for too few."""
    import mne

    placed = [k for k, name in enumerate(names) if montage.is_electrode(name)]
    if len(placed) < LEAST_PLACES:
        return None
    known = [names[k] for k in placed]
    info = mne.create_info(known, 1.0, "eeg", verbose="error")
    places = dict(zip(known, montage.positions(known), strict=True))
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), verbose="error")
    return info, placed


def _map(axes: Axes, powers: Powers, band: int, places: Any, theme: Theme, words: Words) -> None:
    import mne

    if places is None:
        axes.text(0.5, 0.5, words("no map: places\nnot known"), ha="center", va="center", color=theme.muted)
        axes.axis("off")
        return
    info, placed = places
    values = powers.db[placed, band]
    middle, half = (values.max() + values.min()) / 2, max(LEAST_DB, values.max() - values.min()) / 2
    image, _ = mne.viz.plot_topomap(
        values, info, axes=axes, show=False, cmap="viridis", contours=3, sensors=False, names=info.ch_names,
        vlim=(middle - half, middle + half),
    )  # fmt: skip
    for line in axes.lines:
        line.set_color(theme.ink)
    for name in axes.texts:
        name.set(color="white", fontsize=7.5, fontweight="bold")
        name.set_path_effects([patheffects.withStroke(linewidth=1.6, foreground="black")])
    scale = axes.figure.colorbar(image, ax=axes, orientation="horizontal", shrink=0.7)
    scale.ax.tick_params(colors=theme.muted, labelsize=7)


def _bars(axes: Axes, powers: Powers, theme: Theme, words: Words) -> None:
    n_channels, n_bands = powers.db.shape
    width = 0.8 / n_bands
    floor = float(powers.db.min()) - 2.0
    shades = (theme.faint, theme.eda, theme.face, theme.voice, theme.eeg)
    for k, (name, shade) in enumerate(zip(BANDS, shades, strict=True)):
        at = np.arange(n_channels) + (k - (n_bands - 1) / 2) * width
        axes.bar(at, powers.db[:, k] - floor, width, bottom=floor, color=shade, label=words(name))
    axes.set_xticks(range(n_channels), powers.ch_names)
    axes.set_ylabel("dB µV²/Hz")
    axes.set_facecolor(theme.panel)
    axes.tick_params(colors=theme.muted)
    for side in axes.spines.values():
        side.set_color(theme.border)
    axes.legend(ncols=n_bands, loc="upper right", fontsize=8, frameon=False, labelcolor=theme.muted)
    axes.margins(y=0.18)
