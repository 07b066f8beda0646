"""What is being written, for the terminal: size, room left, and each stream's rate and lag in the file."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from insula.edge.clock import Clock
from insula.edge.sinks.xdf_streams import Recorded
from insula.ui.commands.recording import Recording
from insula.ui.terminal import age_text

_OVER_S = 2.0
_LATE_S = 3.0
_SHORT_BYTES = 1e9
_OURS = "insula."


class RecordingView:
    """Draws a recording; asked some ten times a second, it takes rates over two seconds."""

    def __init__(self, recording: Recording, clock: Clock) -> None:
        self._recording = recording
        self._clock = clock
        self._before: tuple[float, int, dict[str, Recorded]] = (clock(), 0, {})
        self._rates: dict[str, float] = {}
        self._bytes_s = 0.0

    def draw(self) -> RenderableType:
        """The view as it stands."""
        t, size, found = self._clock(), self._recording.written_bytes, self._recording.recorded()
        self._measure(t, size, found)
        if self._recording.since is None:
            return Text("not recording", "yellow")
        return Group(self._head(size), self._table(t, found)) if found else self._head(size)

    def _measure(self, t: float, size: int, found: dict[str, Recorded]) -> None:
        since, before_size, before = self._before
        if t - since < _OVER_S:
            return
        empty = Recorded(0, 0.0, 0.0)
        took = t - since
        self._rates = {
            name: (r.samples - before.get(name, empty).samples) / took for name, r in found.items()
        }
        self._bytes_s = max(0.0, (size - before_size) / took)
        self._before = (t, size, found)

    def _head(self, size: int) -> Text:
        free = self._recording.free_bytes()
        room = "disk gone" if free is None else f"{free / 1e9:.1f} GB free"
        if free and self._bytes_s > 0:
            room += f", enough for {duration_text(free / self._bytes_s)}"
        colour = "yellow" if free is None or free < _SHORT_BYTES else "bright_black"
        return Text.assemble(("● recording  ", "red"), f"{size / 1e6:.1f} MB written  ", (room, colour))

    def _table(self, t: float, found: dict[str, Recorded]) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
        for name in ("stream", "in the file", "rate", "lag", "gaps", "lost"):
            table.add_column(name, justify="left" if name == "stream" else "right")
        for name, stream in found.items():
            if name.startswith(_OURS):
                continue
            lag = t - stream.last_t if stream.samples else None
            late = lag is None or lag > _LATE_S
            rate = self._rates.get(name)
            table.add_row(
                name,
                f"{stream.samples:,}".replace(",", " "),
                "–" if rate is None else f"{rate:.1f} Hz",
                Text(age_text(lag), "yellow" if late else ""),
                str(stream.gaps),
                str(stream.lost),
            )
        return table


def duration_text(seconds: float) -> str:
    """A long time as a person says it."""
    hours = seconds / 3600
    if hours >= 48:
        return f"{min(hours / 24, 999):.0f} days"
    return f"{hours:.0f} h" if hours >= 2 else f"{seconds / 60:.0f} min"
