"""Gives a rehearsal out over LSL in real time until it is killed: ``python lsl_child.py SOURCE_ID``."""

from __future__ import annotations

import sys
import time

from insula.edge.clock import now
from insula.edge.lsl_network import keep_local
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.rehearsal import Rehearsal
from insula.ui.dashboard.rehearsal_engine import RingStage

keep_local()

from insula.edge.sinks.lsl import LslSink  # noqa: E402

stage = RingStage(None, (LslSink(source_id=sys.argv[1], signals=True),))
start = now()
rehearsal = Rehearsal(start, faults=(("face", 0.5, 1e9, "no face in the picture"),))
marked = start
while True:
    if now() - marked > 0.5:
        marked = now()
        rehearsal.send(Command("marker", marked, "bell"))
    rehearsal.play(stage, now())
    stage.poll()
    time.sleep(0.02)
