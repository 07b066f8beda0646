"""NOVA's annotation tracks (https://github.com/hcmlab/nova, File Format): a header and a data file each."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import numpy as np

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.edge.xdf.layout import legal_text
from insula.ui.dashboard.series import FloatArray
from insula.ui.export.material import Material, file_name, make
from insula.ui.export.spans import Span, tiers

SR_HZ: Final = 25
_STALE_S: Final = 1.0
_ROLE: Final = "person"
_ANNOTATOR: Final = "insula"


def export(material: Material, out: Path) -> list[Path]:
    """Write valence, arousal and indices (continuous), expressions (discrete), the rest as free text."""
    make(out)
    files = []
    for name, (times, rows, low) in _courses(material).items():
        files += _continuous(out, name, material, times, rows, low)
    for name, spans in tiers(material).items():
        if name == "expression":
            files += _discrete(out, name, spans)
        elif spans:
            files += _free(out, name, spans)
    if not files:
        raise DataError(f"{material.name} holds no marker and no estimate: there is nothing to annotate")
    return files


def _courses(material: Material) -> dict[str, tuple[FloatArray, FloatArray, float]]:
    """By name: times since the begin (s), values and deviations ``(n, 2)``, the lowest value."""
    if material.facts is None:
        return {}
    session = material.facts.session
    fused = session.fused
    found = {
        "valence": (fused.times, fused.rows[:, :2], -1.0),
        "arousal": (fused.times, fused.rows[:, 2:], -1.0),
    }
    found |= {f"{lane.name} index": (lane.times, lane.rows, 0.0) for lane in session.indices}
    return {name: (times - material.begin, rows, low) for name, (times, rows, low) in found.items()}


def _continuous(
    out: Path, name: str, material: Material, times: FloatArray, rows: FloatArray, low: float
) -> list[Path]:
    """One line a sample: value; confidence. Not measured is nan with confidence 0.

    The confidence is 1 − standard deviation / half the scale's width, 0 at least.
    """
    raster = np.arange(int(material.length_s * SR_HZ)) / SR_HZ
    newest = np.searchsorted(times, raster + 1e-9, "right") - 1
    lines = []
    for t, k in zip(raster.tolist(), newest.tolist(), strict=True):
        if k < 0 or t - times[k] > _STALE_S or not np.isfinite(rows[k, 0]):
            lines.append("nan;0")
        else:
            lines.append(f"{rows[k, 0]:.4f};{max(0.0, 1.0 - rows[k, 1] / ((1.0 - low) / 2)):.3f}")
    scheme = {"name": name, "type": "CONTINUOUS", "sr": str(SR_HZ), "min": f"{low:g}", "max": "1"}
    return _write(out, name, lines, scheme)


def _discrete(out: Path, name: str, spans: list[Span]) -> list[Path]:
    lines = [f"{s.t0:.3f};{s.t1:.3f};{EXPRESSIONS.index(s.text)};1" for s in spans]
    return _write(out, name, lines, {"name": name, "type": "DISCRETE"}, EXPRESSIONS)


def _free(out: Path, name: str, spans: list[Span]) -> list[Path]:
    texts = [legal_text(s.text).replace(";", ",").replace("\n", " ") for s in spans]
    lines = [f"{s.t0:.3f};{s.t1:.3f};{text};1" for s, text in zip(spans, texts, strict=True)]
    return _write(out, name, lines, {"name": name, "type": "FREE"})


def _write(
    out: Path, name: str, lines: list[str], scheme: dict[str, str], items: tuple[str, ...] = ()
) -> list[Path]:
    root = ElementTree.Element("annotation", {"ssi-v": "3"})
    ElementTree.SubElement(root, "info", ftype="ASCII", size=str(len(lines)))
    ElementTree.SubElement(root, "meta", role=_ROLE, annotator=_ANNOTATOR)
    element = ElementTree.SubElement(root, "scheme", scheme)
    for number, item in enumerate(items):
        ElementTree.SubElement(element, "item", name=item, id=str(number))
    ElementTree.indent(root)
    header = out / f"{_ROLE}.{file_name(name)}.{_ANNOTATOR}.annotation"
    data = header.with_name(f"{header.name}~")
    header.write_bytes(ElementTree.tostring(root, "UTF-8", xml_declaration=True))
    data.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return [header, data]
