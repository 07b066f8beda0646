"""The four places where order matters have their instructions in the aarch64 build."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from insula.edge import ring

COMPILER, DISASSEMBLER = "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objdump"
pytestmark = pytest.mark.skipif(
    not (shutil.which(COMPILER) and shutil.which(DISASSEMBLER)),
    reason=f"needs {COMPILER} (Debian: gcc-aarch64-linux-gnu)",
)
ORDERING = re.compile(r"^\s+[0-9a-f]+:\s+[0-9a-f]{8}\s+(str|stlr|ldr|ldar|ldapr|dmb\s+\w+)\b", re.MULTILINE)


@pytest.fixture(scope="module", params=["-O2", "-O3"])
def functions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """Loads, stores and barriers of each function, in order."""
    built = tmp_path_factory.mktemp("aarch64") / "ring.o"
    source = Path(ring.__file__).with_name("_ring.c")
    subprocess.run(
        [COMPILER, "-std=c11", request.param, "-fno-inline", "-c", source, "-o", built], check=True
    )
    text = subprocess.run([DISASSEMBLER, "-d", built], check=True, capture_output=True, text=True).stdout
    found: dict[str, list[str]] = {}
    for part in re.split(r"\n(?=[0-9a-f]{16} <)", text):
        if name := re.match(r"[0-9a-f]{16} <(\w+)>:", part):
            found[name[1]] = [" ".join(op.split()) for op in ORDERING.findall(part)]
    return found


def in_order(ops: Sequence[str], *wanted: str) -> bool:
    rest = iter(ops)
    return all(op in rest for op in wanted)


def test_reserve_is_stored_before_the_data(functions: dict[str, list[str]]) -> None:
    ops = functions["insula_ring_begin"]
    assert in_order(ops, "str", "dmb ish")
    assert ops[-1] == "dmb ish", "no path leaves without the barrier"


def test_data_and_record_are_stored_before_the_counters(functions: dict[str, list[str]]) -> None:
    assert in_order(functions["publish"], "str", "str", "str", "str", "stlr", "stlr")


@pytest.mark.parametrize("name", ["head", "chead", "word"])
def test_counters_are_loaded_before_what_they_announce(functions: dict[str, list[str]], name: str) -> None:
    ops = functions[f"insula_ring_{name}"]
    assert ops in (["ldar"], ["ldapr"])


@pytest.mark.parametrize("name", ["fenced_chead", "fenced_reserve"])
def test_validation_loads_come_after_the_data(functions: dict[str, list[str]], name: str) -> None:
    assert in_order(functions[f"insula_ring_{name}"], "dmb ishld", "ldr")


def test_takeover_reads_what_was_published(functions: dict[str, list[str]]) -> None:
    assert in_order(functions["insula_ring_takeover"], "ldar", "dmb ish")
