"""ELAN's annotation format (EAF 3.0, https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf)."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from insula.edge.errors import DataError
from insula.edge.xdf.layout import legal_text
from insula.ui.export.material import Material, file_name, make
from insula.ui.export.spans import Span, tiers

_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


def export(material: Material, out: Path) -> list[Path]:
    """Write ``NAME.eaf``: a tier each for markers, what was not measured and why, and expressions."""
    found = tiers(material)
    if not any(found.values()):
        raise DataError(f"{material.name} holds no marker and no estimate: there is nothing to annotate")
    target = make(out) / f"{file_name(material.name)}.eaf"
    document = _document(material, found)
    ElementTree.indent(document)
    target.write_bytes(ElementTree.tostring(document, "UTF-8", xml_declaration=True))
    return [target]


def _document(material: Material, found: dict[str, list[Span]]) -> ElementTree.Element:
    ElementTree.register_namespace("xsi", _XSI)
    moment = material.started or datetime.datetime.fromtimestamp(0, datetime.UTC)
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {"AUTHOR": "insula", "DATE": moment.isoformat(timespec="seconds"), "FORMAT": "3.0", "VERSION": "3.0",
         f"{{{_XSI}}}noNamespaceSchemaLocation": _SCHEMA},
    )  # fmt: skip
    header = ElementTree.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    for video in material.videos:
        ElementTree.SubElement(
            header, "MEDIA_DESCRIPTOR", MEDIA_URL=video.name, RELATIVE_MEDIA_URL=f"./{video.name}",
            MIME_TYPE="video/x-matroska",
        )  # fmt: skip
    order = ElementTree.SubElement(root, "TIME_ORDER")
    slots = sorted({_ms(t) for spans in found.values() for span in spans for t in (span.t0, span.t1)})
    names = {ms: f"ts{k}" for k, ms in enumerate(slots, 1)}
    for ms, name in names.items():
        ElementTree.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(ms))
    number = 0
    for tier, spans in found.items():
        element = ElementTree.SubElement(
            root, "TIER", TIER_ID=tier, LINGUISTIC_TYPE_REF="default-lt", ANNOTATOR="insula",
            PARTICIPANT=material.person,
        )  # fmt: skip
        for span in spans:
            if _ms(span.t0) >= _ms(span.t1):
                continue
            number += 1
            inside = ElementTree.SubElement(
                ElementTree.SubElement(element, "ANNOTATION"), "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{number}",
                TIME_SLOT_REF1=names[_ms(span.t0)], TIME_SLOT_REF2=names[_ms(span.t1)],
            )  # fmt: skip
            ElementTree.SubElement(inside, "ANNOTATION_VALUE").text = legal_text(span.text)
    ElementTree.SubElement(
        root,
        "LINGUISTIC_TYPE",
        LINGUISTIC_TYPE_ID="default-lt",
        TIME_ALIGNABLE="true",
        GRAPHIC_REFERENCES="false",
    )
    return root


def _ms(t: float) -> int:
    return max(0, round(1000 * t))
