"""Run by test_sinks_ros2 in a process of its own, because the stand-in replaces modules."""

from __future__ import annotations

import dataclasses

from ros_stand_in import LOG, NODES

from insula.edge.sinks.contract import check_sink
from insula.edge.sinks.ros2 import Ros2Sink
from insula.edge.testing import ManualClock
from insula.edge.types import AffectEstimate, AffectState, Face

check_sink(Ros2Sink)
assert all(node.state == "destroyed" for node in NODES)

LOG.clear()
sink = Ros2Sink(autostart=False, clock=ManualClock(1000.0))
sink.open({})
sink.put(AffectState(1000.0, reason="asleep"))
assert LOG == [], "silent until it is activated"
NODES[-1].trigger_configure()
NODES[-1].trigger_activate()
face = Face((0.0, 0.0, 1.0, 1.0), 0.9, 7)
blurred = AffectEstimate("face", "camera", 1000.5, 0.0, reason="blurred", faces=(face,))
sink.put(blurred)
sink.put(dataclasses.replace(blurred, faces=()))
done = [(what, topic) for what, topic, _ in LOG]
assert ("publish", "/humans/faces/f7/expression") in done
assert done[-1] == ("close", "/humans/faces/f7/expression")
stamp = next(fields for what, _, fields in LOG if what == "publish")["header"]["stamp"]
assert stamp == {"sec": 5000, "nanosec": 500_000_000}, stamp
kept = {topic for what, topic, qos in LOG if what == "open" and hasattr(qos, "durability")}
assert kept == {"/humans/faces/tracked"}
NODES[-1].trigger_deactivate()
before = len(LOG)
sink.put(blurred)
sink.poll()
assert len(LOG) == before, "silent when it was deactivated"
sink.close()
