from __future__ import annotations

import pytest

from insula.edge import lsl_network
from insula.ui.commands import doctor
from insula.ui.terminal import console


def test_doctor_checks_everything_and_this_machine_is_well() -> None:
    with console.capture() as shown:
        well = doctor.show()
    text = shown.get()
    for what in (
        "Python",
        "clock",
        "ring between",
        "shared memory",
        "onnxruntime",
        "CPUExecutionProvider runs the models",
        "engine auto",
        "model",
        "LSL",
        "dashboard",
    ):
        assert what in text
    assert well, text


def test_lsl_stays_on_this_machine_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lsl_network.VARIABLE, raising=False)
    assert not lsl_network.is_local()
    lsl_network.keep_local()
    assert lsl_network.is_local()
    monkeypatch.setenv(lsl_network.VARIABLE, "/my/own.cfg")
    lsl_network.keep_local()
    assert not lsl_network.is_local()


def test_a_missing_library_is_named_with_its_remedy() -> None:
    def fail() -> object:
        raise ImportError("libGL.so.1: cannot open shared object file")

    light, what, found = doctor._try("cv2", fail, "video: apt install libgl1")
    assert (light, what) == ("fix", "cv2")
    assert "libGL.so.1" in found
    assert "apt install libgl1" in found
