"""Following faces: one number a person while the face stays in view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from insula.models.face.detect import Box, Gray

_RESCAN_S: Final = 0.5
"""A full scan for newcomers this often; between scans each known face is only looked for near its place."""

_RESCAN_LOST_S: Final = 0.12
"""The same while a known face is missing: it may have moved further than a look near its place covers."""

_FORGET_S: Final = 0.7
"""A face that was away for longer is a new one: after that another person may sit there."""

_SAME: Final = 0.3
_SMOOTH: Final = 0.6
"""Share of a new box in the reported one; the cascade's boxes jitter by 2 % of their side."""


class Detector(Protocol):
    """What the tracker needs of a detector."""

    def scan(self, gray: Gray) -> list[Box]:
        """Every face in the frame."""

    def find_near(self, gray: Gray, last: Box) -> Box | None:
        """The face that was at ``last``."""


@dataclass(frozen=True, slots=True)
class Track:
    """A followed face: its ``number``, smoothed ``box`` and since when and when last it was seen (s)."""

    number: int
    box: Box
    since: float
    seen: float
    hits: int = 1


class Tracker:
    """Turns detections into tracks; the time of every frame is handed in."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._tracks: list[Track] = []
        self._scanned: float | None = None
        self._next = 1

    def update(self, gray: Gray, t: float) -> list[Track]:
        """Faces seen *in this frame* (taken at ``t`` s) at least twice so far, largest first.

        A face that is not found in the frame is not in the list; its number is kept for 0.7 s. The second
        sighting keeps the false alarms of a single scan out.
        """
        self._tracks = [self._followed(track, gray, t) for track in self._remembered(t)]
        since_scan = t - self._scanned if self._scanned is not None else _RESCAN_S
        lost = any(track.seen < t for track in self._tracks)
        if since_scan >= (_RESCAN_LOST_S if lost else _RESCAN_S):
            self._scanned = t
            self._take_in(self._detector.scan(gray), t)
        return self._visible(t)

    def match(self, boxes: list[Box], t: float) -> list[Track]:
        """The same for ``boxes`` that another detector found; its ``sure`` ones need no second sighting."""
        self._tracks = self._remembered(t)
        self._take_in(boxes, t)
        return self._visible(t)

    def _remembered(self, t: float) -> list[Track]:
        return [track for track in self._tracks if t - track.seen <= _FORGET_S]

    def _visible(self, t: float) -> list[Track]:
        shown = [track for track in self._tracks if track.seen == t and (track.hits >= 2 or track.box.sure)]
        return sorted(shown, key=lambda track: -track.box.side)

    def _followed(self, track: Track, gray: Gray, t: float) -> Track:
        found = self._detector.find_near(gray, track.box)
        return track if found is None else _seen(track, found, t)

    def _take_in(self, boxes: list[Box], t: float) -> None:
        """Match a scan with the tracks; what matches none becomes a new one."""
        for box in boxes:
            nearest = max(self._tracks, key=lambda track: track.box.overlap(box), default=None)
            if nearest is None or nearest.box.overlap(box) < _SAME:
                self._tracks.append(Track(self._next, box, since=t, seen=t))
                self._next += 1
            elif nearest.seen < t:
                self._tracks[self._tracks.index(nearest)] = _seen(nearest, box, t)


def _seen(track: Track, box: Box, t: float) -> Track:
    keep = 1 - _SMOOTH
    smooth = replace(
        box,
        x=keep * track.box.x + _SMOOTH * box.x,
        y=keep * track.box.y + _SMOOTH * box.y,
        side=keep * track.box.side + _SMOOTH * box.side,
    )
    return replace(track, box=smooth, seen=t, hits=track.hits + 1)
