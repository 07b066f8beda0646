"""A stand-in for the few calls of rclpy that the node makes, with rclpy's names and arguments.

It shows that the node's own code runs: which topics it opens and closes, and that it is silent while it is
not active. It says nothing about ROS. Importing this file puts it in the place of the real thing.
"""

from __future__ import annotations

import sys
import threading
import types
from typing import Any

LOG: list[tuple[str, str, Any]] = []
"""What happened: "open", "publish" or "close", the topic, and the fields."""
NODES: list[LifecycleNode] = []


class Context:
    def __init__(self) -> None:
        self.up = threading.Event()


class LifecycleNode:
    def __init__(self, node_name: str, *, namespace: str | None, context: Context) -> None:
        assert context.up.is_set()
        self.name, self.state = node_name, "unconfigured"
        NODES.append(self)

    def on_configure(self, state: Any) -> str:
        return "success"

    def on_activate(self, state: Any) -> str:
        return "success"

    def on_deactivate(self, state: Any) -> str:
        return "success"

    def trigger_configure(self) -> str:
        self.state = "inactive"
        return self.on_configure(None)

    def trigger_activate(self) -> str:
        assert self.state == "inactive"
        self.state = "active"
        return self.on_activate(None)

    def trigger_deactivate(self) -> str:
        self.state = "inactive"
        return self.on_deactivate(None)

    def create_publisher(self, msg_type: type, topic: str, qos_profile: Any) -> Publisher:
        LOG.append(("open", topic, qos_profile))
        return Publisher(topic, msg_type)

    def destroy_publisher(self, publisher: Publisher) -> bool:
        LOG.append(("close", publisher.topic, None))
        return True

    def destroy_node(self) -> None:
        self.state = "destroyed"

    def get_clock(self) -> Any:
        return types.SimpleNamespace(now=lambda: types.SimpleNamespace(nanoseconds=5_000_000_000_000))


class Publisher:
    def __init__(self, topic: str, kind: type) -> None:
        self.topic, self._kind = topic, kind

    def publish(self, msg: Any) -> None:
        assert type(msg) is self._kind
        LOG.append(("publish", self.topic, vars(msg)))


class SingleThreadedExecutor:
    def __init__(self, *, context: Context) -> None:
        self._over = threading.Event()

    def add_node(self, node: LifecycleNode) -> bool:
        return True

    def spin(self) -> None:
        self._over.wait()
        raise ExternalShutdownException

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        self._over.set()
        return True


class ExternalShutdownException(Exception):
    pass


class QoSProfile(types.SimpleNamespace):
    pass


def get_message(identifier: str) -> type:
    _, kind, name = identifier.split("/")
    assert kind == "msg"
    return type(name, (), {})


def set_message_fields(msg: Any, values: dict[str, Any]) -> None:
    vars(msg).update(values)


def _module(name: str, **content: Any) -> None:
    module = types.ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module


_module(
    "rclpy",
    init=lambda *, args, context: context.up.set(),
    shutdown=lambda *, context: context.up.clear(),
)
_module("rclpy.context", Context=Context)
_module(
    "rclpy.executors",
    ExternalShutdownException=ExternalShutdownException,
    SingleThreadedExecutor=SingleThreadedExecutor,
)
_module("rclpy.lifecycle", LifecycleNode=LifecycleNode)
_module("rclpy.qos", QoSProfile=QoSProfile, DurabilityPolicy=types.SimpleNamespace(TRANSIENT_LOCAL="kept"))
_module("rosidl_runtime_py", set_message_fields=set_message_fields)
_module("rosidl_runtime_py.utilities", get_message=get_message)
