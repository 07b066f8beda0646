"""Coverage-guided fuzzing of one target with atheris (libFuzzer); needs ``pip install atheris``.

::

    python tests/fuzz/run.py xdf-repair --minutes 10
    python tests/fuzz/run.py --list

Starts from the seeds and ``corpus/TARGET``. An input that ends in anything but ``InsulaError``, takes
longer than ``--slow`` seconds or more than 3 GB is kept in ``--findings``, one for each place in the code;
a crash of the process or a hang of a minute ends the run with libFuzzer's own report. At the end it prints
the executions and the findings; exit code 1 when there are any.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(
    include=["insula", "pyxdf", "tomllib", "targets", "json", "csv", "xml", "websockets"]
):
    import pyxdf  # noqa: F401 (its reader loads it when it is used, too late to be watched)
    from targets import CORPUS, TARGETS

from insula.edge.errors import InsulaError

_ADDRESSES = 16 * 2**30
_MOST, _LARGEST = 60, 4096  # inputs and bytes of one, in a kept corpus


class Watch:
    """Runs a target, keeps an input of each kind that must not be, and counts."""

    def __init__(self, name: str, seconds: float, findings: Path, corpus: Path, slow_s: float) -> None:
        self._name = name
        self._seconds = seconds
        self._corpus = corpus
        self._target = TARGETS[name].run
        self._findings = findings
        self._slow_s = slow_s
        self._began = time.monotonic()
        self.runs = self.refused = 0
        self.found: dict[str, str] = {}

    def __call__(self, data: bytes) -> None:
        self.runs += 1
        began = time.process_time()
        try:
            self._target(data)
        except InsulaError:
            self.refused += 1
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            self._keep(data, f"{type(error).__name__} at {place}", str(error))
        if (took := time.process_time() - began) > self._slow_s:
            self._keep(data, "slow", f"{took:.1f} s")
        if time.monotonic() - self._began > self._seconds:
            self._account()
            os._exit(1 if self.found else 0)  # libFuzzer's own end returns to nobody

    def _keep(self, data: bytes, kind: str, told: str) -> None:
        if kind in self.found:
            return
        self._findings.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(data).hexdigest()[:12]
        (self._findings / name).write_bytes(data)
        self.found[kind] = told
        print(f"FINDING {kind}: {told[:200]!r} → {self._findings / name}", flush=True)

    def _account(self) -> None:
        seconds = time.monotonic() - self._began
        kept = len(list(self._corpus.iterdir()))
        print(
            f"{self._name}: {self.runs} executions in {seconds:.0f} s ({self.runs / seconds:.0f}/s), "
            f"{self.refused} refused in words, {kept} inputs in the corpus, {len(self.found)} findings",
            flush=True,
        )


def keep(name: str, corpus: Path) -> None:
    """Put the smallest inputs of a working corpus into the kept one; no more than fits a repository."""
    found = sorted((path.read_bytes() for path in corpus.iterdir()), key=len)
    with zipfile.ZipFile(CORPUS / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as pack:
        for data in [data for data in found if 0 < len(data) <= _LARGEST][:_MOST]:
            pack.writestr(zipfile.ZipInfo(hashlib.sha256(data).hexdigest()[:12]), data)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("target", nargs="?", choices=sorted(TARGETS))
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    arguments.add_argument("--corpus", type=Path, help="a working corpus that is kept; default: thrown away")
    arguments.add_argument("--slow", type=float, default=5.0, help="seconds of CPU one input may take")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--keep", action="store_true", help="only put --corpus into the kept corpus")
    asked = arguments.parse_args()
    if asked.keep:
        keep(asked.target, asked.corpus)
        return
    if asked.list or asked.target is None:
        print("\n".join(TARGETS))
        return
    corpus = asked.corpus or Path(tempfile.mkdtemp(prefix="insula-corpus-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for data in TARGETS[asked.target].inputs(asked.target):
        (corpus / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
    watch = Watch(asked.target, asked.minutes * 60, asked.findings / asked.target, corpus, asked.slow)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, resource.RLIM_INFINITY))
    options = [
        str(corpus),
        "-max_len=16384",
        "-timeout=60",
        "-rss_limit_mb=3000",
        "-print_final_stats=0",
        "-verbosity=0",
        f"-artifact_prefix={asked.findings}/{asked.target}-",
    ]
    asked.findings.mkdir(parents=True, exist_ok=True)
    atheris.Setup([sys.argv[0], *options], watch)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
