"""A PulseAudio server in a folder of its own, with a null sink and a microphone that hears it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

_PLAY = "pacat --latency-msec=20 --playback -d speech --channels=1"
_VARIABLES = ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "PULSE_SERVER")


def missing_programs() -> str:
    """Names of what is not installed."""
    return ", ".join(name for name in ("pulseaudio", "pacat", "pactl") if shutil.which(name) is None)


class NullSink:
    """The server; ``stop()`` kills it as if the sound card were pulled, ``start()`` brings it back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = {name: os.environ.get(name) for name in _VARIABLES}
        self._server: subprocess.Popen[bytes] | None = None
        self._silence: subprocess.Popen[bytes] | None = None

    def _environment(self) -> None:
        for name in ("run", "state"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(self._folder / "run")
        os.environ["PULSE_RUNTIME_PATH"] = str(self._folder / "run" / "pulse")
        os.environ["PULSE_STATE_PATH"] = str(self._folder / "state")
        os.environ["PULSE_SERVER"] = f"unix:{self._folder}/run/pulse/native"

    def start(self) -> None:
        self._environment()
        socket = self._folder / "run" / "pulse" / "native"
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        options = "--daemonize=no --exit-idle-time=-1 --use-pid-file=no --disallow-exit --realtime=no"
        self._server = subprocess.Popen(
            [
                *f"pulseaudio -n {options} --high-priority=no --log-target=file:{self._folder}/log".split(),
                *("-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"),
                *("-L", "module-null-sink sink_name=speech rate=48000 channels=1"),
                *("-L", "module-remap-source master=speech.monitor source_name=mic"),
            ],
            **quiet,  # type: ignore[arg-type]
        )
        until = time.monotonic() + 10.0
        while subprocess.call(["pactl", "info"], **quiet) != 0:  # type: ignore[arg-type]
            if time.monotonic() > until:
                raise RuntimeError(f"pulseaudio did not start: see {self._folder}/log")
        # A sink without a low-latency player idles at 2 s of latency.
        self._silence = subprocess.Popen(
            [*_PLAY.split(), "--rate=16000", "/dev/zero"],
            **quiet,  # type: ignore[arg-type]
        )

    def stop(self) -> None:
        for process in (self._silence, self._server):
            if process is not None:
                process.kill()
                process.wait(5.0)
        self._silence = self._server = None

    def play(self, samples: bytes, rate: int) -> None:
        """Play mono float32 samples; returns when they are out."""
        command = (
            f"pacat --latency-msec=20 --playback -d speech --rate={rate} --channels=1 --format=float32le"
        )
        subprocess.run(command.split(), input=samples, check=True, timeout=30.0)

    def __enter__(self) -> NullSink:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
