"""Frames a second, CPU and memory of the dashboard on a full session, from another process.

``python benchmarks/dashboard.py [--seconds 20] [--size 1280x800] [--theme dark]``

A child process publishes what a session publishes (640×480 video at 30 Hz, eight EEG channels at 250 Hz,
EDA, sound at 16 kHz, 20 states and 40 estimates a second) into real rings; the dashboard attaches to them
and draws in real time. CPU is the dashboard process's own, all threads, in per cent of one core.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from insula.edge.clock import now
from insula.ui.dashboard.rehearsal import Rehearsal
from insula.ui.dashboard.rehearsal_engine import VIDEO_HZ, RingStage
from insula.ui.dashboard.source import FEED
from insula.ui.dashboard.view import VideoView

PERIOD_S = 1 / 60


def publish(directory: Path, seconds: float) -> None:
    stage = RingStage(directory)
    start = now()
    rehearsal = Rehearsal(start)
    frame = rehearsal.frame(VideoView("camera", 0, (), "", True))
    frames = -1
    while now() - start < seconds:
        while frames < (now() - start) * VIDEO_HZ:  # before its estimate, as in life
            frames += 1
            stage.push_frame(frame.image, start + frames / VIDEO_HZ)
        rehearsal.play(stage, now())
        time.sleep(PERIOD_S)
    stage.close()


def draw(directory: Path, seconds: float, size: tuple[int, int], theme: str) -> None:
    begun = time.perf_counter()
    from PySide6.QtCore import QTimer

    from insula.ui.dashboard import app as dashboard
    from insula.ui.dashboard import theme as themes
    from insula.ui.dashboard.presenter import Presenter
    from insula.ui.dashboard.source import FeedSource
    from insula.ui.dashboard.window import LiveWindow

    app = dashboard.application()
    themes.apply(app, themes.THEMES[theme])
    window = LiveWindow(FeedSource(directory), Presenter(now), themes.THEMES[theme])
    window.resize(*size)
    window.show()
    window.start()
    app.processEvents()
    first = time.perf_counter() - begun
    marks: list[tuple[float, float, int, float]] = []

    def note() -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        marks.append((time.perf_counter(), usage.ru_utime + usage.ru_stime, window.drawn, rss_mb()))

    for part in range(5):
        QTimer.singleShot(int(3000 + part * seconds * 250), note)
    QTimer.singleShot(int(3100 + seconds * 1000), app.quit)
    app.exec()
    (t0, cpu0, n0, _), (t1, cpu1, n1, _) = marks[0], marks[-1]
    busy, fps = (cpu1 - cpu0) / (t1 - t0), (n1 - n0) / (t1 - t0)
    print(f"first picture {first:.2f} s after the start (imports included)")
    cost = busy / fps * 1e3
    print(f"{size[0]}×{size[1]} {theme}: {fps:.1f} fps, {busy:.1%} of one core, {cost:.1f} ms a picture")
    memory = " → ".join(f"{mark[3]:.0f}" for mark in marks)
    print(f"memory {memory} MB in {t1 - t0:.0f} s; load {os.getloadavg()[0]:.1f}")


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--publish", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.publish:
        publish(options.publish, options.seconds)
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--publish", folder, "--seconds", str(options.seconds + 12)]
        child = subprocess.Popen(command)
        while not (Path(folder) / FEED).exists():
            time.sleep(0.05)
        width, _, height = options.size.partition("x")
        draw(Path(folder), options.seconds, (int(width), int(height)), options.theme)
        child.terminate()
        child.wait()


if __name__ == "__main__":
    main()
