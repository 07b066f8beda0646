"""What a running loop loads: nothing that is only for training or for the window."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
class TrainingOnly:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "onnx", "sklearn", "sympy"):
            raise ImportError(name + " is for training only")
sys.meta_path.insert(0, TrainingOnly())
from insula.edge import SensingLoop, registry
for group in ("sensors", "estimators", "engines", "sinks", "fusion"):
    for name in registry.names(group):
        registry.factory(group, name)
import insula.models.face.evaluate, insula.models.speech.evaluate
import insula.models.eda.evaluate, insula.models.eeg.evaluate
import insula.ui.commands.session
heavy = [m for m in ("PySide6", "pyqtgraph", "matplotlib", "mediapipe") if m in sys.modules]
assert not heavy, heavy
"""


def test_the_loop_needs_nothing_of_training_or_window() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_one_type_does_not_load_the_runtime() -> None:
    program = "import sys, insula.edge.types; assert 'insula.edge.loop' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
