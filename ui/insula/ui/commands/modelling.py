"""Models on the command line: list, verify, pull, evaluate, train."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from insula.edge.engines.choice import on_cpu
from insula.edge.errors import ConfigError, DataError, ModelError
from insula.edge.registry import nearest
from insula.models import manifest
from insula.ui.terminal import console

_SHOWN = 6
MODALITIES = ("face", "speech", "eda", "eeg")
_RECIPES = {"face-va": "face.va_train", "face-dynamics": "face.dynamics_train"}
TRAINED = (*MODALITIES, "fusion", *_RECIPES)
_ONE_PACK = ("face-va",)
"""What is trained on one pack, not on a folder of them."""

_BY_DATASET = {"eeg": "rb_train", "eda": "pinn_train"}


def list_models() -> None:
    """Print name, use, licence, scores and floors of every shipped model."""
    for name in manifest.names():
        model = manifest.load(name)
        card = model.card
        console.print(f"[bold]{model.id}[/bold]  {card.what}")
        table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
        table.add_column(style="bright_black")
        table.add_column(overflow="fold")
        table.add_row("licence", card.licence)
        table.add_row("data", card.data)
        table.add_row("split", card.split)
        table.add_row("label", card.target)
        scores = [f"{key} {value:.3f}" for key, value in card.metrics.items()]
        more = f"  … {len(scores) - _SHOWN} more in its card" if len(scores) > _SHOWN else ""
        table.add_row("scores", "  ".join(scores[:_SHOWN]) + more)
        table.add_row("floors", "  ".join(f"{key} {value:.3f}" for key, value in card.floors.items()))
        table.add_row("not for", "; ".join(card.not_for))
        console.print(table)


def verify() -> bool:
    """Check hash and run each model once; returns whether all are well."""
    well = True
    for name in manifest.names():
        try:
            model = manifest.load(name)
            on_cpu(model.weights()).close()
            console.print(f"[green]●[/green] {model.id}")
        except ModelError as error:
            well = False
            console.print(f"[red]✕[/red] {name}: {error}")
    return well


def pull() -> None:
    """Fetch the FaceLandmarker bundle with a progress bar."""
    from insula.models.face import bundle

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("FaceLandmarker", total=bundle.SIZE)
        path = bundle.pull(lambda done: bar.update(task, completed=done))
    console.print(f"[green]●[/green] {path}")


def evaluate(modality: str, data: Path, predictions: Path, model: str = "") -> None:
    """Write one row per item to ``predictions`` and print the report card."""
    module = _module(modality, "evaluate")
    if not data.exists():
        raise DataError(f"there is no {data}")
    if not predictions.parent.is_dir():
        raise DataError(f"there is no folder {predictions.parent} for the predictions")
    if modality == "face":
        module = _face_module(data, module, model)
    elif model and modality != "speech":
        raise ConfigError(f"{modality} has one set of weights: --model is for speech, or a head for face")
    card = module.evaluate(data, predictions, model) if model else module.evaluate(data, predictions)
    console.print(card.render())
    console.print(f"predictions: {predictions}", style="cyan")


def _face_module(data: Path, module: ModuleType, head: str) -> ModuleType:
    """Faces with ratings of valence and arousal are judged on these, others on their expression votes."""
    from insula.models.face import va_evaluate, va_pack

    if va_pack.is_rated(data):
        return va_evaluate
    if head:
        raise ConfigError(
            f"{data} has no valence and arousal: a head of your own is evaluated on rated faces"
        )
    return module


def train(modality: str, data: Path, out: Path, seed: int, dataset: str = "") -> None:
    """Run the recipe of one modality, or that of one named data set (EEG emotion, multi-task EDA)."""
    if modality in _ONE_PACK and not data.is_file():
        raise DataError(f"--data {data} is no file; {modality} is trained on one pack (docs/data.md)")
    if modality not in _ONE_PACK and not data.is_dir():
        raise DataError(f"--data {data} is not a folder with training data")
    if dataset and modality not in _BY_DATASET:
        raise ConfigError(f"--dataset names a set for {' or '.join(_BY_DATASET)}, not for {modality}")
    try:
        module = _module(modality, _BY_DATASET[modality] if dataset else "train")
    except ImportError as error:
        raise ConfigError(
            f"training needs more packages ({error.name}): pip install 'insula[train]'"
        ) from error
    out.mkdir(parents=True, exist_ok=True)
    if dataset:
        module.train_dataset(dataset, data, out, seed=seed)
    else:
        module.train(data, out, seed)
    console.print(f"weights and manifests: {out}", style="cyan")


def _module(modality: str, what: str) -> ModuleType:
    known = TRAINED if what == "train" else MODALITIES
    if modality not in known:
        raise ConfigError(f"unknown modality {modality!r}{nearest(modality, known)}")
    return importlib.import_module(f"insula.models.{_RECIPES.get(modality, f'{modality}.{what}')}")
