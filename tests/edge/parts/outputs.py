"""What the tests of several outputs need: a token, a certificate of this machine, items that count."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from insula.edge.types import AffectState, Measure

TOKEN = "0123456789abcdef0123456789abcdef"


def token_file(folder: Path, text: str = TOKEN) -> str:
    path = folder / "robot.token"
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return str(path)


def certificate(folder: Path) -> tuple[str, str]:
    """Certificate and key for 127.0.0.1, made by openssl."""
    openssl = shutil.which("openssl") or pytest.skip("openssl is not installed")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]
    subprocess.run([openssl, *options.split(), *names], check=True, capture_output=True)
    return cert, key


def state(t: float = 1000.0) -> AffectState:
    half = Measure(0.5, 0.25)
    return AffectState(t, valence=half, arousal=half, va_source="native", simulated=True)
