"""Where everything stands in a ring: the header's offsets and the geometry of one ring.

The same numbers stand in ``_ring.h``; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from insula.edge.errors import RingError

MAGIC: Final = 0x314C5349  # "ISL1"
ABI: Final = 1
GAP: Final = 2**64 - 1
"""``step`` (a NaN) of a record that stands for samples a killed writer reserved but never committed."""

# Byte offsets in the header.
ITEM, CAP, MIRROR, CCAP, REC_OFF, DATA_OFF, TOTAL = range(8, 64, 8)
RESERVE: Final = 64
HEAD: Final = 128
CHEAD: Final = 136
WORD: Final = 192
ENDED: Final = 196
GENERATION: Final = 256
META_LEN: Final = 264
META: Final = 320

RECORD: Final = np.dtype([("first", "<u8"), ("n", "<u8"), ("t", "<f8"), ("step", "<f8")])
"""One chunk: number of its first sample, samples, time of the last one and step between them in s."""


def _aligned(offset: int) -> int:
    return -(-offset // 64) * 64


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of a ring: ``item`` bytes a sample, ``cap`` samples, ``mirror`` of them repeated after the end.

    ``ccap`` (a power of two) chunk records; ``meta`` is a JSON text of the owner. A window of up to
    ``mirror`` samples can be viewed without a copy.
    """

    item: int
    cap: int
    mirror: int
    ccap: int
    meta: bytes = b"{}"

    def __post_init__(self) -> None:
        if self.item < 1 or self.cap < 1 or not 0 <= self.mirror <= self.cap:
            raise RingError(f"a ring needs item ≥ 1, cap ≥ 1 and 0 ≤ mirror ≤ cap, not {self!r}")
        if self.ccap < 2 or self.ccap & (self.ccap - 1):
            raise RingError(f"a ring's number of chunk records is a power of two ≥ 2, not {self.ccap}")

    @property
    def rec_off(self) -> int:
        """Byte offset of the chunk records."""
        return _aligned(META + len(self.meta))

    @property
    def data_off(self) -> int:
        """Byte offset of the samples."""
        return _aligned(self.rec_off + self.ccap * RECORD.itemsize)

    @property
    def total(self) -> int:
        """Bytes of the whole mapping."""
        return self.data_off + (self.cap + self.mirror) * self.item

    def header(self) -> bytes:
        """Everything before the chunk records, with all counters at zero."""
        raw = np.zeros(self.rec_off, np.uint8)
        raw[:4].view("<u4")[0] = MAGIC
        raw[4:8].view("<u4")[0] = ABI
        sizes = (self.item, self.cap, self.mirror, self.ccap, self.rec_off, self.data_off, self.total)
        raw[ITEM : ITEM + 56].view("<u8")[:] = sizes
        raw[META_LEN : META_LEN + 8].view("<u8")[0] = len(self.meta)
        raw[META : META + len(self.meta)] = np.frombuffer(self.meta, np.uint8)
        return raw.tobytes()

    @classmethod
    def read(cls, raw: memoryview, name: str) -> Geometry:
        """Read the geometry of an existing ring; raises ``RingError`` when it is none of ours."""
        head = np.frombuffer(raw[: min(len(raw), META)], np.uint8)
        if len(head) < META or head[:4].view("<u4")[0] != MAGIC:
            raise RingError(f"{name} is not a ring file of Insula")
        if (abi := int(head[4:8].view("<u4")[0])) != ABI:
            raise RingError(f"{name} has ring format {abi}, this version reads {ABI}; update the older side")
        item, cap, mirror, ccap, rec_off, data_off, total = map(int, head[ITEM : ITEM + 56].view("<u8"))
        meta_len = int(head[META_LEN : META_LEN + 8].view("<u8")[0])
        geometry = cls(item, cap, mirror, ccap, bytes(raw[META : META + meta_len]))
        if (rec_off, data_off, total) != (geometry.rec_off, geometry.data_off, geometry.total):
            raise RingError(f"{name} is damaged: its header contradicts itself")
        if len(raw) < total:
            raise RingError(f"{name} is cut off: {len(raw)} of {total} bytes")
        return geometry
