"""Estimators, fusion, weights and their training recipes."""

from __future__ import annotations

if __name__ != "insula.models":
    raise ImportError("import insula.models, not a copy of it under another name")
