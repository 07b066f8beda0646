from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint

import pytest

from insula.edge import registry
from insula.edge.errors import ConfigError
from insula.edge.protocols import Estimator, Sensor, Sink

SEAMS = {"sensors": Sensor, "estimators": Estimator, "sinks": Sink}


@pytest.mark.parametrize("group", SEAMS)
def test_everything_registered_has_its_protocols_methods_and_plain_options(group: registry.Group) -> None:
    wanted = [
        name for name, _ in inspect.getmembers(SEAMS[group], inspect.isfunction) if not name.startswith("_")
    ]
    found = registry.names(group)
    assert found
    for name in found:
        factory = registry.factory(group, name)
        for method in wanted:
            assert callable(getattr(factory, method)), f"{name}.{method}"
        parameters = list(inspect.signature(factory).parameters.values())
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters), name
        assert inspect.getdoc(factory), name


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no sensor 'camra'; did you mean 'camera'"):
        registry.factory("sensors", "camra")
    with pytest.raises(ConfigError, match="there is no engine 'zzz'; known are onnxruntime"):
        registry.factory("engines", "zzz")


def test_a_package_that_does_not_load_gives_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("mine", "no_such_package.module:Sensor", "insula.sensors")
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    with pytest.raises(ConfigError, match=r"sensor .mine. is registered but cannot be loaded: No module"):
        registry.factory("sensors", "mine")
