"""The page as PDF on A4, through WeasyPrint (BSD-3-Clause; it needs the system's Pango library)."""

from __future__ import annotations

import logging

from insula.edge.errors import ConfigError


def to_pdf(page: str) -> bytes:
    """The report's HTML as a PDF document that needs nothing else; raises ``ConfigError`` with what to do."""
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())  # remarks on CSS for screens
    try:
        from weasyprint import HTML
    except ImportError as error:
        raise ConfigError("no PDF without WeasyPrint: pip install 'insula[report]'") from error
    except OSError as error:
        raise ConfigError(
            "no PDF without Pango: apt install libpango-1.0-0 libpangoft2-1.0-0 (macOS: brew install pango)"
        ) from error
    written: bytes = HTML(string=page).write_pdf()
    return written
