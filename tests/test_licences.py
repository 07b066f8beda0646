"""Nothing under the GPL comes with ``insula`` or ``insula[all]``."""

from __future__ import annotations

import re
from importlib.metadata import distribution

from packaging.requirements import Requirement


def closure(name: str, extras: frozenset[str]) -> set[str]:
    """Names of everything that ``name[extras]`` installs here."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, extras)]
    while waiting:
        entry = waiting.pop()
        if entry in seen:
            continue
        seen.add(entry)
        for line in distribution(entry[0]).requires or ():
            need = Requirement(line)
            if any(need.marker is None or need.marker.evaluate({"extra": e}) for e in (*entry[1], "")):
                waiting.append((need.name.lower(), frozenset(need.extras)))
    return {name for name, _ in seen}


def licences(name: str) -> str:
    """What a distribution says of its licence, in one text."""
    about = distribution(name).metadata
    classifiers = [c for c in about.get_all("Classifier") or () if c.startswith("License")]
    short = about["License"] if about["License"] and len(about["License"]) < 200 else ""
    return " | ".join(filter(None, [about["License-Expression"], short, *classifiers]))


def test_no_gpl_is_installed() -> None:
    names = closure("insula", frozenset({"all"}))
    assert {"numpy", "onnxruntime", "mediapipe", "pyqtgraph"} <= names
    assert "av" not in names  # its wheels hold x264 and x265
    gpl = {}
    for name in names:
        found = licences(name)
        copyleft = re.search(r"(?<!L)(?<!Lesser )(GPL|General Public License)", found)
        if (
            copyleft and "LGPL" not in found and "Lesser" not in found
        ):  # a choice that includes the LGPL is one
            gpl[name] = found
    assert not gpl
