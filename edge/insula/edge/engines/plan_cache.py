"""Built TensorRT plans on disk, by model and by everything they depend on.

A file is one line of JSON (what it was built from and for, and the hash of what follows) and the plan.
It is written beside its place and moved there in one step, under a lock, so that two processes build a plan
once and a reader never sees half of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from insula.edge.engines.gpu import Device
from insula.edge.errors import EngineError
from insula.edge.untrusted import parse_json

BUILD = 1
"""Version of the build's settings; another one is another plan."""


def default_folder() -> Path:
    """``insula/tensorrt`` in the user's cache folder, or ``INSULA_PLANS``."""
    if own := os.environ.get("INSULA_PLANS"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "insula" / "tensorrt"


@dataclass(frozen=True, slots=True)
class PlanCache:
    """The plans below ``folder``."""

    folder: Path

    def path(self, model: bytes, device: Device) -> Path:
        """Where the plan of ``model`` for ``device`` lies, or would."""
        wanted = _about(model, device)
        key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{wanted['model'][:16]}-{key[:16]}.plan"

    def read(self, model: bytes, device: Device) -> bytes:
        """The plan; raises ``EngineError`` that says whether it is absent, damaged or for another device."""
        path = self.path(model, device)
        try:
            about, plan = _split(path.read_bytes())
        except FileNotFoundError:
            raise EngineError(self._why_absent(model, device)) from None
        except (OSError, ValueError) as error:
            raise EngineError(
                f"the plan {path} is damaged ({error}); delete it and run 'insula models build'"
            ) from error
        if different := _differences(about, _about(model, device)):
            raise EngineError(f"the plan {path} does not fit: {different}; run 'insula models build'")
        return plan

    def build(self, model: bytes, device: Device, make: Callable[[], bytes]) -> bool:
        """Have ``make`` build the plan unless a sound one is there; returns whether it was built now.

        Raises ``EngineError`` when the folder cannot be written, besides what ``make`` raises.
        """
        path = self.path(model, device)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _lock(path.with_suffix(".lock")):
                with contextlib.suppress(EngineError):
                    self.read(model, device)
                    return False
                _write(path, _about(model, device), make())
        except OSError as error:
            raise EngineError(f"the plan {path} cannot be written: {error.strerror}") from error
        return True

    def _why_absent(self, model: bytes, device: Device) -> str:
        """What is different about the plans of this model that are there."""
        wanted = _about(model, device)
        found = []
        for other in sorted(self.folder.glob(f"{wanted['model'][:16]}-*.plan")):
            with contextlib.suppress(OSError, ValueError):
                found.append(_differences(_split(other.read_bytes())[0], wanted))
        had = f"; there is one whose {found[0]}" if found else ""
        return f"no TensorRT plan of this model was built for {device.name}{had}; run 'insula models build'"


def _about(model: bytes, device: Device) -> dict[str, Any]:
    return {"model": hashlib.sha256(model).hexdigest(), "build": BUILD, **asdict(device)}


def _differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    return ", ".join(
        f"{key} is {found.get(key)}, here {value}" for key, value in wanted.items() if found.get(key) != value
    )


def _split(content: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, plan = content.partition(b"\n")
    about = parse_json(head)
    if not isinstance(about, dict) or about.pop("sha256", None) != hashlib.sha256(plan).hexdigest():
        raise ValueError("its hash is wrong")
    return about, plan


def _write(path: Path, about: dict[str, Any], plan: bytes) -> None:
    head = json.dumps({**about, "sha256": hashlib.sha256(plan).hexdigest()}).encode()
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as draft:
        try:
            draft.write(head + b"\n" + plan)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held by one process at a time; a killed one lets go."""
    fcntl = importlib.import_module("fcntl")  # absent on Windows, where no plan is kept

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
