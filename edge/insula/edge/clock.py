"""The one clock: seconds on LSL's clock, as float64.

``pylsl.local_clock()`` reads the platform's steady clock; this module reads the same counter
without loading liblsl, so that the core needs numpy and the standard library only. On Linux the
two agree within nanoseconds; ``insula doctor`` measures the difference on any machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Clock = Callable[[], float]
"""A function without arguments that returns seconds on LSL's clock. Tests inject their own."""

if sys.platform == "win32":
    now: Clock = time.perf_counter  # QueryPerformanceCounter, as std::chrono::steady_clock there
else:
    now = time.monotonic
