"""What a session under fire left on the disk: every file must be readable, every gap in it marked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyxdf

from insula.edge import codec
from insula.edge.errors import InsulaError
from insula.edge.untrusted import parse_json
from insula.edge.xdf.repair import repair
from insula.ui.campaign.judge import Rules

READABLE: Final = "every recording opens, in pyxdf too"
LINES: Final = "every line of the estimates is whole"
GAPS: Final = "every gap in a recording is marked in it"
COUNTED: Final = "every sample is recorded or counted as lost"
SESSION: Final = "the session says what ran"


def judge(rules: Rules, folder: Path, cut_off: set[str], missing: Mapping[str, int]) -> None:
    """Read all of ``folder``; ``cut_off`` are the recordings that a full disk ended, by name."""
    for path in sorted(folder.glob("session*.xdf")):
        _recording(rules, path, whole=path.name not in cut_off)
    for path in sorted(folder.glob("estimates*.jsonl")):
        _lines(rules, path)
    about = parse_json((folder / "session.json").read_text("utf-8"))
    rules.check(SESSION, about.get("status") == "complete", str(about.get("status")))
    for name, samples in missing.items():
        rules.check(COUNTED, samples == 0, f"{name}: {samples} unaccounted for")


def _recording(rules: Rules, path: Path, *, whole: bool) -> None:
    try:
        streams, _ = pyxdf.load_xdf(path, dejitter_timestamps=False, synchronize_clocks=False, verbose=False)
        report = repair(path, path.with_suffix(".mended"))
    except Exception as error:  # whatever it is, the file is not readable
        rules.check(READABLE, False, f"{path.name}: {type(error).__name__}: {error}")
        return
    samples = sum(len(stream["time_stamps"]) for stream in streams)
    sound = samples > 0 and (not whole or report.target is None)
    rules.check(READABLE, sound, f"{path.name}: {samples} samples, {'; '.join(report.problems)}")
    if report.target is not None:
        report.target.unlink()
    for stream in streams if whole else ():
        found, marked = _gaps(stream), _number(stream, "gaps") + _number(stream, "lost_samples")
        name = stream["info"]["name"][0]
        rules.check(
            GAPS,
            found <= marked,
            f"{path.name}, {name}: {found}, marked {marked}",
        )


def _gaps(stream: Mapping[str, Any]) -> int:
    """Steps that are too long for the rate: two samples and 50 ms; a second of video, whose rate varies."""
    sfreq = float(stream["info"]["nominal_srate"][0])
    if not sfreq or len(stream["time_stamps"]) < 2:
        return 0
    longest = 1.1 if stream["info"]["type"][0] == "Video" else max(2.5 / sfreq, 0.05)
    return int(np.count_nonzero(np.diff(stream["time_stamps"]) > longest))


def _number(stream: Mapping[str, Any], key: str) -> int:
    footer = stream.get("footer") or {}
    return int(footer.get("info", {}).get(key, ["0"])[0])


def _lines(rules: Rules, path: Path) -> None:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            codec.loads(line)
        except InsulaError as error:
            rules.check(LINES, False, f"{path.name}:{number}: {error}")
        else:
            rules.check(LINES, True, "")
