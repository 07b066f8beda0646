"""``insula doctor``: what works on this machine and what to do about what does not."""

from __future__ import annotations

import datetime
import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.markup import escape

from insula.edge import lsl_network, ring, runtime_dir
from insula.edge.clock import now
from insula.edge.engines.choice import Engines, on_cpu
from insula.edge.errors import ConfigError, DataError, EngineError, InsulaError
from insula.edge.machine import read_machine
from insula.models import manifest
from insula.sensors import brainflow_board
from insula.ui import display, places
from insula.ui.privacy import gate, keys
from insula.ui.terminal import console

Finding = tuple[str, str, str]
"""Light (ok, note, fix), what was checked, and what was found or what to do."""


def show() -> bool:
    """Print all findings; returns whether nothing must be fixed."""
    colours = {"ok": "[green]●[/green]", "note": "[yellow]●[/yellow]", "fix": "[red]✕[/red]"}
    well = True
    for check in _CHECKS:
        for light, what, found in check():
            well = well and light != "fix"
            console.print(f"{colours[light]} [bold]{what}[/bold]  {escape(found)}")
    return well


def write_lsl_config(scope: str, target: Path) -> None:
    """Write liblsl's configuration for ``scope`` and say what it does not do; raises ``ConfigError``."""
    if scope not in ("machine", "subnet"):
        raise ConfigError(f"LSL can be kept on the machine or on the subnet, not on {scope!r}")
    lsl_network.write(scope, target)  # type: ignore[arg-type]
    console.print(f"written: {target}", highlight=False, soft_wrap=True)
    if scope == "subnet":
        console.print("Everyone on this subnet can read every LSL stream: use a network of the study's own.")
    else:
        console.print(
            "Streams are announced to and found on this machine. LSL's own servers still listen on every "
            "address: only Insula's are closed to the network, so keep a firewall on ports 16571-16604."
        )


def _python() -> Iterator[Finding]:
    yield "ok", "Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"


def _clock() -> Iterator[Finding]:
    try:
        import pylsl
    except (ImportError, OSError, RuntimeError) as error:
        yield "fix", "clock", f"pylsl cannot be loaded ({error}): install liblsl or set PYLSL_LIB to its file"
        return
    offsets = [pylsl.local_clock() - now() for _ in range(100)]
    worst = max(abs(o) for o in offsets)
    if worst < 1e-3:
        yield "ok", "clock", f"agrees with LSL's within {worst * 1e6:.0f} µs"
    else:
        yield "fix", "clock", f"differs from LSL's by {worst:.3f} s: please report this machine"


def _cores() -> Iterator[Finding]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if usable >= 2:
        yield "ok", "cores", f"{usable} usable"
    else:
        yield "note", "cores", "one usable: all four modalities with the dashboard need about one and a half"


def _machine() -> Iterator[Finding]:
    state = read_machine()
    yield "ok" if state.zones else "note", "machine", state.words()


def _privacy() -> Iterator[Finding]:
    key, context = keys.recipient(), gate.load()
    yield "ok" if context else "note", "use", str(context.use) if context else gate.HOW
    found = f"key {key.id}: sessions are encrypted" if key else "no key: 'insula keys new' makes one"
    yield "ok" if key else "note", "encryption", found
    try:
        due = gate.overdue(datetime.date.today())
    except DataError as error:
        yield "fix", "audit log", str(error)
        return
    yield "ok", "audit log", f"every line in its place, {places.audit().path}"
    if due:
        yield "note", "retention", f"{due} sessions are kept too long: insula erase --due"


def _ring() -> Iterator[Finding]:
    for shared, where in ((True, "between processes"), (False, "inside one process")):
        status = ring.core(shared=shared)
        yield ("ok" if status.name else "fix", f"ring {where}", f"{status.name or 'none'}: {status.reason}")


def _shared_memory() -> Iterator[Finding]:
    place = runtime_dir.root()
    parent = next(p for p in (place, *place.parents) if p.exists())
    free = shutil.disk_usage(parent).free / 1e6
    light = "ok" if free > 300 else "fix"
    yield (
        light,
        "shared memory",
        f"{free:.0f} MB free in {place}" + ("" if free > 300 else ": free at least 300 MB"),
    )


def _packages() -> Iterator[Finding]:
    needs = {
        "cv2": "camera, video: pip install 'opencv-contrib-python>=4.10,<5' (and libgl1 on Debian)",
        "mediapipe": "face landmarks: pip install mediapipe",
        "sounddevice": "microphone: apt install libportaudio2, or pip install sounddevice",
        "mne": "EEG files: pip install mne",
        "pyxdf": "XDF files: pip install pyxdf",
    }
    if importlib.util.find_spec("av") is None:
        yield "note", "av", "not installed; only for video and sound files: pip install 'insula[media]'"
    for name, remedy in needs.items():
        yield _try(name, lambda name=name: importlib.import_module(name), remedy)  # type: ignore[misc]
    # Importing BrainFlow says nothing: its wheel is for all machines, the library inside is not.
    boards = "boards: pip install brainflow; on aarch64 compile it (docs/drivers.md)"
    yield _try("brainflow", brainflow_board.board_shim, boards)


def _try(what: str, action: Callable[[], object], remedy: str) -> Finding:
    try:
        result = action()
    except Exception as error:  # whatever a library raises on import, the user needs the remedy
        return "fix", what, f"{error}; for {remedy}"
    return "ok", what, str(getattr(result, "__version__", "loads"))


def _engine() -> Iterator[Finding]:
    import onnxruntime as ort

    yield "ok", "onnxruntime", ort.__version__
    model = manifest.load(manifest.names()[0]).weights()
    yield "ok", "engine", f"{_loaded(Engines(), model)} runs the models unless [engine] use says otherwise"
    automatic = Engines(use="auto")
    chosen = _loaded(automatic, model)
    yield "note" if automatic.note else "ok", "engine auto", automatic.note or f"would take {chosen}"


def _loaded(engines: Engines, model: bytes) -> str:
    try:
        engines(model).close()
    except EngineError as error:
        return f"nothing ({error})"
    return engines.provider


def _codec() -> Iterator[Finding]:
    try:
        import cv2
    except ImportError:
        return  # reported among the packages
    backends = [cv2.videoio_registry.getBackendName(b) for b in cv2.videoio_registry.getBackends()]
    if "FFMPEG" in backends:
        yield "ok", "codecs", f"OpenCV reads video through {', '.join(backends)}"
    else:
        yield (
            "fix",
            "codecs",
            "OpenCV has no FFMPEG: network cameras fail; install the opencv-contrib-python wheel",
        )


def _models() -> Iterator[Finding]:
    for name in manifest.names():
        try:
            model = manifest.load(name)
            on_cpu(model.weights()).close()
        except InsulaError as error:
            yield "fix", "model", f"{name}: {error}"
        else:
            yield "ok", "model", model.id


def _lsl() -> Iterator[Finding]:
    if path := os.environ.get("LSLAPICFG"):
        yield "ok", "LSL network", f"set by {path}"
    else:
        yield (
            "note",
            "LSL network",
            "no LSLAPICFG: streams are visible to everyone on this network (docs/lsl.md)",
        )


def _display() -> Iterator[Finding]:
    reason = display.why_no_window()
    yield "note" if reason else "ok", "dashboard", reason or f"can open a window ({sys.platform})"


_CHECKS = (
    _python,
    _clock,
    _cores,
    _machine,
    _privacy,
    _ring,
    _shared_memory,
    _packages,
    _codec,
    _engine,
    _models,
    _lsl,
    _display,
)
