"""Following faces: one number a person while the face stays in view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from insula.models.face.detect import Box, Gray
from insula.models.face.follow import carry, look

_RESCAN_S: Final = 0.5
"""A full scan for newcomers this often; between scans each known face is only looked for near its place."""

_RESCAN_LOST_S: Final = 0.12
"""The same while a known face is missing and not carried: it may have moved further than a look near its
place covers."""

_FORGET_S: Final = 0.7
"""A face that was away for longer is a new one: after that another person may sit there."""

_CARRY_S: Final = 3.0
"""A face that no detector sees is carried by its points for so long: turned aside, it is soon back; a picture
of what was a face, or a frozen one, must not stay."""

_SETTLED: Final = 5
"""Sightings before a face is worth carrying: false alarms seldom have as many."""

_SAME: Final = 0.3
_SAME_CARRIED: Final = 0.15
"""Smallest overlap of a new box with a known face; a carried box lies less exactly."""

_ON_PLACE: Final = 0.4
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
    """A followed face: its ``number``, smoothed ``box`` and since when and when last it was seen (s).

    ``hits`` counts the sightings by a detector, ``found`` is the time of the last, ``look`` what was seen.
    """

    number: int
    box: Box
    since: float
    seen: float
    found: float
    look: Gray
    hits: int = 1


class Tracker:
    """Turns detections into tracks; the time of every frame is handed in."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._tracks: list[Track] = []
        self._before: tuple[Gray, float] | None = None
        self._scanned: float | None = None
        self._next = 1

    def update(self, gray: Gray, t: float) -> list[Track]:
        """Faces seen *in this frame* (taken at ``t`` s) at least twice so far, largest first.

        A face that is not found in the frame is carried by its points for up to 3 s, else it is not in the
        list; its number is kept for 0.7 s. The second sighting keeps the false alarms of a single scan out.
        """
        self._tracks = [self._followed(track, gray, t) for track in self._remembered(t)]
        since_scan = t - self._scanned if self._scanned is not None else _RESCAN_S
        lost = any(track.seen < t for track in self._tracks)
        if since_scan >= (_RESCAN_LOST_S if lost else _RESCAN_S):
            self._scanned = t
            self._take_in(self._detector.scan(gray), gray, t)
        self._before = gray, t
        return self._visible(t)

    def match(self, boxes: list[Box], gray: Gray, t: float) -> list[Track]:
        """The same for ``boxes`` that another detector found; its ``sure`` ones need no second sighting."""
        self._tracks = self._remembered(t)
        self._take_in(boxes, gray, t)
        self._before = gray, t
        return self._visible(t)

    def _remembered(self, t: float) -> list[Track]:
        return [track for track in self._tracks if t - track.seen <= _FORGET_S]

    def _visible(self, t: float) -> list[Track]:
        shown = [track for track in self._tracks if track.seen == t and (track.hits >= 2 or track.box.sure)]
        return sorted(shown, key=lambda track: -track.box.side)

    def _followed(self, track: Track, gray: Gray, t: float) -> Track:
        """The track where the detector sees it near its place, or where its points went."""
        found = self._detector.find_near(gray, track.box)
        if found is None or _aside(found) or _aside(track.box):
            track = self._carried(track, gray, t)
        return track if found is None else _seen(track, found, gray, t)

    def _carried(self, track: Track, gray: Gray, t: float) -> Track:
        if self._before is None or track.hits < _SETTLED or t - track.found > _CARRY_S:
            return track
        before, then = self._before
        place = carry(before, gray, track.box, track.look) if track.seen == then else None
        return track if place is None else replace(track, box=place, seen=t)

    def _take_in(self, boxes: list[Box], gray: Gray, t: float) -> None:
        """Match a scan with the tracks; what matches none becomes a new one."""
        for box in boxes:
            nearest = max(self._tracks, key=lambda track: track.box.overlap(box), default=None)
            if nearest is None or nearest.box.overlap(box) < _least_overlap(nearest):
                self._tracks.append(Track(self._next, box, since=t, seen=t, found=t, look=look(gray, box)))
                self._next += 1
            elif nearest.found < t:
                self._tracks[self._tracks.index(nearest)] = _seen(nearest, box, gray, t)


def _aside(box: Box) -> bool:
    return box.profile or box.carried


def _least_overlap(track: Track) -> float:
    return _SAME_CARRIED if track.box.carried else _SAME


def _seen(track: Track, box: Box, gray: Gray, t: float) -> Track:
    """The track after a detector saw ``box``.

    Of a head turned aside the cascades' boxes wander from frame to frame, down to nose and mouth and up to
    half a head. So where the face was carried into this frame its points say where it is: a box elsewhere is
    not believed, a profile's confirms the place, and a frontal one takes over.
    """
    placed = track.seen == t
    if placed and box.overlap(track.box) < _ON_PLACE:
        return track
    if placed and box.profile:
        place = replace(track.box, score=box.score, profile=True, carried=False)
    else:
        place = _between(track.box, box)
    return replace(track, box=place, seen=t, found=t, look=look(gray, place), hits=track.hits + 1)


def _between(last: Box, box: Box) -> Box:
    keep = 1 - _SMOOTH
    return replace(
        box,
        x=keep * last.x + _SMOOTH * box.x,
        y=keep * last.y + _SMOOTH * box.y,
        side=keep * last.side + _SMOOTH * box.side,
    )
