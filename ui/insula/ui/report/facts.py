"""What the report says, gathered from a session folder before anything is drawn."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from insula.edge.errors import ModelError
from insula.edge.health import StreamStats
from insula.edge.types import EXPRESSIONS, MODALITIES, AffectState
from insula.models import manifest
from insula.models.manifest import Card
from insula.ui.annotations import Annotation, Annotations
from insula.ui.dashboard.recorded import NOT_RECORDED, Recorded
from insula.ui.dashboard.segment import measured_share
from insula.ui.dashboard.series import Gap
from insula.ui.dashboard.view import Lane
from insula.ui.dashboard.words import Words

NO_SENSOR = "no sensor for it in this session"
NOTHING = "no modality gave a value"
_LEAST_GAP_S = 0.5


@dataclass(frozen=True, slots=True)
class Validity:
    """When a modality was not measured, and why; ``share`` (0…1) is the part of the time it was."""

    key: str
    share: float
    gaps: tuple[Gap, ...]
    reasons: tuple[tuple[str, float], ...]
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream: nominal rate in Hz, the share of the expected samples that came, and what went wrong."""

    stats: StreamStats
    share: float | None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that spoke in this session; ``card`` is ``None`` when that very version is not installed."""

    id: str
    estimates: int
    card: Card | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything beside the courses themselves."""

    session: Recorded
    validity: tuple[Validity, ...]
    expression: tuple[tuple[str, float], ...]
    expression_share: float
    streams: tuple[StreamRow, ...]
    simulated: tuple[str, ...]
    models: tuple[ModelRow, ...]
    files: tuple[tuple[str, int, str], ...]
    notes: tuple[Annotation, ...] = ()


def gather(folder: Path, words: Words | None = None) -> Facts:
    """Read a session; raises ``DataError`` when the folder is none or holds no estimates."""
    session = Recorded(folder, words)
    streams = _streams(session)
    simulated = {row.stats.stream for row in streams if row.stats.simulated}
    simulated |= {estimate.stream for estimate in session.estimates if estimate.simulated}
    expressions = [np.exp(state.expression) for state in session.states if state.expression is not None]
    shares = np.mean(expressions, axis=0) if expressions else np.zeros(0)
    return Facts(
        session=session,
        validity=_validity(session),
        expression=tuple(zip(EXPRESSIONS, map(float, shares), strict=False)),
        expression_share=len(expressions) / max(1, len(session.states)),
        streams=streams,
        simulated=tuple(sorted(simulated)),
        models=_models(estimate.model for estimate in session.estimates if estimate.model),
        files=tuple(_fingerprint(path) for path in sorted(folder.iterdir()) if path.is_file()),
        notes=Annotations(folder).all(),
    )


def _validity(session: Recorded) -> tuple[Validity, ...]:
    lanes = {lane.key: lane for lane in session.lanes}
    told = session.about.get("absent", {})
    absent = told if isinstance(told, dict) else {}
    rows = [_measured(session, session.fused, None)]
    for modality in MODALITIES:
        lane = lanes.get(modality)
        if lane is None:
            reason = str(absent.get(modality, NO_SENSOR))
            whole = Gap(session.begin, session.end, reason)
            rows.append(Validity(modality, 0.0, (whole,), ((reason, session.length_s),)))
            continue
        worth = [e.quality for e in session.estimates if e.modality == modality and e.measured]
        rows.append(_measured(session, lane, float(np.median(worth)) if worth else None))
    return tuple(rows)


def _measured(session: Recorded, lane: Lane, quality: float | None) -> Validity:
    gaps = [Gap(g.t0, session.end if g.t1 is None else g.t1, plain_reason(g.reason)) for g in lane.gaps]
    first = min([session.end, *map(float, lane.times[:1]), *(gap.t0 for gap in gaps[:1])])
    if first - session.begin > _LEAST_GAP_S:
        gaps.insert(0, Gap(session.begin, first, "not started yet"))
    seconds: defaultdict[str, float] = defaultdict(float)
    for gap in gaps:
        length = max(0.0, (gap.t1 or session.end) - max(gap.t0, session.begin))
        for reason, part in _reasons_within(session, lane.key, gap).items():
            seconds[reason] += part * length
    told = sorted(seconds.items(), key=lambda item: -item[1])
    share = measured_share(lane, session.begin, session.end)
    return Validity(lane.key, share, tuple(gaps), tuple(told), quality)


def _reasons_within(session: Recorded, key: str, gap: Gap) -> dict[str, float]:
    """The reasons given during a gap and the share of each: one gap may have several, one after another."""
    if gap.reason == NOT_RECORDED:
        return {NOT_RECORDED: 1.0}
    if key == "fused":
        return {NOTHING: 1.0}
    begin, end = (bisect_left(session.states, t, key=lambda state: state.t) for t in (gap.t0, gap.t1))
    told = Counter(
        plain_reason(contribution.reason)
        for state in session.states[begin:end]
        for contribution in state.contributions
        if contribution.modality == key and not contribution.measured
    )
    total = sum(told.values())
    return {reason: n / total for reason, n in told.items()} if total else {gap.reason: 1.0}


def plain_reason(reason: str) -> str:
    """A reason without what counts down, so that one cause is one line."""
    shortened = re.sub(r",? \d+(\.\d+)? s left", "", reason)
    return re.sub(r"\d+(\.\d+)? s\b", "… s", shortened)


def _streams(session: Recorded) -> tuple[StreamRow, ...]:
    newest = {item.stream: item for item in session.items if isinstance(item, StreamStats)}
    rows = []
    for stats in newest.values():
        expected = stats.nominal_hz * session.length_s
        rows.append(StreamRow(stats, min(1.0, stats.samples / expected) if expected > 0 else None))
    return tuple(rows)


def _models(ids: Iterable[str]) -> tuple[ModelRow, ...]:
    return tuple(ModelRow(name, n, _card(name)) for name, n in sorted(Counter(ids).items()))


def _card(model_id: str) -> Card | None:
    try:
        found = manifest.load(model_id.rpartition("-v")[0])
    except ModelError:
        return None
    return found.card if found.id == model_id else None


def _fingerprint(path: Path) -> tuple[str, int, str]:
    with path.open("rb") as file:
        return path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def spoken(states: Iterable[AffectState]) -> list[AffectState]:
    """The states that carry valence or arousal."""
    return [state for state in states if state.valence or state.arousal]
