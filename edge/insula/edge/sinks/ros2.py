"""ROS 2: a managed node with the topics of REP-155, ``hri_msgs/Expression`` and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from insula.edge.clock import Clock, now
from insula.edge.errors import SinkError
from insula.edge.protocols import Item
from insula.edge.sinks.ros2_messages import Translator
from insula.edge.stream import StreamReader

if TYPE_CHECKING:
    from insula.edge.sinks.ros2_node import RobotNode

_EVERY_S: Final = 1.0


class Ros2Sink:
    """Sink that is the node ``node`` in ``namespace`` of a ROS 2 graph (docs/robots.md has its topics).

    The node is managed (lifecycle): with ``autostart`` it configures and activates itself, else the robot's
    launch file does. Who may listen is ROS 2's matter: ``ROS_DOMAIN_ID``, ``ROS_AUTOMATIC_DISCOVERY_RANGE``
    (``LOCALHOST`` keeps it on this machine) and SROS 2.
    """

    def __init__(
        self, *, node: str = "insula", namespace: str = "", autostart: bool = True, clock: Clock = now
    ) -> None:
        self._name, self._namespace, self._autostart = node, namespace, autostart
        self._clock = clock
        self._node: RobotNode | None = None
        self._due = 0.0

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Join the graph; raises ``SinkError`` where there is no ROS 2."""
        try:
            from insula.edge.sinks.ros2_node import RobotNode
        except ImportError as error:
            raise SinkError(
                f"ROS 2 is not here ({error}); install a distribution with hri_msgs and, in this shell, run: "
                "source /opt/ros/<distribution>/setup.bash"
            ) from error
        videos = {name: reader.info for name, reader in streams.items() if reader.info.is_video}
        self._translator = Translator({name: (i.shape[1], i.shape[0]) for name, i in videos.items()})
        self._node = RobotNode(self._name, self._namespace, autostart=self._autostart)
        self._meet_clock(self._node)

    def put(self, item: Item) -> None:
        """Publish what the item says."""
        self._need().send(self._translator.messages(item))

    def poll(self) -> None:
        """Publish the diagnostics once a second."""
        t = self._clock()
        if self._node is not None and t >= self._due:
            self._due = t + _EVERY_S
            self._meet_clock(self._node)
            self._node.send([self._translator.diagnostics(t)])

    def close(self) -> None:
        """Leave the graph; safe to call again."""
        node, self._node = self._node, None
        if node is not None:
            node.end()

    def _meet_clock(self, node: RobotNode) -> None:
        self._translator.offset_s = node.time_s() - self._clock()

    def _need(self) -> RobotNode:
        if self._node is None:
            raise SinkError("the ROS 2 output is not open")
        return self._node
