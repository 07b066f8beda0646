"""How a stream lies in its ring: shapes, sizes, and its description in the header."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Final

import numpy as np

from insula.edge.errors import RingError
from insula.edge.ring_layout import Geometry
from insula.edge.types import StreamInfo
from insula.edge.untrusted import parse_json

FRAME_SLOTS: Final = 32
FRAME_RECORDS: Final = 1024
"""Times of frames outlive their pictures: a recorder that is held up for half a minute loses none."""
IRREGULAR_SAMPLES: Final = 16_384
MOST_RECORDS: Final = 65_536


def item_shape(info: StreamInfo) -> tuple[int, ...]:
    """Shape of one item of the ring: the channels of a sample, or a frame."""
    return info.shape if info.is_video else (info.n_channels,)


def geometry(info: StreamInfo, seconds: float) -> Geometry:
    """Sizes of the ring of a stream; records for the worst case of one sample a chunk, within reason."""
    item = math.prod(item_shape(info)) * np.dtype(info.dtype).itemsize
    if info.is_video:
        cap, mirror = FRAME_SLOTS, 0
    elif info.sfreq > 0:
        cap = max(256, math.ceil(seconds * info.sfreq))
        mirror = cap // 4
    else:
        cap, mirror = IRREGULAR_SAMPLES, 0
    ccap = FRAME_RECORDS if info.is_video else min(MOST_RECORDS, 1 << cap.bit_length())
    meta = json.dumps({"stream": asdict(info)}, ensure_ascii=False).encode()
    return Geometry(item, cap, mirror, ccap, meta)


def info_from(meta: bytes, name: str) -> StreamInfo:
    """Read the description back; raises ``RingError`` when the ring ``name`` holds no stream."""
    try:
        fields = parse_json(meta)["stream"]
        for key in ("ch_names", "units", "shape"):
            fields[key] = tuple(fields[key])
        fields["limits"] = tuple(fields["limits"]) if fields["limits"] else None
        return StreamInfo(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise RingError(f"{name} holds no stream") from error
