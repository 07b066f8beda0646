"""The figures of docs/validity-fusion.md: damage curves on real people, and risk against coverage.

python benchmarks/fusion_real.py --data DIR --set workload --out workload.npz
python benchmarks/fusion_real.py --data DIR --set stress --out stress.npz
python benchmarks/fusion_figures.py --data DIR --out docs/images workload.npz stress.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from insula.models.fusion import fit, shipped
from insula.models.fusion.shown import faces, pairs, voices
from insula.models.fusion.train import risk_coverage

COLOURS = {"rules": "#0b7285", "learned": "#c2255c", "naive": "#868e96"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("curves", type=Path, nargs="*")
    options = parser.parse_args()
    mpl.use("Agg")
    plt.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    for file in options.curves:
        curves(file, options.out / f"fusion-{file.stem}.png")
    risk(options.data, options.out / "fusion-risk.png")


def curves(file: Path, out: Path) -> None:
    """One panel a mode: CCC over the rate of damage, mean of people with its standard error."""
    with np.load(file) as found:
        rates, modes, ways = found["rates"], found["modes"], found["ways"]
        scores = found["scores"]
    figure, axes = plt.subplots(2, 4, figsize=(10, 4.6), sharex=True, sharey=True, layout="constrained")
    axes.flat[-1].set_axis_off()
    for axis, mode, part in zip(axes.flat, modes, scores, strict=False):
        for way, values in zip(ways, part, strict=True):
            mean = np.nanmean(values, axis=1)
            error = np.nanstd(values, axis=1, ddof=1) / np.sqrt(values.shape[1])
            axis.plot(rates, mean, color=COLOURS[way], label=way)
            axis.fill_between(rates, mean - error, mean + error, color=COLOURS[way], alpha=0.15, lw=0)
        axis.set_title(mode.replace("_", " "))
        axis.set_ylim(-0.05, 1)
    axes[0, 0].legend(frameon=False)
    figure.supxlabel("share of the input that is damaged")
    figure.supylabel("CCC with the condition")
    figure.savefig(out, dpi=110)


def risk(data: Path, out: Path) -> None:
    """Error among the answered over the share answered, the least sure left out first."""
    speech = data / "speech"
    face = faces(data / "face" / "fer_valid.npz")
    voice = voices(speech / name for name in ("speech_ravdess_nc.zip", "speech_nemo_nc.zip"))
    face, voice = face.take(~face.tuned), voice.take(~voice.tuned)
    left, right = pairs(face, voice, 1)
    label, parameters = face.label[left], shipped()
    trust = (parameters.sources["face"].reliability, parameters.sources["voice"].reliability)
    both = fit.pooled(face.log_p[left], voice.log_p[right], trust, parameters.pool_gain)
    figure, axis = plt.subplots(figsize=(5, 3.4), layout="constrained")
    sources = {"face": face.log_p[left], "voice": voice.log_p[right], "face and voice": both}
    for (name, logs), colour in zip(sources.items(), ("#0b7285", "#e67700", "#c2255c"), strict=True):
        share, error = risk_coverage(logs, label)
        axis.plot(share, error, color=colour, label=name)
        print(f"{name}: error {error[-1]:.3f} of all, {error[len(error) // 2]:.3f} of the surer half")
    axis.set(xlabel="share answered", ylabel="error among these", xlim=(0, 1), ylim=(0, 0.7))
    axis.legend(frameon=False)
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main()
