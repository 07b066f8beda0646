"""Another process reads the streams of a running session, read-only and without costing it anything.

Start a session (``insula demo``), then run this beside it, or give it the folder of an embedded loop's rings.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from insula.edge import clock, runtime_dir
from insula.edge.errors import RingError
from insula.edge.stream import StreamReader


def attach(folder: Path) -> list[StreamReader]:
    """A reader on every stream; what is no stream (the dashboard's feed) is left aside."""
    found = []
    for path in sorted(folder.glob("*.ring")):
        try:
            found.append(StreamReader.attach(path))
        except RingError:
            continue
    return found


def look(reader: StreamReader) -> str:
    """One line: what came since the last look, and how old it is."""
    info = reader.info
    chunks = reader.read_new(data=not info.is_video)
    n = sum(map(len, chunks))
    kind = "simulated " * info.simulated + info.type
    if not chunks:
        return f"{info.name:12} {kind:20} nothing new"
    age_ms = (clock.now() - chunks[-1].times[-1]) * 1000
    unit = "frames " if info.is_video else "samples"
    return f"{info.name:12} {kind:20} {n:6} {unit} newest {age_ms:5.0f} ms old, {reader.overruns} missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="default: the session that runs")
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    folder = asked.folder or next(iter(runtime_dir.running()), None)
    readers = attach(folder) if folder else []
    if not readers:
        sys.exit("no session is running; start one with: insula demo")
    end = time.monotonic() + asked.seconds
    while time.monotonic() < end and not all(reader.ended for reader in readers):
        time.sleep(1.0)
        print("\n".join(map(look, readers)), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
