"""The ROS 2 node: the one module that imports rclpy. Import it only when a session opens its ROS 2 output.

rclpy comes with a ROS 2 distribution (``source /opt/ros/<distribution>/setup.bash``), not from PyPI.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosidl_runtime_py import set_message_fields
from rosidl_runtime_py.utilities import get_message

from insula.edge.sinks.ros2_messages import Message

_QUEUE = 10


class RobotNode(LifecycleNode):  # type: ignore[misc]
    """A managed node that publishes while it is active. It answers ROS on a thread of its own."""

    def __init__(self, name: str, namespace: str, *, autostart: bool) -> None:
        self._own_context = Context()
        rclpy.init(args=[], context=self._own_context)
        super().__init__(name, namespace=namespace, context=self._own_context)
        self._active = False
        self._outlets: dict[str, tuple[Any, type]] = {}
        self._executor_of_node = SingleThreadedExecutor(context=self._own_context)
        self._executor_of_node.add_node(self)
        self._thread = threading.Thread(target=self._spin, name="ros2", daemon=True)
        if autostart:
            self.trigger_configure()
            self.trigger_activate()
        self._thread.start()

    def on_activate(self, state: Any) -> Any:
        """Publish from now on."""
        self._active = True
        return super().on_activate(state)

    def on_deactivate(self, state: Any) -> Any:
        """Stay silent from now on."""
        self._active = False
        return super().on_deactivate(state)

    def time_s(self) -> float:
        """ROS time in s: the simulation's where ``use_sim_time`` is set."""
        return float(self.get_clock().now().nanoseconds) * 1e-9

    def send(self, messages: Iterable[Message]) -> None:
        """Publish; a message without fields ends its topic."""
        for message in messages:
            if message.fields is None:
                outlet, _ = self._outlets.pop(message.topic, (None, object))
                if outlet is not None:
                    self.destroy_publisher(outlet)
            elif self._active:
                outlet, kind = self._outlet(message)
                filled = kind()
                set_message_fields(filled, message.fields)
                outlet.publish(filled)

    def end(self) -> None:
        """Leave the ROS graph."""
        self._executor_of_node.shutdown(timeout_sec=0.5)
        self.destroy_node()
        rclpy.shutdown(context=self._own_context)
        self._thread.join(1.0)

    def _outlet(self, message: Message) -> tuple[Any, type]:
        if message.topic not in self._outlets:
            kind = get_message(message.type)
            qos = QoSProfile(depth=_QUEUE)
            if message.kept:
                qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            self._outlets[message.topic] = (self.create_publisher(kind, message.topic, qos), kind)
        return self._outlets[message.topic]

    def _spin(self) -> None:
        try:
            self._executor_of_node.spin()
        except ExternalShutdownException:
            return
