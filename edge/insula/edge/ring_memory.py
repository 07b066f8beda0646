"""Memory for rings, mapped so that huge pages fit where the system has them to give.

A frame of 1280×720 lies in 675 pages of 4 KiB or in two of 2 MiB: the processor looks up fewer addresses
and copies it a fifth faster. Linux gives a mapping of a file huge pages only if it starts at a multiple of
their size, which ``mmap.mmap`` cannot ask for. Where they are refused all works as well, only slower.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
import weakref
from functools import cache
from typing import Any, Final

import numpy as np

_HUGE: Final = 2 << 20
_MAP_FIXED: Final = 0x10
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 64 << 20
_MADV_COLLAPSE: Final = 25  # since Linux 6.1; asks for huge pages now, whatever the default for files is


def private(size: int) -> memoryview:
    """Fresh zeroed memory of this process."""
    if sys.platform == "linux":
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with contextlib.suppress(OSError):  # a kernel without huge pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    else:
        memory = mmap.mmap(-1, size)
    return memoryview(memory)


def shared(fd: int, size: int, *, writable: bool) -> memoryview:
    """The first ``size`` bytes of a file; raises ``OSError`` or ``ValueError``.

    On Linux it lies in a reserved range that is longer by a huge page, where one begins.
    """
    if sys.platform != "linux":
        return memoryview(mmap.mmap(fd, size, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ))
    libc, room = _libc(), size + _HUGE
    start = _map(None, room, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1)
    at = -(-start // _HUGE) * _HUGE
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    try:
        _map(at, size, protection, mmap.MAP_SHARED | mmap.MAP_POPULATE | _MAP_FIXED, fd)
    except OSError:
        libc.munmap(start, room)
        raise
    if writable:
        libc.madvise(at, size, _MADV_COLLAPSE)
    block = (ctypes.c_ubyte * size).from_address(at)
    weakref.finalize(block, libc.munmap, start, room).atexit = False  # threads may still use it then
    array = np.ctypeslib.as_array(block)
    array.flags.writeable = writable
    return array.data


@cache
def keep_freed() -> None:
    """Let this process keep up to 64 MiB that it freed, for the next pictures.

    By default the C library returns a picture's memory to the system with every few pictures, and gets it
    back page by page: copying two frames of 1280×720 at a time then took 8 ms a frame instead of 0.1.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # a C library without it
            _libc().mallopt(_M_MMAP_THRESHOLD, _KEPT // 2)
            _libc().mallopt(_M_TRIM_THRESHOLD, _KEPT)


def _map(at: int | None, size: int, protection: int, flags: int, fd: int) -> int:
    address: int = _libc().mmap(at, size, protection, flags, fd, 0)
    if address == ctypes.c_void_p(-1).value:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return address


@cache
def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    libc.mmap.restype = address
    libc.mmap.argtypes = address, size, number, number, number, ctypes.c_long
    libc.munmap.argtypes = address, size
    libc.madvise.argtypes = address, size, number
    return libc
