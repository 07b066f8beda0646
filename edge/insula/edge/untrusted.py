"""JSON and TOML that others wrote: whatever is wrong is a ``ValueError``, nesting without end as well."""

from __future__ import annotations

import json
import tomllib
from typing import Any

_TOO_DEEP = "it is nested deeper than anything of ours"


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text; raises ``ValueError`` with what is wrong."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def parse_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text; raises ``ValueError`` with what is wrong."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
