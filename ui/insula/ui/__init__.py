"""What a person touches: command line, dashboard and report."""

from __future__ import annotations

if __name__ != "insula.ui":
    raise ImportError("import insula.ui, not a copy of it under another name")
