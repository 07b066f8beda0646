"""What all drivers have in common for the configuration and for ``insula devices``."""

from __future__ import annotations

import importlib
import inspect
import typing

import pytest

from insula.edge.config import check_options
from insula.edge.errors import SensorUnavailable
from insula.edge.protocols import Sensor
from insula.sensors.probe import Found, library

DRIVERS = {
    "camera": "Camera",
    "video_file": "VideoFile",
    "microphone": "Microphone",
    "audio_file": "AudioFile",
    "brainflow_board": "BrainFlowBoard",
    "lsl_inlet": "LslInlet",
    "replay": "Replay",
    "simulated_face": "SimulatedFace",
    "simulated_voice": "SimulatedVoice",
    "simulated_eda": "SimulatedEda",
    "simulated_eeg": "SimulatedEeg",
    "simulated_truth": "SimulatedTruth",
}


def driver(module: str) -> type:
    return typing.cast(type, getattr(importlib.import_module(f"insula.sensors.{module}"), DRIVERS[module]))


@pytest.mark.parametrize("module", DRIVERS)
def test_every_option_is_a_plain_value_and_documented(module: str) -> None:
    cls = driver(module)
    hints = typing.get_type_hints(cls.__init__)
    for name, parameter in inspect.signature(cls).parameters.items():
        assert parameter.kind is parameter.KEYWORD_ONLY
        if name in ("clock", "sleep"):
            continue
        assert hints[name] in (str, int, float, bool, list[str] | None), (name, hints[name])
        written = inspect.getdoc(cls.__init__) or ""
        assert f"``{name}``" in written or f"``{name}=" in written or _in_a_range(module, name), name


def _in_a_range(module: str, name: str) -> bool:
    """BrainFlow's own parameters are documented together, and its board by name."""
    return module == "brainflow_board" and name in (
        *("board", "mac_address", "ip_address", "ip_port", "serial_number", "file", "file_aux"),
    )


@pytest.mark.parametrize("module", DRIVERS)
def test_what_a_probe_finds_can_be_configured(module: str) -> None:
    found = importlib.import_module(f"insula.sensors.{module}").probe()
    assert found
    for entry in found:
        assert isinstance(entry, Found)
        assert entry.label
        if not entry.why_not:
            check_options(driver(module), entry.options, "[sensors.test]")
            assert isinstance(driver(module)(**entry.options), Sensor)


def test_a_missing_library_is_said_with_its_remedy() -> None:
    with pytest.raises(SensorUnavailable, match=r"nonesuch cannot be loaded .*: install it"):
        library("nonesuch", "install it")
