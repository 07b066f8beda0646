"""``insula models bench`` and ``insula models build``: what engines cost here, and TensorRT's plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from insula.edge.engines import choice, tensorrt
from insula.edge.engines.contract import random_feed
from insula.edge.engines.trial import Feed, Trial, measure
from insula.edge.errors import ConfigError, EngineError
from insula.edge.registry import nearest
from insula.models import manifest
from insula.models.feeds import load_feeds
from insula.ui.terminal import console

_ITEMS = 64


@dataclass(frozen=True, slots=True)
class Row:
    """One network of one precision on one engine: its trial, or why there is none."""

    model: str
    precision: str
    engine: str
    trial: Trial | None
    refusal: str = ""


def bench(names: Sequence[str], engines: Sequence[str], inputs: Path | None, runs: int) -> None:
    """Measure the models on every engine that works here, and print how far their answers drift apart."""
    for engine in engines:
        if engine not in choice.names():
            raise ConfigError(f"there is no engine {engine!r}{nearest(engine, choice.names())}")
    chosen = _chosen(names)
    if inputs is not None and len(chosen) != 1:
        raise ConfigError("--inputs are those of one model: name it")
    table = _table()
    here, refused = choice.present(engines or choice.names())
    with console.status("measuring …") as status:
        for name in chosen:
            status.update(f"measuring {name} …")
            rows = list(_rows(name, here, inputs, runs))
            reference = next((r.trial for r in rows if r.trial is not None), None)
            for row in rows:
                if row.trial is None or reference is None:
                    refused[row.engine] = row.refusal
                else:
                    table.add_row(*_cells(row, row.trial, reference))
            table.add_section()
    console.print(table)
    what = "the given inputs" if inputs else "random inputs"
    console.print(
        f"batch 1, one thread, {runs} runs each. Drift: distance of the answers to {what} from fp32 on the "
        "CPU, in standard deviations of those (mean, largest).",
        style="bright_black",
    )
    for engine, why in refused.items():
        console.print(f"[bright_black]○ {engine}: {escape(why)}[/bright_black]")


def build(names: Sequence[str]) -> None:
    """Build and keep TensorRT's plans; raises ``EngineError`` where there is no TensorRT or no GPU."""
    gpu = tensorrt.open_gpu()
    console.print(f"{gpu.device.name}, TensorRT {gpu.device.tensorrt}, driver {gpu.device.driver}")
    for name in _chosen(names):
        content = manifest.load(name).weights()
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        ) as bar:
            task = bar.add_task(name)

            def tell(phase: str, done: int, of: int, bar: Progress = bar, task: object = task) -> None:
                bar.update(task, description=f"{phase}", completed=done, total=of)  # type: ignore[arg-type]

            built = tensorrt.build(content, tell, gpu=gpu)
        console.print(f"[green]●[/green] {name}: {'built' if built else 'was there'}")


def _chosen(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in manifest.names():
            raise ConfigError(f"there is no model {name!r}{nearest(name, manifest.names())}")
    return list(names) or manifest.names()


def _rows(name: str, engines: Sequence[str], inputs: Path | None, runs: int) -> Iterator[Row]:
    """The fp32 network on the CPU first: what the others are compared with."""
    content = manifest.load(name).weights()
    feeds = _feeds(content, inputs)
    int8 = b"QuantizeLinear" in content
    if int8 and (fp32 := _fp32(content)):
        yield _row(name, "fp32", "cpu", fp32, feeds, runs)
    for engine in sorted(engines, key=lambda engine: engine != "cpu"):
        yield _row(name, "int8" if int8 else "fp32", engine, content, feeds, runs)


def _row(name: str, precision: str, engine: str, content: bytes, feeds: Sequence[Feed], runs: int) -> Row:
    try:
        return Row(name, precision, engine, measure(content, engine, feeds, runs))
    except EngineError as error:
        return Row(name, precision, engine, None, str(error))


def _feeds(content: bytes, inputs: Path | None) -> list[Feed]:
    engine = choice.on_cpu(content)
    if inputs is not None:
        return list(load_feeds(inputs, engine.inputs).feeds)
    rng = np.random.default_rng(0)
    return [random_feed(engine, rng) for _ in range(_ITEMS)]


def _fp32(content: bytes) -> bytes | None:
    """The network without its int8 pairs; ``None`` without the onnx package."""
    try:
        import onnx

        from insula.models.qdq import without_pairs
    except ImportError:
        return None
    model = onnx.load_model_from_string(content)
    without_pairs(model)
    return bytes(model.SerializeToString())


def _table() -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bright_black")
    for head in ("model", "", "engine"):
        table.add_column(head, no_wrap=True)
    for head in ("load s", "p50 ms", "p99 ms", "CPU ms", "MB", "drift"):
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(row: Row, trial: Trial, reference: Trial) -> list[str]:
    memory = "–" if trial.memory_mb is None else f"{trial.memory_mb:.0f}"
    times = [f"{trial.load_s:.2f}", f"{trial.p50_ms:.3f}", f"{trial.p99_ms:.3f}", f"{trial.cpu_ms:.3f}"]
    return [row.model, row.precision, row.engine, *times, memory, _drift(trial.answers, reference.answers)]


def _drift(answers: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]) -> str:
    off = np.abs(answers - reference) / max(float(reference.std()), 1e-12)
    return f"{off.mean():.3f} {off.max():.2f}" if answers is not reference else "–"
