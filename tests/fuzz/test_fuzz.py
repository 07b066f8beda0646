"""A short, repeatable fuzz of every parser; ``run.py`` beside this file does the long, guided one."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.edge.errors import InsulaError

sys.path.insert(0, str(Path(__file__).parent))

from targets import TARGETS

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # pyxdf's, on times that are none

EDGES = st.sampled_from(
    (b"\0", b"\xff" * 4, b"\x7f" + b"\xff" * 7, b"\x80", b"-1", b"nan", b"1e999", b"[" * 2000, b"../" * 3)
)


def feed(name: str, data: bytes) -> None:
    with contextlib.suppress(InsulaError):
        TARGETS[name].run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_and_kept_inputs_end_in_words(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)
    for data in TARGETS[name].inputs(name):
        feed(name, data)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs_end_in_words(name: str) -> None:
    inputs = TARGETS[name].inputs(name)

    @settings(
        derandomize=True,
        database=None,
        max_examples=100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.sampled_from(inputs),
        st.lists(
            st.tuples(st.integers(0, 2**16), st.integers(0, 8), st.one_of(st.binary(max_size=8), EDGES)),
            min_size=1,
            max_size=4,
        ),
    )
    def damaged(data: bytes, edits: list[tuple[int, int, bytes]]) -> None:
        for place, cut, put in edits:
            at = place % (len(data) + 1)
            data = data[:at] + put + data[at + cut :]
        feed(name, data)

    damaged()
