"""Draws a running session until it is killed; says so once it does: ``python window_child.py FOLDER``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from insula.edge.clock import now
from insula.ui.dashboard import app as dashboard
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.source import FeedSource
from insula.ui.dashboard.window import LiveWindow

app = dashboard.application()
window = LiveWindow(FeedSource(Path(sys.argv[1])), Presenter(now))
window.show()
while True:
    window.tick()
    app.processEvents()
    if window.drawn == 20:
        window.source.send(Command("marker", now(), "the window that will be killed"))
        print("drawing", flush=True)
