"""EDA: speed of the observer chain, and its agreement with NeuroKit2, BioSPPy and cvxEDA on recordings.

Run: ``python benchmarks/eda.py --data DIR`` with the folder that holds ``samples/`` and ``eda/``. The
references are optional and never part of Insula's environment (cvxEDA is GPL-3; BioSPPy brings a second
OpenCV): make one for them and point it at the sources::

    python -m venv ref && ref/bin/pip install neurokit2 biosppy peakutils cvxopt h5py
    PYTHONPATH=edge:models ref/bin/python benchmarks/eda.py --data DIR

Peaks agree when they lie within 0.5 s. NeuroKit2 and BioSPPy drop responses below a tenth of the largest;
"ours, same threshold" drops those below the smallest amplitude the reference reports.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.models.eda.follower import Follower
from insula.models.eda.observer import Observer
from insula.models.eda.scr import ScrDetector

Array = npt.NDArray[np.float64]
MATCH_S = 0.5


def recordings(data: Path) -> dict[str, tuple[Array, float]]:
    """Name → (µS or scaled counts, Hz)."""
    out: dict[str, tuple[Array, float]] = {}
    table = np.genfromtxt(data / "samples/eda/neurokit1_bio_100Hz.csv", delimiter=",", names=True)
    out["neurokit1_bio, 100 Hz"] = (table["EDA"], 100.0)
    counts = np.loadtxt(data / "samples/eda/eda.txt", comments="#")
    out["BioSPPy eda.txt, 1000 Hz"] = (counts / 4096 * 25, 1000.0)  # counts: the scale is a convention
    e4 = np.loadtxt(data / "samples/e4/msr2023/EDA.csv", delimiter=",")
    out["E4 msr2023, 4 Hz"] = (e4[2:], 4.0)
    with np.load(data / "eda/eda_stress_predict.npz") as pack:
        for person in ("S02", "S12", "S27"):
            out[f"Stress-Predict {person}, 4 Hz"] = (pack[f"{person}_eda_uS_4hz"].astype(np.float64), 4.0)
    return out


def best_ms(run: Callable[[], object], repeats: int = 7) -> float:
    """Shortest of some wall times, ms: the one least disturbed by others on the machine."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def matched(a: Array, b: Array) -> float:
    """Share of the times ``a`` with one of ``b`` within ``MATCH_S``."""
    if not len(a) or not len(b):
        return float("nan")
    return float(np.mean([np.abs(b - t).min() <= MATCH_S for t in a]))


def speed(hour: Array) -> None:
    def stream(chunk: int) -> None:
        follower = Follower(4)
        for start in range(0, len(hour), chunk):
            follower(hour[start : start + chunk])

    whole = best_ms(lambda: Follower(4)(hour))
    print(f"one hour at 4 Hz, {len(hour)} samples: {whole:.1f} ms at once; ", end="")
    second, minute = best_ms(lambda: stream(4), 2), best_ms(lambda: stream(240), 2)
    print(f"{second:.0f} ms in chunks of 1 s, {minute:.0f} ms of 60 s")
    try:
        import neurokit2 as nk
    except ImportError:
        print("NeuroKit2 is not installed: no comparison")
        return
    theirs = best_ms(lambda: nk.eda_process(hour, sampling_rate=4))
    print(f"NeuroKit2 {nk.__version__} eda_process: {theirs:.0f} ms = {theirs / whole:.0f} × ours at once")


@dataclass(frozen=True, slots=True)
class Ours:
    """What the observer chain found in one recording."""

    name: str
    peak_s: Array
    amplitude: Array
    tonic: Array
    phasic: Array

    def line(self, reference: str, its_peak: Array, smallest: float, its_tonic: Array | None) -> str:
        """One row of the table; ``smallest`` is the least amplitude the reference reports."""
        mine = self.peak_s[self.amplitude >= smallest]
        near = np.array([self.peak_s[np.abs(self.peak_s - t).argmin()] - t for t in its_peak])
        near = near[np.abs(near) <= MATCH_S]
        r = "–" if its_tonic is None else f"{np.corrcoef(self.tonic, its_tonic)[0, 1]:.3f}"
        dt = f"{np.median(near):+.2f}" if len(near) else "–"
        return (
            f"{self.name} | {reference} | {len(its_peak)} | {matched(its_peak, self.peak_s):.2f} "
            f"| {len(mine)} | {matched(mine, its_peak):.2f} | {dt} | {r}"
        )


def follow(name: str, y: Array, sfreq: float) -> Ours:
    found = ScrDetector(sfreq)(y, np.zeros(len(y), np.bool_))
    parts = Observer(sfreq)(y)
    peak, amplitude = (np.array([getattr(r, k) for r in found]) for k in ("peak_s", "amplitude_us"))
    return Ours(name, peak, amplitude, parts.tonic, parts.phasic)


def agreement(data: Path) -> None:
    try:
        import neurokit2 as nk
        from biosppy.signals import eda as biosppy_eda
    except ImportError as error:
        print(f"{error}: no agreement tables")
        return
    columns = "its SCR | found by ours | ours, same threshold | found by it | median dt s | tonic r"
    print(f"recording | reference | {columns}")
    for name, (y, sfreq) in recordings(data).items():
        ours = follow(name, y, sfreq)
        table, info = nk.eda_process(y, sampling_rate=sfreq)
        its = np.asarray(info["SCR_Peaks"], np.float64) / sfreq
        smallest = float(np.nanmin(info["SCR_Amplitude"]))
        print(ours.line("NeuroKit2", its, smallest, table["EDA_Tonic"].to_numpy()))
        fast = y if sfreq > 10 else np.interp(np.arange(len(y) * 25) / 25, np.arange(len(y)), y)
        rate = sfreq if sfreq > 10 else sfreq * 25  # BioSPPy filters at 5 Hz and refuses 4 Hz
        found = biosppy_eda.eda(fast, sampling_rate=rate, show=False, min_amplitude=0.1)
        print(ours.line("BioSPPy", found["peaks"] / rate, float(np.min(found["amplitudes"])), None))
        every, first = max(1, int(sfreq / 4)), 4 * 600
        convex = nk.eda_phasic(y[::every][:first], sampling_rate=min(sfreq, 4.0), method="cvxeda")
        r = np.corrcoef(ours.tonic[::every][:first], convex["EDA_Tonic"])[0, 1]
        p = np.corrcoef(ours.phasic[::every][:first], convex["EDA_Phasic"])[0, 1]
        print(f"{name} | cvxEDA, first 10 min at 4 Hz | – | – | – | – | – | {r:.3f} (phasic r {p:.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with samples/ and eda/")
    data: Path = parser.parse_args().data
    warnings.simplefilter("ignore")
    with np.load(data / "eda/eda_stress_predict.npz") as pack:
        speed(pack["S02_eda_uS_4hz"].astype(np.float64))
    agreement(data)


if __name__ == "__main__":
    main()
