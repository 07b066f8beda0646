"""``insula models quantize``: fp32 to one int8 file for both engines, through a gate."""

from __future__ import annotations

import fnmatch
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn

from insula.edge.engines.choice import on_cpu
from insula.edge.errors import ConfigError, DataError, ModelError
from insula.edge.registry import nearest
from insula.models.feeds import load_feeds
from insula.ui.terminal import console

LEAST_ITEMS = 20
_HELD_OUT = 0.2


def run(
    model: Path,
    calibration: Path,
    out: Path | None,
    *,
    limit: float,
    output: str,
    percentile: float | None,
    keep: Sequence[str],
) -> None:
    """Quantize, judge on items that set no range, and keep the file only if it loses at most ``limit``.

    Raises ``ModelError`` above the limit, ``DataError`` or ``ConfigError`` for what cannot be used.
    """
    try:
        from insula.models import quantize
    except ImportError as error:
        raise ConfigError(
            f"quantizing needs more packages ({error.name}): pip install 'insula[train]'"
        ) from error
    if not model.is_file():
        raise DataError(f"there is no {model}")
    target = out or model.with_name(f"{model.stem}-int8.onnx")
    engine = on_cpu(model.read_bytes())
    data = load_feeds(calibration, engine.inputs)
    if len(data.feeds) < LEAST_ITEMS:
        raise DataError(f"{calibration} holds {len(data.feeds)} items; {LEAST_ITEMS} or more are needed")
    scores = engine.run(data.feeds[0])
    output = output or next(iter(scores))
    if output not in scores:
        raise ConfigError(f"the model has no output {output!r}{nearest(output, scores)}")
    ranges, held_out = data.split(_HELD_OUT)
    names = quantize.node_names(model)
    kept = [node for pattern in keep for node in _matching(pattern, names)]
    with tempfile.TemporaryDirectory(dir=_folder(target)) as folder:
        draft = Path(folder) / target.name
        columns = (SpinnerColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=console, transient=True) as bar:
            bar.add_task(f"setting ranges from {len(ranges.feeds)} items …")
            quantize.quantize(model, draft, ranges.feeds, exclude=kept, percentile=percentile)
            bar.add_task(f"judging on {len(held_out.feeds)} others …")
            found = quantize.gate(model, draft, held_out, output)
        console.print(found.words())
        if found.loss > limit + 1e-9:  # 6 of 300 items are 0.02, not a rounding error more
            raise ModelError(
                f"int8 loses {found.loss:.4f}, more than --limit {limit:g}: nothing was written. "
                "Try --percentile 99.99, --keep NODE for sensitive layers, or more calibration data"
            )
        draft.replace(target)
    console.print(f"[green]●[/green] {target}")


def _matching(pattern: str, names: Sequence[str]) -> list[str]:
    if found := fnmatch.filter(names, pattern):
        return found
    raise ConfigError(f"the model has no node {pattern!r}{nearest(pattern, names)}")


def _folder(target: Path) -> Path:
    if not target.parent.is_dir():
        raise DataError(f"there is no folder {target.parent} for the int8 model")
    return target.parent
