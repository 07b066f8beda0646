"""The sensing loop inside another program: ten lines, no window, no files.

Run it as it is for the simulated person, or with the path of a configuration file for real sensors.
"""

from __future__ import annotations

import sys
from pathlib import Path

from insula.edge import SensingLoop, config

SIMULATED = {"sensors": {"face": {"driver": "simulated_face"}, "eda": {"driver": "simulated_eda"}}}


def main() -> None:
    chosen = config.load(Path(sys.argv[1])) if len(sys.argv) > 1 else config.parse(SIMULATED)
    with SensingLoop(chosen) as loop:
        for number, state in enumerate(loop.states()):
            if state.valence is None:
                print(f"not measured: {state.reason}")
            else:
                print(f"valence {state.valence.mean:+.2f} ± {state.valence.sd:.2f}")
            if number == 60:
                break


if __name__ == "__main__":
    main()
