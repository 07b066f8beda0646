"""The C core: one ring's header operated by ``_ring.c`` through ctypes.

``PyDLL`` keeps the GIL during a push: with a busy Python thread beside it, a 2.8 MB push costs 0.1 ms
with the GIL held and 5 ms with it released. Only ``wait`` releases it.
"""

from __future__ import annotations

import ctypes
from functools import cache, partial
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.ring_layout import ABI
from insula.edge.ring_numpy import poll

_U64, _U32, _I64 = ctypes.c_uint64, ctypes.c_uint32, ctypes.c_int64
_F64, _P = ctypes.c_double, ctypes.c_void_p
# Any: that arrays are buffers, numpy's stubs say from Python 3.12 on only.
_pointer: Any = (ctypes.c_char * 1).from_buffer
_LONGEST_S = 3600.0  # the caller asks again; an endless time-out has no nanoseconds
_SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "begin": (_U64, (_P, _U64)),
    "commit": (None, (_P, _U64, _F64, _F64)),
    "push": (ctypes.c_int, (_P, _P, _P, _U64, _F64, _F64)),
    "takeover": (_U64, (_P,)),
    "end": (None, (_P,)),
    "head": (_U64, (_P,)),
    "chead": (_U64, (_P,)),
    "fenced_chead": (_U64, (_P,)),
    "fenced_reserve": (_U64, (_P,)),
    "valid": (ctypes.c_int, (_P, _U64)),
    "intact": (ctypes.c_int, (_P, _U64, _U64)),
    "word": (_U32, (_P,)),
    "wait": (ctypes.c_int, (_P, _U32, _I64)),
}


class NativeUnavailable(Exception):
    """The C library is not there or does not fit; the message is the reason."""


def library_path() -> Path | None:
    """Where the built library lies, ``None`` if it was not built."""
    folder = Path(__file__).parent
    found = (folder / f"_ring{suffix}" for suffix in EXTENSION_SUFFIXES)
    return next((path for path in found if path.is_file()), None)


@cache
def library() -> tuple[ctypes.PyDLL, ctypes.CDLL]:
    """The library twice: once holding the GIL during calls, once releasing it (for ``wait``)."""
    path = library_path()
    if path is None:
        raise NativeUnavailable("the C ring was not built (no compiler at installation?)")
    try:
        holding, releasing = ctypes.PyDLL(str(path)), ctypes.CDLL(str(path))
        abi = holding.insula_ring_abi()
        for name, (result, arguments) in _SIGNATURES.items():
            for handle in (holding, releasing):
                function = getattr(handle, f"insula_ring_{name}")
                function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise NativeUnavailable(f"{path.name} does not load: {error}") from error
    if abi != ABI:
        raise NativeUnavailable(f"{path.name} is stale (format {abi}, needed {ABI}); install again")
    return holding, releasing


class NativeCore:
    """The header operations of one ring at address ``base``, in C."""

    name = "c"

    def __init__(self, memory: memoryview, base: int) -> None:
        holding, releasing = library()
        self._memory = memory  # keeps the mapping alive as long as its address is used
        at = _P(base)
        self.begin = partial(holding.insula_ring_begin, at)
        self.commit = partial(holding.insula_ring_commit, at)
        self._push = partial(holding.insula_ring_push, at)
        self.takeover = partial(holding.insula_ring_takeover, at)
        self.end = partial(holding.insula_ring_end, at)
        self.head = partial(holding.insula_ring_head, at)
        self.chead = partial(holding.insula_ring_chead, at)
        self.fenced_chead = partial(holding.insula_ring_fenced_chead, at)
        self.fenced_reserve = partial(holding.insula_ring_fenced_reserve, at)
        self.valid = partial(holding.insula_ring_valid, at)
        self.intact = partial(holding.insula_ring_intact, at)
        self.word = partial(holding.insula_ring_word, at)
        self._wait = partial(releasing.insula_ring_wait, at)

    def push(
        self,
        data: npt.NDArray[np.generic],
        times: npt.NDArray[np.float64],
        gap_s: float,
        newest: float,
    ) -> bool:
        """Push a block of even times in one call; false, with nothing done, if it is not that simple."""
        try:
            source, stamps = _pointer(data), _pointer(times)
        except (TypeError, ValueError):  # read-only, empty or not contiguous
            return False
        return bool(self._push(source, stamps, len(times), gap_s, newest))

    def wait(self, seen: int, timeout_s: float) -> None:
        """Sleep until the word is no longer ``seen``, a signal came or the time is up."""
        if self._wait(seen, int(min(timeout_s, _LONGEST_S) * 1e9)) < 0:
            poll(self.word, seen, timeout_s)
